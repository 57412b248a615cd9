package samplestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// API holds the address and the credentials for the samples' requests.
type API struct{ BaseURL, Key, Secret string }

// Sample holds the programs of one language.
type Sample struct {
	Language string
	programs string   // path under docs/samples; %s is the program, where each has a file
	with     []string // the command that runs a program; its other words must be installed too
	optional bool     // skipped where the command is missing
	saved    bool     // has no receiver: its verify program checks a saved webhook
}

// Samples lists every language.
var Samples = []Sample{
	{Language: "bash", programs: "bash/%s.sh", with: []string{"bash", "curl", "openssl"}, saved: true},
	{Language: "go", programs: "go", with: []string{"go"}},
	{Language: "js", programs: "js/%s.mjs", with: []string{"node"}, optional: true},
	{Language: "php", programs: "php/%s.php", with: []string{"php"}, optional: true},
	{Language: "python", programs: "python/%s.py", with: []string{"python3"}},
}

// runLimit bounds the run of one program.
const runLimit = 2 * time.Minute

// Call is one start of a program.
type Call struct {
	Program    string // pay, status, receiver or verify
	Args       []string
	WebhookURL string // WEBHOOK_URL of pay
	Stdin      string
}

// Result is the output and the exit code of a program.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Field returns the value that pay printed after "name: ".
func (r Result) Field(name string) string {
	found := regexp.MustCompile(`(?m)^` + name + `: (.*)$`).FindStringSubmatch(r.Stdout)
	if found == nil {
		return ""
	}
	return found[1]
}

// String returns the result for a test's message.
func (r Result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.ExitCode, r.Stdout, r.Stderr)
}

// Run runs a program to its end. It skips or fails the test when the language is not installed. The
// test judges the program's exit code.
func (s Sample) Run(t *testing.T, api API, call Call) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := s.command(t, api, call)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v", s.Language, call.Program, err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: cmd.ProcessState.ExitCode()}
}

// command prepares a program. The test's end kills it with its children.
func (s Sample) command(t *testing.T, api API, call Call) *exec.Cmd {
	t.Helper()
	argv := append(s.argv(t, call.Program), call.Args...)
	ctx, cancel := context.WithTimeout(t.Context(), runLimit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the samples, from this repository
	cmd.Env = append(cmd.Environ(),
		"NEKAPAY_BASE_URL="+api.BaseURL, "NEKAPAY_API_KEY="+api.Key, "NEKAPAY_API_SECRET="+api.Secret,
		"WEBHOOK_URL="+call.WebhookURL, "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "PYTHONDONTWRITEBYTECODE=1")
	if call.Stdin != "" {
		cmd.Stdin = io.NopCloser(strings.NewReader(call.Stdin))
	}
	cmd.WaitDelay = time.Second
	killGroup(cmd)
	return cmd
}

// argv returns the command line of a program.
func (s Sample) argv(t *testing.T, program string) []string {
	t.Helper()
	s.need(t)
	if s.Language == "go" {
		return []string{"go", "-C", filepath.Join(folder(t), s.programs), "run", ".", program}
	}
	return []string{s.with[0], filepath.Join(folder(t), fmt.Sprintf(s.programs, program))}
}

// need skips or fails the test when the language is not installed.
func (s Sample) need(t *testing.T) {
	t.Helper()
	for _, program := range s.with {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if s.optional {
			t.Skipf("%s is not installed, so the %s samples were not run", program, s.Language)
		}
		t.Fatalf("%s is not installed; the %s samples need it", program, s.Language)
	}
}

// folder returns docs/samples, relative to the folder in which the test runs.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		samples := filepath.Join(dir, "docs", "samples")
		if _, err := os.Stat(samples); err == nil {
			return samples
		}
	}
	t.Fatal("docs/samples is not above the test's folder")
	return ""
}
