// Command benchtable reads the output of `go test -bench`, passes it on, and writes every figure into
// a Markdown file, between the lines <!-- measured --> and <!-- /measured -->. Benchmarks that did
// not run keep their rows. The column of what is to hold is written by hand, and kept.
//
// Usage: go test -bench . ./... | benchtable FILE
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fail(errors.New("want the name of one file"))
	}
	if err := run(os.Stdin, os.Stdout, os.Args[1]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "benchtable:", err)
	os.Exit(1)
}

// row is one figure of one benchmark.
type row struct{ benchmark, metric, value, hold, when string }

// run copies the output and writes its figures into the file. It fails if a benchmark failed.
func run(in io.Reader, out io.Writer, file string) error {
	var measured []row
	failed, folder := false, ""
	when := fmt.Sprintf("%s, %d cores", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU())
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Fprintln(out, lines.Text())
		failed = failed || strings.HasPrefix(lines.Text(), "FAIL") || strings.HasPrefix(lines.Text(), "--- FAIL")
		if name, found := strings.CutPrefix(lines.Text(), "pkg: "); found {
			folder = path.Base(name)
		}
		measured = append(measured, figuresOf(folder, lines.Text(), when)...)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if failed {
		return errors.New("a benchmark failed: the table stays as it is")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	updated, err := update(string(text), measured)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(updated), 0o644) //nolint:gosec // a document
}

// figuresOf returns the figures in a line such as "BenchmarkReads/balances-2  50  100 ns/op  2 ms".
// A benchmark bears the name of its package's folder, such as "store.Reads".
func figuresOf(folder, line, when string) []row {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return nil
	}
	name := folder + "." + strings.TrimPrefix(fields[0], "Benchmark")
	if at := strings.LastIndex(name, "-"); at > 0 {
		name = name[:at] // the number of cores
	}
	var all []row
	for i := 2; i+1 < len(fields); i += 2 {
		all = append(all, row{name, fields[i+1], short(fields[i]), "", when})
	}
	return all
}

// short returns a number with at most three significant digits, but all of its integer part.
func short(number string) string {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	if n >= 100 || n <= -100 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return strconv.FormatFloat(n, 'g', 3, 64)
}

const (
	begins = "<!-- measured -->"
	ends   = "<!-- /measured -->"
	header = "| Benchmark | Figure | Measured | To hold | When |\n| --- | --- | --- | --- | --- |\n"
)

// update replaces the rows of the benchmarks that were measured.
func update(text string, measured []row) (string, error) {
	before, rest, found := strings.Cut(text, begins)
	table, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return "", fmt.Errorf("the file has no %s and %s", begins, ends)
	}
	old := rowsOf(table)
	ran := map[string]bool{}
	for i, r := range measured {
		ran[r.benchmark] = true
		for _, o := range old {
			if o.benchmark == r.benchmark && o.metric == r.metric {
				measured[i].hold = o.hold
			}
		}
	}
	all := measured
	for _, o := range old {
		if !ran[o.benchmark] {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(x, y row) int {
		return strings.Compare(x.benchmark+"\x00"+x.metric, y.benchmark+"\x00"+y.metric)
	})
	var rows strings.Builder
	rows.WriteString("\n" + header)
	for _, r := range all {
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", r.benchmark, r.metric, r.value, r.hold, r.when)
	}
	return before + begins + rows.String() + ends + after, nil
}

// rowsOf returns the rows of a table.
func rowsOf(table string) []row {
	var all []row
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 7 || !strings.Contains(cells[1], "`") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, row{strings.Trim(cells[1], "`"), cells[2], cells[3], cells[4], cells[5]})
	}
	return all
}
