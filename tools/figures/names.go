package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// interfaces counts the methods of each interface; one that is embedded and declared in this
// repository counts with all of its own.
func (c code) interfaces() []sample {
	declared := map[string]*ast.InterfaceType{} // by folder's last part and name
	type named struct {
		f    file
		spec *ast.TypeSpec
	}
	var all []named
	for _, f := range c.production() {
		for _, spec := range typesOf(f) {
			if of, is := spec.Type.(*ast.InterfaceType); is {
				declared[f.ast.Name.Name+"."+spec.Name.Name] = of
				all = append(all, named{f, spec})
			}
		}
	}
	var count func(pkg string, of *ast.InterfaceType) int
	count = func(pkg string, of *ast.InterfaceType) int {
		n := 0
		for _, m := range of.Methods.List {
			switch embedded := m.Type.(type) {
			case *ast.FuncType:
				n++
			case *ast.Ident:
				if inner := declared[pkg+"."+embedded.Name]; inner != nil {
					n += count(pkg, inner)
				}
			case *ast.SelectorExpr:
				if x, is := embedded.X.(*ast.Ident); is && declared[x.Name+"."+embedded.Sel.Name] != nil {
					n += count(x.Name, declared[x.Name+"."+embedded.Sel.Name])
				}
			}
		}
		return n
	}
	var list []sample
	for _, i := range all {
		n := count(i.f.ast.Name.Name, i.spec.Type.(*ast.InterfaceType))
		list = append(list, sample{c.place(i.f, i.spec.Pos(), i.spec.Name.Name), float64(n)})
	}
	return list
}

// methods counts the methods of each type that is part of the product. Packages named *test hold
// helpers of tests.
func (c code) methods() []sample {
	counted := map[string]float64{}
	for _, f := range c.production() {
		if strings.HasSuffix(f.folder, "test") {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, is := d.(*ast.FuncDecl); is && fn.Recv != nil {
				counted[f.folder+" "+receiver(fn)]++
			}
		}
	}
	var list []sample
	for name, n := range counted {
		list = append(list, sample{name, n})
	}
	return list
}

func receiver(fn *ast.FuncDecl) string {
	of := fn.Recv.List[0].Type
	if star, is := of.(*ast.StarExpr); is {
		of = star.X
	}
	if generic, is := of.(*ast.IndexExpr); is {
		of = generic.X
	}
	if name, is := of.(*ast.Ident); is {
		return name.Name
	}
	return "?"
}

func typesOf(f file) []*ast.TypeSpec {
	var list []*ast.TypeSpec
	for _, d := range f.ast.Decls {
		group, is := d.(*ast.GenDecl)
		if !is || group.Tok != token.TYPE {
			continue
		}
		for _, s := range group.Specs {
			list = append(list, s.(*ast.TypeSpec))
		}
	}
	return list
}

// A declared name, the comment that documents it, and where it stands.
type declared struct {
	name, comment string
	pos           token.Pos
}

// names returns what a file declares on its top level: functions, methods, types, constants and
// variables. A constant or variable is documented by its group too.
func names(f file) []declared {
	var list []declared
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d)) || !d.Name.IsExported() {
				list = append(list, declared{d.Name.Name, d.Doc.Text(), d.Pos()})
			}
		case *ast.GenDecl:
			list = append(list, grouped(d)...)
		}
	}
	return list
}

func grouped(d *ast.GenDecl) []declared {
	var list []declared
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			list = append(list, declared{s.Name.Name, s.Doc.Text() + d.Doc.Text(), s.Pos()})
		case *ast.ValueSpec:
			for _, n := range s.Names {
				list = append(list, declared{n.Name, s.Doc.Text() + s.Comment.Text() + d.Doc.Text(), n.Pos()})
			}
		}
	}
	return list
}

func (c code) undocumented() []sample {
	var list []sample
	for _, f := range c.production() {
		for _, n := range names(f) {
			if ast.IsExported(n.name) && n.comment == "" && f.ast.Name.Name != "main" {
				list = append(list, sample{c.place(f, n.pos, n.name), 1})
			}
		}
	}
	return list
}

func (c code) undocumentedPackages() []sample {
	documented := map[string]bool{}
	for _, f := range c.production() {
		documented[f.folder] = documented[f.folder] || f.ast.Doc.Text() != ""
	}
	var list []sample
	for folder, has := range documented {
		if !has {
			list = append(list, sample{folder, 1})
		}
	}
	return list
}

// riddle matches a comment that explains a name by a question word instead of by what it gives.
var riddle = regexp.MustCompile(`^\S+ (is|are|was|were) (what|who|how|where|whose|whom)\b`)

func (c code) riddles() []sample {
	var list []sample
	for _, f := range c.files {
		for _, group := range f.ast.Comments {
			if text := strings.TrimSpace(group.Text()); riddle.MatchString(text) {
				list = append(list, sample{c.place(f, group.Pos(), strings.SplitN(text, "\n", 2)[0]), 1})
			}
		}
	}
	return list
}

// mostWords limits a sentence of a comment.
const mostWords = 20

// clause matches the end of a sentence, or of a part of one that can be read alone.
var clause = regexp.MustCompile(`[.!?;:]\s+`)

// longSentences returns the sentences of comments that have more than mostWords words. Rows that are
// set apart by a space, such as tables, are no sentences.
func (c code) longSentences() []sample {
	var list []sample
	for _, f := range c.files {
		for _, group := range f.ast.Comments {
			var prose strings.Builder
			for row := range strings.Lines(group.Text()) {
				if !strings.HasPrefix(row, " ") && !strings.HasPrefix(row, "\t") {
					prose.WriteString(row)
				}
			}
			for paragraph := range strings.SplitSeq(prose.String(), "\n\n") {
				for _, sentence := range clause.Split(paragraph, -1) {
					if words := len(strings.Fields(sentence)); words > mostWords {
						first := strings.Join(strings.Fields(sentence)[:5], " ")
						list = append(list, sample{c.place(f, group.Pos(), first+" …"), float64(words)})
					}
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b sample) int { return cmp.Compare(a.value, b.value) })
	return list
}

func (c code) rootFiles() float64 {
	n := 0.0
	for _, f := range c.production() {
		if f.folder == "." {
			n++
		}
	}
	return n
}

func (c code) rootNames() float64 {
	n := 0.0
	for _, f := range c.production() {
		if f.folder != "." {
			continue
		}
		for _, d := range names(f) {
			method := false
			for _, decl := range f.ast.Decls {
				fn, is := decl.(*ast.FuncDecl)
				method = method || is && fn.Recv != nil && fn.Pos() == d.pos
			}
			if ast.IsExported(d.name) && !method {
				n++
			}
		}
	}
	return n
}
