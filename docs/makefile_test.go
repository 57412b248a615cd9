package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runPattern matches the patterns of test names in the Makefile.
var runPattern = regexp.MustCompile(`(?m)(?:-run |^(?:SIMULATED|LONG) := )(\S+)`)

// A pattern that matches no test leaves tests out of `make test` in silence.
func TestMakefilePatternsNameTests(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	funcs := testFuncs(t)
	patterns := 0
	for _, match := range runPattern.FindAllStringSubmatch(string(text), -1) {
		if strings.ContainsAny(match[1], "'") || strings.Contains(match[1], "$(") {
			continue // no name of a test, or a variable that is matched where it is set
		}
		alternatives := strings.NewReplacer("^", "", "$$", "", "Test(", "", ")", "").Replace(match[1])
		for one := range strings.SplitSeq(alternatives, "|") {
			found := false
			for name := range funcs {
				found = found || strings.Contains(name, one)
			}
			require.True(t, found, "the Makefile runs %q, and no test has that name", one)
			patterns++
		}
	}
	require.Greater(t, patterns, 8)
}
