package failpoint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/failpoint"
	"pirogue/piroguetest"
)

func TestEveryPointIsPassedInOnePlace(t *testing.T) {
	t.Parallel()

	places := hits(t)
	for _, p := range failpoint.Points {
		require.Len(t, places[p.Name], 1, "failpoint.Hit(%q)", p.Name)
		require.NotEmpty(t, p.Scenarios, p.Name)
		require.NotEmpty(t, p.State, p.Name)
		delete(places, p.Name)
	}
	require.Empty(t, places, "Hit names points that are in no row")
}

func TestAPointThatIsNotArmedLetsPass(t *testing.T) {
	t.Parallel()

	for _, p := range failpoint.Points {
		failpoint.Hit(p.Name)
	}
}

// hits returns the places of each failpoint in the source, by name.
func hits(t *testing.T) map[string][]string {
	t.Helper()
	places := map[string][]string{}
	files := token.NewFileSet()
	root := piroguetest.Root(t)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "failpoint") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := hit(t, n); ok {
				places[name] = append(places[name], files.Position(n.Pos()).String())
			}
			return true
		})
		return nil
	}))
	return places
}

// hit returns the name in a call of failpoint.Hit. The name must be a literal, because the
// sweep reads names from the source.
func hit(t *testing.T, n ast.Node) (string, bool) {
	t.Helper()
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Hit" {
		return "", false
	}
	if owner, ok := f.X.(*ast.Ident); !ok || owner.Name != "failpoint" {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	require.True(t, ok, "failpoint.Hit takes a literal")
	name, err := strconv.Unquote(literal.Value)
	require.NoError(t, err)
	return name, true
}
