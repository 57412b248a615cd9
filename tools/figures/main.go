// Command figures measures the shape of the Go code in a repository and compares it with the
// figures that the house holds. It prints one line a figure and exits with 1 if one is not held.
//
// Usage: figures [-list N] FOLDER
package main

import (
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
)

func main() {
	longest := flag.Int("list", 3, "how many offenders to name under a figure that is not held")
	flag.Parse()
	folder := "."
	if flag.NArg() > 0 {
		folder = flag.Arg(0)
	}
	held, err := run(folder, *longest)
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(2)
	}
	if !held {
		os.Exit(1)
	}
}

// run prints all figures of the code in folder and reports whether each is held.
func run(folder string, offenders int) (bool, error) {
	code, err := read(folder)
	if err != nil {
		return false, err
	}
	all, held := figures(code), true
	table(all)
	for _, f := range all {
		if f.held() {
			continue
		}
		held = false
		fmt.Printf("\n%s: %s, to hold %s\n", f.name, f.measured(), f.limits())
		for _, at := range f.worst(offenders) {
			fmt.Println("  " + at)
		}
	}
	return held, nil
}

func table(all []figure) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = out.Flush() }()
	for _, f := range all {
		word := "held"
		if !f.held() {
			word = "NOT HELD"
		}
		_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", f.name, f.measured(), f.limits(), word)
	}
}
