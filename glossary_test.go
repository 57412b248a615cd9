package pirogue_test

import (
	"go/ast"
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

// glossary is docs/glossary.md: the terms, the words that no name may bear, and what is excepted.
type glossary struct {
	terms  []string
	never  map[string]string // by the word in lower case: the row's terms
	exact  map[string]string // the same, for words that are refused as a whole name only
	except []exception
	shared []exception
}

// exception lets names bear a word, or folders share a name. It is used if it has let one pass.
type exception struct {
	word  string
	names []*regexp.Regexp
	used  *bool
}

// named is an exported identifier, a file or a folder.
type named struct {
	folder string
	path   string // folder, type and name, as exceptions spell it
	name   string
	whole  bool // a type or function: words that are refused as a whole name count
	isType bool
}

// The glossary is the house's list of words, so code must not use another for the same thing.
func TestGlossary(t *testing.T) {
	t.Parallel()
	g := readGlossary(t)
	all := names(t)

	t.Run("no name bears a refused word", func(t *testing.T) {
		for _, n := range all {
			for word, term := range g.refused(n) {
				if !allows(g.except, word, n.path) {
					t.Errorf("%s bears %q: the glossary has %s", n.path, word, term)
				}
			}
		}
		for _, e := range g.except {
			if !*e.used {
				t.Errorf("nothing needs the exception for %q of %v", e.word, e.names)
			}
		}
	})
	t.Run("no two types share a name", func(t *testing.T) {
		folders := map[string][]string{}
		for _, n := range all {
			if n.isType {
				folders[n.name] = append(folders[n.name], n.folder)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(folders)) {
			alone := slices.DeleteFunc(folders[name], func(folder string) bool { return allows(g.shared, name, folder) })
			if len(alone) > 1 {
				t.Errorf("%s is a type of %s", name, strings.Join(alone, " and of "))
			}
		}
		for _, e := range g.shared {
			if !*e.used {
				t.Errorf("nothing needs to share the name %s", e.word)
			}
		}
	})
	t.Run("each type has a term", func(t *testing.T) {
		for _, n := range all {
			has := func(term string) bool { return contains(n.name, term) || contains(n.name, term+"s") }
			if n.isType && !slices.ContainsFunc(g.terms, has) {
				t.Errorf("%s contains no term of the glossary", n.path)
			}
		}
	})
}

// refused returns the words that a name may not bear, with the terms to use instead.
func (g glossary) refused(n named) map[string]string {
	found := map[string]string{}
	for word, term := range g.never {
		if contains(n.name, word) || contains(n.name, word+"s") {
			found[word] = term
		}
	}
	if term, is := g.exact[n.name]; is && n.whole {
		found[n.name] = term
	}
	return found
}

func allows(list []exception, word, name string) bool {
	for _, e := range list {
		matches := func(pattern *regexp.Regexp) bool { return pattern.MatchString(name) }
		if e.word == word && slices.ContainsFunc(e.names, matches) {
			*e.used = true
			return true
		}
	}
	return false
}

// contains reports whether the words of a name contain those of another one after the other.
func contains(name, other string) bool {
	return strings.Contains("-"+strings.Join(split(name), "-")+"-", "-"+strings.Join(split(other), "-")+"-")
}

// split returns the words of a name in camel case, in lower case.
func split(name string) []string {
	var list []string
	start := 0
	runes := []rune(name)
	upper := func(i int) bool { return i < len(runes) && runes[i] >= 'A' && runes[i] <= 'Z' }
	lower := func(i int) bool { return i < len(runes) && runes[i] >= 'a' && runes[i] <= 'z' }
	for i := 1; i <= len(runes); i++ {
		ends := i == len(runes) || upper(i) && lower(i-1) || upper(i) && lower(i+1) ||
			!upper(i) && !lower(i) || !upper(i-1) && !lower(i-1)
		if !ends {
			continue
		}
		if word := strings.ToLower(strings.Trim(string(runes[start:i]), "_-. ")); word != "" {
			list = append(list, word)
		}
		start = i
	}
	return list
}

// code matches a text between backticks.
var code = regexp.MustCompile("`([^`]+)`")

// readGlossary reads the tables of docs/glossary.md.
func readGlossary(t *testing.T) glossary {
	t.Helper()
	text, err := os.ReadFile("docs/glossary.md")
	require.NoError(t, err)
	g := glossary{never: map[string]string{}, exact: map[string]string{}}
	heading := ""
	for _, line := range strings.Split(string(text), "\n") {
		if title, is := strings.CutPrefix(line, "## "); is {
			heading = title
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.Contains(line, "Reason |") ||
			strings.HasPrefix(line, "| Concept |") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch heading {
		case "Exceptions":
			g.except = append(g.except, exceptionsOf(cells)...)
		case "Shared names":
			g.shared = append(g.shared, exceptionsOf(cells)...)
		default:
			require.Len(t, cells, 4, line)
			g.add(cells)
		}
	}
	require.GreaterOrEqual(t, len(g.terms), 60)
	return g
}

func (g *glossary) add(cells []string) {
	for _, match := range code.FindAllStringSubmatch(cells[1], -1) {
		g.terms = append(g.terms, match[1])
	}
	for word := range strings.SplitSeq(cells[2], ",") {
		word = strings.TrimSpace(word)
		switch {
		case word == "":
		case strings.HasPrefix(word, "`"):
			g.exact[strings.Trim(word, "`")] = cells[1]
		default:
			g.never[word] = cells[1]
		}
	}
}

// exceptionsOf returns an exception for each word in the first cell of a row.
func exceptionsOf(cells []string) []exception {
	var names []*regexp.Regexp
	for _, match := range code.FindAllStringSubmatch(cells[1], -1) {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(match[1]), `\*`, ".*")
		names = append(names, regexp.MustCompile("^"+pattern+"$"))
	}
	var list []exception
	for word := range strings.SplitSeq(cells[0], ",") {
		list = append(list, exception{strings.Trim(word, "` "), names, new(bool)})
	}
	return list
}

// names returns every exported identifier of the code that is no test, and every file and folder
// of it.
func names(t *testing.T) []named {
	t.Helper()
	var list []named
	require.NoError(t, filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(apart, file) || slices.Contains(unnamed, entry.Name())):
			return filepath.SkipDir
		case entry.IsDir() && file != ".":
			list = append(list, named{folder: file, path: file, name: entry.Name()})
			return nil
		case !strings.HasSuffix(file, ".go"):
			return nil
		}
		file = filepath.ToSlash(file)
		name := strings.TrimSuffix(strings.TrimSuffix(entry.Name(), ".go"), "_test")
		list = append(list, named{folder: path.Dir(file), path: file, name: name})
		if strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		list = append(list, exported(path.Dir(file), parsed)...)
		return nil
	}))
	return list
}

