package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"unicode/utf8"
)

// figures returns each figure that the house holds, measured.
func figures(c code) []figure {
	return []figure{
		distribution("function, lines", c.functions(functionLines), median(12), p95(40), most(70)),
		distribution("file, lines", c.fileLines(), median(150), p95(350), most(500)),
		distribution("parameters of a function", c.functions(parameters), p95(3), most(5)),
		distribution("nesting", c.functions(nesting), p95(2), most(3)),
		single("comments", c.comments(), 15, 22, " %"),
		distribution("methods of an interface, embedded ones too", c.interfaces(), most(8)),
		distribution("methods of a type, without test helpers", c.methods(), most(30)),
		none("rows of over 120 columns", c.columns()),
		none("packages without a comment", c.undocumentedPackages()),
		none("exported names without a comment", c.undocumented()),
		none("comments that begin “X is what”", c.riddles()),
		none("sentences of over 20 words in comments", c.longSentences()),
		single("files in the root", c.rootFiles(), 0, 15, ""),
		single("exported names in the root", c.rootNames(), 0, 130, ""),
		c.way(),
		single("lines of code of the example operator", c.exampleLines(), 1, 250, ""),
		c.repeated(),
	}
}

// functions measures each production function that has a body.
func (c code) functions(measure func(code, *ast.FuncDecl) int) []sample {
	var list []sample
	for _, f := range c.production() {
		for _, d := range f.ast.Decls {
			if fn, is := d.(*ast.FuncDecl); is && fn.Body != nil {
				list = append(list, sample{c.place(f, fn.Pos(), fn.Name.Name), float64(measure(c, fn))})
			}
		}
	}
	return list
}

func (c code) place(f file, p token.Pos, name string) string {
	return fmt.Sprintf("%s:%d %s", f.path, c.line(p), name)
}

func functionLines(c code, fn *ast.FuncDecl) int {
	return c.line(fn.Body.Rbrace) - c.line(fn.Pos()) + 1
}

func parameters(_ code, fn *ast.FuncDecl) int { return fn.Type.Params.NumFields() }

// nesting returns how many ifs, loops, switches and selects lie inside each other at most. An
// "else if" lies beside its if.
func nesting(_ code, fn *ast.FuncDecl) int {
	deepest := 0
	var walk func(n ast.Node, depth int)
	walk = func(n ast.Node, depth int) {
		deepest = max(deepest, depth)
		ast.Inspect(n, func(inner ast.Node) bool {
			if inner == n || inner == nil {
				return true
			}
			switch s := inner.(type) {
			case *ast.IfStmt:
				if outer, is := n.(*ast.IfStmt); is && outer.Else == inner {
					walk(s, depth)
				} else {
					walk(s, depth+1)
				}
				return false
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				walk(s, depth+1)
				return false
			case *ast.FuncLit:
				walk(s, 0)
				return false
			}
			return true
		})
	}
	walk(fn.Body, 0)
	return deepest
}

func (c code) fileLines() []sample {
	var list []sample
	for _, f := range c.production() {
		list = append(list, sample{f.path, float64(f.lines())})
	}
	return list
}

// comments returns the share of comment lines in lines that hold a comment or code, in percent.
func (c code) comments() float64 {
	comment, all := 0, 0
	for _, f := range c.production() {
		for row := range strings.Lines(string(f.source)) {
			row = strings.TrimSpace(row)
			if row == "" {
				continue
			}
			all++
			if strings.HasPrefix(row, "//") && !strings.HasPrefix(row, "//go:") && !strings.HasPrefix(row, "//nolint") {
				comment++
			}
		}
	}
	return 100 * float64(comment) / float64(max(all, 1))
}

// columns measures the rows that are too long, tests included; a tab counts as one.
func (c code) columns() []sample {
	var list []sample
	for _, f := range c.files {
		n := 0
		for row := range strings.Lines(string(f.source)) {
			n++
			if width := utf8.RuneCountInString(strings.TrimRight(row, "\n")); width > 120 {
				list = append(list, sample{fmt.Sprintf("%s:%d", f.path, n), float64(width)})
			}
		}
	}
	return list
}
