package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const document = "# Title\n<!-- measured -->\n" + header +
	"| `Old` | ns/op | 5 |  | then |\n| `store.Reads` | ns/op | 9 | ≤ 10 | then |\n<!-- /measured -->\nafter\n"

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTableKeepsWhatDidNotRun(t *testing.T) {
	path := write(t, document)
	output := "goos: linux\npkg: pirogue/store\nBenchmarkReads-2 \t 50\t 20012345 ns/op\t 0.98765 of-bare\nPASS\n"
	var passedOn bytes.Buffer
	if err := run(strings.NewReader(output), &passedOn, path); err != nil {
		t.Fatal(err)
	}
	if passedOn.String() != output {
		t.Fatalf("passed on %q", passedOn.String())
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	for _, want := range []string{
		"# Title", "| `Old` | ns/op | 5 |  | then |",
		"| `store.Reads` | ns/op | 20012345 | ≤ 10 | ", "| `store.Reads` | of-bare | 0.988 |  | ",
		"<!-- /measured -->\nafter\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "| 9 |") {
		t.Error("the old row of a benchmark that ran is still there")
	}
}

func TestFailedBenchmarkLeavesTheTable(t *testing.T) {
	path := write(t, document)
	output := "BenchmarkReads-2 1 5 ns/op\n--- FAIL: BenchmarkReads\nFAIL\n"
	if err := run(strings.NewReader(output), &bytes.Buffer{}, path); err == nil {
		t.Fatal("no error")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != document {
		t.Fatalf("%v %q", err, got)
	}
}