// unnamed lists folders whose names are not ours: recorded answers, and programs for merchants.
var unnamed = []string{"testdata", "samples", "node_modules", "secrets"}

// exported returns the exported identifiers of a file: what it declares, and the fields and methods
// of its types.
func exported(folder string, file *ast.File) []named {
	var list []named
	add := func(within string, id *ast.Ident, whole, isType bool) {
		if !id.IsExported() {
			return
		}
		at := folder
		if folder == "." {
			at = module
		}
		if within != "" {
			at += "." + within
		}
		list = append(list, named{folder, at + "." + id.Name, id.Name, whole, isType})
	}
	fields := func(within string, of *ast.FieldList) {
		for _, field := range of.List {
			for _, id := range field.Names {
				add(within, id, false, false)
			}
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			within := ""
			if decl.Recv != nil {
				within = receiver(decl.Recv.List[0].Type)
			}
			add(within, decl.Name, within == "", false)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add("", spec.Name, true, true)
					switch of := spec.Type.(type) {
					case *ast.StructType:
						fields(spec.Name.Name, of.Fields)
					case *ast.InterfaceType:
						fields(spec.Name.Name, of.Methods)
					}
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add("", id, true, false)
					}
				}
			}
		}
	}
	return list
}

// receiver returns the name of a method's type.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	default:
		return ""
	}
}
