package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testFunc is a test or benchmark of one package, with every text that may be the name of a
// subtest.
type testFunc struct {
	folder string
	texts  map[string]bool // in the spelling of `go test`, with underscores for spaces
}

// namedTest matches the name of a test in failures.md. The name has a package where two tests share
// it, and may have a subtest.
var namedTest = regexp.MustCompile("`(?:([a-z/]+): )?((?:Test|Benchmark)[A-Za-z0-9_]+)(/[^`]+)?`")

// A failure's proof must be a test that can be run.
func TestEveryTestThatFailuresNamesExists(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("failures.md")
	require.NoError(t, err)
	funcs := testFuncs(t)
	names := namedTest.FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, names)
	for _, match := range names {
		folder, name, subtest := match[1], match[2], strings.TrimPrefix(match[3], "/")
		found := slices.DeleteFunc(slices.Clone(funcs[name]), func(f testFunc) bool { return !inFolder(f.folder, folder) })
		require.NotEmpty(t, found, "%s is no test", match[0])
		require.Len(t, found, 1, "%s is a test of several packages: name one", match[0])
		if subtest != "" {
			require.True(t, found[0].texts[subtest], "%s: %s has no such subtest", match[0], found[0].folder)
		}
	}
}

// Each row of the table occurs once and names the proof that its failure is handled.
func TestEveryFailureHasATest(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("failures.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for n, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| What goes wrong |") ||
			strings.HasPrefix(line, "| --- |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		require.Len(t, cells, 3, "failures.md:%d", n+1)
		require.NotContains(t, seen, cells[0], "failures.md:%d is there twice", n+1)
		seen[cells[0]] = true
		require.True(t, namedTest.MatchString(cells[2]) || strings.HasPrefix(cells[2], "no test: "),
			"failures.md:%d names no test and does not say \"no test: \" and why", n+1)
	}
}

// inFolder reports whether prefix names a folder: in full, or by its first or its last element. The
// empty prefix names every folder.
func inFolder(folder, prefix string) bool {
	path := filepath.ToSlash(folder)
	parts := strings.Split(path, "/")
	return prefix == "" || path == prefix || parts[0] == prefix || parts[len(parts)-1] == prefix
}

// testFuncs returns every test and benchmark of the repository by name.
func testFuncs(t *testing.T) map[string][]testFunc {
	t.Helper()
	funcs, texts := map[string][]testFunc{}, map[string]map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", ".pirogue", "bin"}, entry.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel("..", filepath.Dir(path))
		if err != nil {
			return err
		}
		if texts[folder] == nil {
			texts[folder] = map[string]bool{}
		}
		maps.Copy(texts[folder], literals(file))
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if isFunc && f.Recv == nil {
				funcs[f.Name.Name] = append(funcs[f.Name.Name], testFunc{folder, texts[folder]})
			}
		}
		return nil
	})
	require.NoError(t, err)
	return funcs
}

// literals returns the texts in a file in the spelling of `go test` for subtests.
func literals(file *ast.File) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, isLit := n.(*ast.BasicLit); isLit && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				found[strings.ReplaceAll(text, " ", "_")] = true
			}
		}
		return true
	})
	return found
}
