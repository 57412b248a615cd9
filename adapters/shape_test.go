package adapters_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callFiles maps the files of an operator's calls to the method that comes first in each.
var callFiles = map[string]string{
	"collect.go": "Collect", "disburse.go": "Disburse", "refund.go": "Refund", "status.go": "Status",
	"callback.go": "Callback", "balance.go": "Balance", "statement.go": "Statement",
}

// extraFiles lists the files about subjects that only one operator has.
var extraFiles = map[string][]string{
	"digitalpaye": {"customers.go", "reply.go", "transaction.go", "wire_pages.go", "wire_seed.go"},
	"novasend":    {"record.go"},
	"sonatel": {
		"bulk.go", "key.go", "pin.go", "pin_change.go", "registration.go", "test_numbers.go", "transaction.go",
	},
}

// notOperators lists the folders that hold no operator.
var notOperators = []string{"adaptertest", "client"}

func TestAdaptersHaveOneShape(t *testing.T) {
	t.Parallel()
	for _, folder := range operatorFolders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			files := goFiles(t, folder)
			require.Subset(t, files, []string{folder + ".go", "spec.go", "wire.go"})
			require.Equal(t, []string{"adapter", "New"}, declarations(t, filepath.Join(folder, folder+".go"))[:2])
			require.Equal(t, "spec", variables(t, filepath.Join(folder, "spec.go"))[0])
			for _, file := range files {
				method, isCall := callFiles[file]
				known := isCall || slices.Contains([]string{folder + ".go", "spec.go", "wire.go"}, file) ||
					slices.Contains(extraFiles[folder], file)
				require.True(t, known, "%s is no file of an adapter", file)
				if isCall {
					require.Equal(t, method, firstFunction(t, filepath.Join(folder, file)), file)
				}
			}
		})
	}
}

// maxExampleLines limits the code of the example operator. Blank lines, comments and imports do not
// count.
const maxExampleLines = 250

func TestExampleIsShort(t *testing.T) {
	t.Parallel()
	lines := 0
	for _, folder := range []string{"example", "../sandbox/example"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			lines += codeLines(t, file)
		}
	}
	require.LessOrEqual(t, lines, maxExampleLines)
}

func TestExampleIsNotOffered(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), "adapters.go", nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, imported := range parsed.Imports {
		require.NotContains(t, imported.Path.Value, "example")
	}
}

// operatorFolders returns the folders that hold an operator.
func operatorFolders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains(notOperators, entry.Name()) {
			folders = append(folders, entry.Name())
		}
	}
	return folders
}

// goFiles returns the Go files of a folder that are not tests.
func goFiles(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var files []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files = append(files, name)
		}
	}
	return files
}

// parse returns the declarations of a file besides its imports.
func parse(t *testing.T, file string) []ast.Decl {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return slices.DeleteFunc(parsed.Decls, func(d ast.Decl) bool {
		general, ok := d.(*ast.GenDecl)
		return ok && general.Tok == token.IMPORT
	})
}

// declarations returns the names of a file's types that are structs of ours, and of its functions.
// It leaves out a second type of adapter.
func declarations(t *testing.T, file string) []string {
	t.Helper()
	var names []string
	for _, d := range parse(t, file) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			if spec, ok := d.Specs[0].(*ast.TypeSpec); ok && !strings.HasPrefix(spec.Name.Name, "adapterWith") {
				names = append(names, spec.Name.Name)
			}
		}
	}
	return names
}

// variables returns the names of a file's variables.
func variables(t *testing.T, file string) []string {
	t.Helper()
	var names []string
	for _, d := range parse(t, file) {
		if general, ok := d.(*ast.GenDecl); ok && general.Tok == token.VAR {
			for _, spec := range general.Specs {
				if values, ok := spec.(*ast.ValueSpec); ok {
					names = append(names, values.Names[0].Name)
				}
			}
		}
	}
	return names
}

// firstFunction returns the name of a file's first function.
func firstFunction(t *testing.T, file string) string {
	t.Helper()
	for _, d := range parse(t, file) {
		if function, ok := d.(*ast.FuncDecl); ok {
			return function.Name.Name
		}
	}
	return ""
}

// codeLines counts the lines of a file besides blank lines, comments and imports.
func codeLines(t *testing.T, file string) int {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	lines, importing := 0, false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "import (":
			importing = true
		case importing:
			importing = line != ")"
		case line != "" && !strings.HasPrefix(line, "//"):
			lines++
		}
	}
	return lines
}
