package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// skipped are folders whose Go is not the product's: other modules, data and samples for merchants.
var skipped = []string{"devserver", "faultproxy", "tools", "testdata", "samples", "bin", "node_modules"}

// A file is one parsed Go file.
type file struct {
	path   string // from the repository's root, with slashes
	folder string
	test   bool
	source []byte
	ast    *ast.File
}

// code is all Go of one repository.
type code struct {
	root  string
	files []file
	set   *token.FileSet
}

// read parses every Go file below root but those of skipped folders and generated ones.
func read(root string) (code, error) {
	c := code{root: root, set: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (slices.Contains(skipped, entry.Name()) || entry.Name()[0] == '.'):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		return c.add(root, path)
	})
	return c, err
}

func (c *code) add(root, path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(c.set, path, source, parser.ParseComments)
	if err != nil || ast.IsGenerated(parsed) {
		return err
	}
	from, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	from = filepath.ToSlash(from)
	folder := filepath.ToSlash(filepath.Dir(from))
	c.files = append(c.files, file{from, folder, strings.HasSuffix(from, "_test.go"), source, parsed})
	return nil
}

// production returns the files that are no tests.
func (c code) production() []file {
	return slices.DeleteFunc(slices.Clone(c.files), func(f file) bool { return f.test })
}

func (c code) line(p token.Pos) int { return c.set.Position(p).Line }

// lines returns how many lines a file has.
func (f file) lines() int { return bytes.Count(f.source, []byte("\n")) }
