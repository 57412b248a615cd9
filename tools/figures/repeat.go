package main

import (
	"fmt"
	"go/token"
	"regexp"
	"strings"
)

const (
	repeatRows  = 6   // as many rows of one shape after each other are a repetition
	mostRepeats = 674 // rows; so many there were at first
)

// A codeRow is one row of code in its shape: names and texts are left out.
type codeRow struct {
	file, line int
	shape      string
}

// repeated counts the product's rows whose shape occurs again elsewhere, in groups of repeatRows.
// Comments, package clauses, imports and rows without a word do not count.
func (c code) repeated() figure {
	rows, files := c.codeRows(), c.production()
	first, again := map[string]int{}, map[int]bool{}
	var offenders []sample
	for i := 0; i+repeatRows <= len(rows); i++ {
		group := rows[i : i+repeatRows]
		if group[0].file != group[repeatRows-1].file {
			continue
		}
		var shape strings.Builder
		for _, r := range group {
			shape.WriteString(r.shape + "\n")
		}
		at, seen := first[shape.String()]
		if !seen {
			first[shape.String()] = i
			continue
		}
		if !again[i] {
			offenders = append(offenders, sample{fmt.Sprintf("%s:%d, as %s:%d",
				files[rows[i].file].path, rows[i].line, files[rows[at].file].path, rows[at].line), repeatRows})
		}
		for n := range repeatRows {
			again[i+n] = true
		}
	}
	f := single("rows of repeated code", float64(len(again)), 0, mostRepeats, "")
	f.offenders = offenders
	return f
}

var (
	textOf = regexp.MustCompile("\"[^\"]*\"|`[^`]*`")
	nameOf = regexp.MustCompile(`[A-Za-z_]\w*`)
	letter = regexp.MustCompile(`[a-z]`)
)

// codeRows returns the product's rows of code, file by file.
func (c code) codeRows() []codeRow {
	var rows []codeRow
	for n, f := range c.production() {
		line, imports := 0, false
		for text := range strings.Lines(string(f.source)) {
			line++
			text = strings.TrimSpace(text)
			switch {
			case strings.HasPrefix(text, "import ("):
				imports = true
			case imports:
				imports = text != ")"
			case strings.HasPrefix(text, "package "), strings.HasPrefix(text, "import "), strings.HasPrefix(text, "//"), !letter.MatchString(text):
			default:
				rows = append(rows, codeRow{n, line, shapeOf(text)})
			}
		}
	}
	return rows
}

// shapeOf returns a row of code with x for each name that is no keyword, and s for each text.
func shapeOf(row string) string {
	return nameOf.ReplaceAllStringFunc(textOf.ReplaceAllString(row, "s"), func(name string) string {
		if token.IsKeyword(name) {
			return name
		}
		return "x"
	})
}
