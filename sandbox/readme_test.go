package sandbox_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// TestReadme runs every shell example of the README against a sandbox, line by line as
// printed. Each must find what it looks for.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, blocks, 3)
	clock := engine.NewVirtualClock(time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC), 0)
	_, base := started(t, sandbox.Options{Clock: clock})
	for _, block := range blocks {
		require.Contains(t, block[1], "http://127.0.0.1:8090")
		script := "set -e -o pipefail\n" + strings.ReplaceAll(block[1], "http://127.0.0.1:8090", base)
		bash := exec.CommandContext(t.Context(), "bash", "-c", script)
		printed, err := bash.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, printed)
	}
}

// TestReadmeNumbers compares the README's table with the numbers that the engine knows.
func TestReadmeNumbers(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for digits := range engine.MagicNumbers() {
		require.Contains(t, string(readme), "\n| "+digits+" | ")
	}
	rows := regexp.MustCompile(`\n\| [0-9]{6} \|`).FindAllString(string(readme), -1)
	require.Len(t, rows, len(engine.MagicNumbers()))
}
