package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A repository of two files whose every figure can be counted by eye.
var small = map[string]string{
	"payment.go": `// Package pirogue is small.
package pirogue

// Store RIDDLE
type Store interface {
	Reader
	Write()
}

// Reader reads.
type Reader interface{ A(); B() }

type Bare struct{}

// Deep nests three times. One two three four five six seven eight nine ten eleven twelve thirteen
// fourteen fifteen sixteen seventeen eighteen nineteen twenty twenty-one. Short: one.
func Deep(a, b, c, d, e, f int) {
	for {
		if a > b {
			switch {
			}
		} else if c > d {
		}
	}
}
`,
	"docs/architecture.md":       "| 1 | `payment.go` | x |\n| 2 | `adapters/<operator>/collect.go` | x |\n",
	"adapters/zuri/collect.go":   "// Package zuri is an operator.\npackage zuri\n",
	"sandbox/example/example.go": "// Package example is small.\npackage example\n",
	"store/store.go":             "package store\n\nfunc (d *DB) One() {}\n\nfunc (d *DB) Two() {}\n",
}

func TestFigures(t *testing.T) {
	root := t.TempDir()
	for name, text := range small {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "RIDDLE", "is "+"what it stores.")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]string{}
	for _, f := range figures(code) {
		measured[f.name] = f.measured()
	}
	for name, want := range map[string]string{
		"function, lines":          "median 1, p95 9, max 9",
		"parameters of a function": "p95 6, max 6",
		"nesting":                  "p95 3, max 3",
		"methods of an interface, embedded ones too": "max 3",
		"methods of a type, without test helpers":    "max 2",
		"packages without a comment":                 "1",
		"exported names without a comment":           "3", // Bare, One, Two
		"comments that begin “X is what”":            "1",
		"sentences of over 20 words in comments":     "1",
		"files in the root":                          "1",
		"exported names in the root":                 "4",
		"files on the way to the operator":           "2",
		"lines of code of the example operator":      "1",
		"rows of repeated code":                      "0",
	} {
		if measured[name] != want {
			t.Errorf("%s: %q, want %q", name, measured[name], want)
		}
	}
}

// A shape that occurs twice is a repetition, whatever its names are.
func TestRepeatedCode(t *testing.T) {
	root := t.TempDir()
	for name, with := range map[string]string{"a.go": "a", "b.go": "b"} {
		body := "package p\n\nfunc f() {\n" + strings.Repeat("\tx(Z)\n", 6) + "}\n"
		text := strings.ReplaceAll(body, "Z", with+"()")
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	if rows := code.repeated().measured(); rows != "7" { // with the row above them
		t.Errorf("%s rows are repeated", rows)
	}
}

// An architecture that names a file which is not there is not held.
func TestTheWayNeedsItsFiles(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, guide), []byte("| 1 | `gone.go` | x |\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if (code{root: root}).way().held() {
		t.Error("a way over a file that is not there is held")
	}
}

func TestAFigureIsHeldWithinItsBounds(t *testing.T) {
	lines := []sample{{"a", 1}, {"b", 2}, {"c", 3}}
	for want, f := range map[bool]figure{
		true:  distribution("held", lines, median(2), most(3)),
		false: distribution("not held", lines, median(1), most(3)),
	} {
		if f.held() != want {
			t.Errorf("%s: held is %v", f.name, f.held())
		}
	}
	if single("comments", 14, 15, 22, " %").held() {
		t.Error("14 % is held where at least 15 % are asked for")
	}
}
