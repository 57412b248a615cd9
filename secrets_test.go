package pirogue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A comparison that stops at the first difference lets a forger learn a signature byte by byte, by
// its duration.
func TestSignaturesAreComparedInConstantTime(t *testing.T) {
	t.Parallel()

	for file, imports := range sources(t) {
		if !slices.Contains(imports, "crypto/hmac") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			require.False(t, hasty(n), "%s compares a signature with == or bytes.Equal; use hmac.Equal", file)
			return true
		})
	}
}

// hasty reports whether a node compares a MAC, or a value called a signature, by other means than
// hmac.Equal.
func hasty(n ast.Node) bool {
	var compared []ast.Expr
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			compared = []ast.Expr{n.X, n.Y}
		}
	case *ast.CallExpr:
		if types.ExprString(n.Fun) == "bytes.Equal" {
			compared = n.Args
		}
	}
	return slices.ContainsFunc(compared, func(e ast.Expr) bool {
		text := strings.ToLower(types.ExprString(e))
		return strings.Contains(text, ".sum(") || strings.HasPrefix(text, "signature")
	})
}
