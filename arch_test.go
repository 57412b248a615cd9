package pirogue_test

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "pirogue"

var update = flag.Bool("update", false, "write .golangci.yml's rules of imports instead of comparing them")

// layers is the import rule: for each folder, the packages it may import besides the standard
// library. "." is the domain. Imports go towards the domain only, and folders of one level meet in
// cmd/pirogue only. Tests are exempt.
var layers = map[string][]string{
	// What a payment is, and the words that its neighbours share.
	".":         {},
	"operator":  {"."},
	"access":    {"."},
	"support":   {".", "operator"},
	"bulk":      {".", "operator"},
	"lifecycle": {".", "operator", "support"},
	"routing":   {".", "operator", "lifecycle"},
	"webhook":   {".", "bulk", "code.dny.dev/ssrf"},
	"listing":   {".", "webhook"},
	"ledger":    {".", "bulk", "support"},

	// Tools without a rule of payments.
	"ids":       {".", "github.com/google/uuid"},
	"failpoint": {},
	"vault":     {"."},
	"codec":     {"vault", "go.temporal.io", "google.golang.org/protobuf"},
	"config":    {".", "operator", "routing", "github.com/caarlos0/env/v11", "go.temporal.io/sdk"},

	"activities": {
		".", "access", "bulk", "lifecycle", "operator", "routing", "support", "webhook", "ledger", "ids", "failpoint",
		"go.temporal.io",
	},
	"workflows": {
		".", "access", "bulk", "lifecycle", "operator", "support", "activities", "go.temporal.io",
	},
	"worker": {".", "operator", "activities", "workflows", "go.temporal.io", "go.uber.org/zap"},
	"store": {
		".", "access", "bulk", "lifecycle", "listing", "operator", "support", "webhook", "ledger", "ids", "vault",
		"failpoint", "gorm.io", "modernc.org", "github.com/pressly/goose/v3", "github.com/jackc/pgx/v5",
		"github.com/sethvargo/go-retry",
	},
	"api": {
		".", "access", "bulk", "lifecycle", "listing", "operator", "routing", "support", "webhook", "api/httpkit", "ids",
		"failpoint", "github.com/gin-gonic/gin", "go.uber.org/zap", "golang.org/x",
		"github.com/nyaruka/phonenumbers", "github.com/prometheus/client_golang",
	},
	"api/admin": {
		".", "access", "bulk", "lifecycle", "listing", "operator", "support", "webhook", "api/httpkit", "ids",
		"github.com/gin-gonic/gin", "go.uber.org/zap",
	},
	"api/httpkit":     {".", "ids", "operator", "support", "github.com/gin-gonic/gin", "go.uber.org/zap"},
	"adapters":        {".", "operator", "config", "adapters/*"},
	"adapters/*":      {".", "operator", "config", "adapters/client"},
	"sandbox":         {"sandbox/*"},
	"sandbox/*":       {"sandbox/engine"},
	"sandbox/sonatel": {"sandbox/engine", "github.com/piglig/go-qr"}, // the QR codes of its answers
	"cmd/*":           {"*"},

	// The contracts and simulator checks that tests share.
	"adapters/client":           {".", "operator", "config", "golang.org/x/sync"},
	"adapters/adaptertest":      {"*"},
	"api/apitest":               {"*"},
	"activities/activitiestest": {"*"},
	"sandbox/enginetest":        {"*"},
	"piroguetest":               {"*"},
	"docs/samples/go":           {},
	"docs/samples/samplestest":  {"*"},
}

// apart lists the folders with a module of their own, or without any code of the product.
var apart = []string{"devserver", "faultproxy", "tools", "bin", ".git", ".pirogue"}

// The domain stays free of technology, so that each technology can be replaced and tested alone.
func TestArrowsPointDownOnly(t *testing.T) {
	t.Parallel()

	for file, imports := range sources(t) {
		folder := path.Dir(file)
		may, ok := layers[folder]
		if !ok {
			may, ok = layers[path.Dir(folder)+"/*"]
		}
		require.True(t, ok, "%s: folder %s is in no layer", file, folder)
		for _, imported := range imports {
			require.True(t, permitted(imported, may), "%s: %s may not import %s", file, folder, imported)
		}
	}
}

