package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	mostOnTheWay = 10 // files from the route to the operator's bytes
	guide        = "docs/architecture.md"
)

// wayRow matches a row of the table that lists the files of one payment in their order.
var wayRow = regexp.MustCompile("(?m)^\\| \\d+ \\| `([^`]+)` \\|")

// way counts the files that a payment passes, from its route to the bytes on the wire, as
// docs/architecture.md lists them. A file that does not exist breaks the figure.
func (c code) way() figure {
	text, err := os.ReadFile(filepath.Join(c.root, guide))
	rows := wayRow.FindAllStringSubmatch(string(text), -1)
	f := single("files on the way to the operator", float64(len(rows)), 1, mostOnTheWay, "")
	if err != nil {
		f.offenders = []sample{{guide, 0}}
		return f
	}
	for _, row := range rows {
		pattern := strings.ReplaceAll(row[1], "<operator>", "*")
		found, err := filepath.Glob(filepath.Join(c.root, pattern))
		if err != nil || len(found) == 0 {
			f.samples[0].value = mostOnTheWay + 1
			f.offenders = append(f.offenders, sample{fmt.Sprintf("%s names %s, which is not there", guide, row[1]), 1})
		}
	}
	return f
}

// exampleLines counts the rows of the operator that CONTRIBUTING.md explains: its adapter and its
// simulator, tests included. Blank rows, comments and imports do not count.
func (c code) exampleLines() float64 {
	n := 0
	for _, f := range c.files {
		if f.folder != "adapters/example" && f.folder != "sandbox/example" {
			continue
		}
		imports := false
		for text := range strings.Lines(string(f.source)) {
			text = strings.TrimSpace(text)
			switch {
			case strings.HasPrefix(text, "import ("):
				imports = true
			case imports:
				imports = text != ")"
			case text != "" && !strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "import "):
				n++
			}
		}
	}
	return float64(n)
}
