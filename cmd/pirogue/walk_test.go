package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// walks matches the commands of the walk in each language of the merchant's page, as a reader pastes
// them.
var walks = map[string]*regexp.Regexp{
	"merchant.md":    regexp.MustCompile("(?s)## First payments.*?```sh\n(.*?)```"),
	"merchant.fr.md": regexp.MustCompile("(?s)## Premier parcours.*?```sh\n(.*?)```"),
}

func TestTheMerchantsWalkWorksAsItIsPrinted(t *testing.T) {
	t.Parallel()

	for name, commands := range walks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			followWalk(t, name, commands)
		})
	}
}

func followWalk(t *testing.T, name string, commands *regexp.Regexp) {
	t.Helper()
	w := newWorld(t, shortenTimes(piroguetest.SQLite(t)))
	root := piroguetest.Root(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", name))
	require.NoError(t, err)
	printed := commands.FindSubmatch(page)
	require.NotNil(t, printed, "docs/%s has no walk", name)

	desk := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(root, "docs"), filepath.Join(desk, "docs")))
	require.NoError(t, os.Mkdir(filepath.Join(desk, ".pirogue"), 0o755))
	env := fmt.Sprintf("export NEKAPAY_BASE_URL=%s/api/v1 NEKAPAY_API_KEY=%s NEKAPAY_API_SECRET=%s\n",
		w.api.URL, w.account.Key, w.account.Secret)
	require.NoError(t, os.WriteFile(filepath.Join(desk, ".pirogue", "dev.env"), []byte(env), 0o600))

	cmd := exec.CommandContext(t.Context(), "bash", "-euc", string(printed[1]))
	cmd.Dir = desk
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	said := string(out)
	require.Equal(t, 3, strings.Count(said, "SUCCESS\n"), said)
	require.Contains(t, said, `"available":2000`, said)
	require.Contains(t, said, "CASHIN;SUCCESS;5000", said)
	require.Contains(t, said, "REFUND;SUCCESS;2000", said)
	require.Contains(t, said, "CASHOUT;SUCCESS;1000", said)
	w.settled()
}