// One package writes SQL, so one package must be reviewed for it.
func TestOnlyTheStoreKnowsGORM(t *testing.T) {
	t.Parallel()

	for file, imports := range sources(t) {
		for _, imported := range imports {
			require.True(t, path.Dir(file) == "store" || !strings.HasPrefix(imported, "gorm.io"), "%s knows GORM", file)
		}
	}
}

// depguardPlace matches the rules of depguard in .golangci.yml.
var depguardPlace = regexp.MustCompile(`(?s)(    depguard:\n      rules:\n).*?(    forbidigo:\n)`)

// depguard shows a breach in the editor, so its rules are generated from the layers.
func TestDepguardHoldsTheLayers(t *testing.T) {
	t.Parallel()

	const file = ".golangci.yml"
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Regexp(t, depguardPlace, string(old))
	want := depguardPlace.ReplaceAllStringFunc(string(old), func(place string) string {
		marks := depguardPlace.FindStringSubmatch(place)
		return marks[1] + depguardRules() + marks[2]
	})
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	require.Equal(t, want, string(old), "run go test . -run Depguard -update")
}

// depguardRules returns a rule for each layer that may not import everything.
func depguardRules() string {
	var b strings.Builder
	for _, folder := range slices.Sorted(maps.Keys(layers)) {
		may := layers[folder]
		if slices.Contains(may, "*") {
			continue
		}
		name := strings.NewReplacer(".", "domain", "/*", "-each", "/", "-").Replace(folder)
		files := []string{filesOf(folder)}
		for _, other := range slices.Sorted(maps.Keys(layers)) {
			if strings.HasSuffix(folder, "/*") && other != folder && path.Dir(other) == path.Dir(folder) {
				files = append(files, "!"+filesOf(other))
			}
		}
		fmt.Fprintf(&b, "        %s:\n          list-mode: strict\n          files:\n", name)
		for _, pattern := range append(files, "!$test") {
			fmt.Fprintf(&b, "            - %q\n", pattern)
		}
		b.WriteString("          allow:\n            - $gostd\n")
		for _, layer := range may {
			fmt.Fprintf(&b, "            - %s\n", allowed(layer))
		}
	}
	b.WriteString("        gorm:\n          list-mode: lax\n          files:\n            - \"**/*.go\"\n" +
		"            - \"!**/store/*.go\"\n            - \"!$test\"\n          deny:\n            - pkg: gorm.io\n" +
		"              desc: only the store knows how payments are kept\n")
	return b.String()
}

// filesOf returns depguard's pattern of the files in a folder of layers.
func filesOf(folder string) string {
	return strings.ReplaceAll("${base-path}/"+folder+"/*.go", "/./", "/")
}

// allowed returns depguard's pattern of a layer; $ ends the path of a package.
func allowed(layer string) string {
	switch {
	case layer == ".":
		return module + "$"
	case strings.Contains(layer, "."):
		return layer
	case strings.HasSuffix(layer, "/*"):
		return module + "/" + strings.TrimSuffix(layer, "*")
	default:
		return module + "/" + layer + "$"
	}
}

// sources returns the imports of every Go file that is not a test.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && slices.Contains(apart, file) {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range parsed.Imports {
			imports = append(imports, strings.Trim(spec.Path.Value, `"`))
		}
		found[filepath.ToSlash(file)] = imports
		return nil
	}))
	return found
}

// permitted reports whether a folder that may import these layers may import pkg. It recognises our
// own module first: that path has no dot, like the standard library's.
func permitted(pkg string, may []string) bool {
	first, rest, _ := strings.Cut(pkg, "/")
	ours := first == module
	switch {
	case pkg == module:
		pkg = "."
	case ours:
		pkg = rest
	case !strings.Contains(first, "."):
		return true
	}
	return slices.ContainsFunc(may, func(layer string) bool {
		switch {
		case layer == "*" || layer == pkg:
			return true
		case ours:
			return layer == path.Dir(pkg)+"/*"
		default:
			return strings.Contains(layer, ".") && layer != "." && strings.HasPrefix(pkg+"/", layer+"/")
		}
	})
}
