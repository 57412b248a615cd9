package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/config"
	"pirogue/piroguetest"
)

// fakeTemporal stands for Temporal's own command. It tells a version, keeps its arguments, and runs
// our devserver where the command would run its own server.
const fakeTemporal = `#!/bin/sh
folder=$(dirname "$0")
if [ "$1" = --version ]; then echo "temporal version 1.9.2 (Server VERSION, UI 2.55.0)"; exit; fi
printf '%s\n' "$@" > "$folder/arguments"
echo $$ >> "$folder/processes"
while [ $# -gt 0 ]; do
	case $1 in
	--db-filename) db=$2 ;;
	--port) port=$2 ;;
	--ui-port) ui=$2 ;;
	esac
	shift
done
exec DEVSERVER -db "$db" -port "$port" -ui-port "$ui"
`

// installTemporal puts a fake command into a folder and returns the folder.
func installTemporal(t *testing.T, version string) string {
	t.Helper()
	folder := t.TempDir()
	script := strings.NewReplacer("VERSION", version,
		"DEVSERVER", filepath.Join(piroguetest.Root(t), "bin", "devserver")).Replace(fakeTemporal)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "temporal"), []byte(script), 0o700))
	return folder
}

func TestALaptopUsesAnInstalledTemporal(t *testing.T) {
	t.Parallel()

	l := newLaptop(t)
	folder := installTemporal(t, temporalVersion)
	l.env = append(l.env, "PIROGUE_DEVSERVER=", "PATH="+folder+":"+os.Getenv("PATH"))
	m := l.start()
	got := m.pay(t, order("+22376123456"))
	require.Equal(t, 202, got.Status, got.Raw)
	m.until(t, got.Data.ID, "SUCCESS", patience)
	printed, err := os.ReadFile(l.out)
	require.NoError(t, err)
	require.Contains(t, string(printed), "Unlike bin/devserver", "what it cannot do is said")
	arguments, err := os.ReadFile(filepath.Join(folder, "arguments"))
	require.NoError(t, err)
	for _, line := range []string{
		"server\nstart-dev\n", "--search-attribute\nPaymentKind=Keyword\n", "--sqlite-pragma\njournal_mode=wal\n",
		"--dynamic-config-value\nmatching.enableFairness=true\n",
	} {
		require.Contains(t, string(arguments), line)
	}

	require.NoError(t, l.cmd.Process.Kill())
	require.Error(t, l.cmd.Wait())
	requireGone(t, folder)
	require.NoError(t, os.Remove(filepath.Join(l.data, "dev.env")), "a killed process leaves it")
	l.start().until(t, got.Data.ID, "SUCCESS", patience)
	l.stop()
	requireGone(t, folder)
}

// requireGone waits until no process of the fake command is left.
func requireGone(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "processes"))
	require.NoError(t, err)
	for _, pid := range strings.Fields(string(text)) {
		require.Eventually(t, func() bool { return exec.Command("kill", "-0", pid).Run() != nil },
			patience, 50*time.Millisecond, "Temporal goes on without pirogue dev")
	}
}

func TestInstalledTemporalMustFit(t *testing.T) {
	t.Parallel()

	for printed, want := range map[string]bool{
		"temporal version 1.9.2 (Server 1.32.1, UI 2.55.0)":     true,
		"temporal version 1.9.4 (Server 1.32.12, UI 2.55.0, x)": true,
		"temporal version 1.9.4 (Server 1.32.1)":                true,
		"temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)":     false,
		"temporal version 1.9.1 (Server 1.32.1-162.0, UI 2.54)": false,
		"temporal version 2.0.0 (Server 1.33.1, UI 2.60.0)":     false,
		"temporal version 2.0.0 (Server 2.32.1, UI 2.60.0)":     false,
		"another program of this name":                          false,
	} {
		require.Equal(t, want, fits(serverVersion(printed)), printed)
	}
}

func TestTemporalIsChosen(t *testing.T) {
	found, old, empty := installTemporal(t, temporalVersion), installTemporal(t, "1.31.0"), t.TempDir()
	built := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(built, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(built, ownDevServer), nil, 0o700))
	for name, row := range map[string]struct {
		folder, path, setting string
		want, fails           string
	}{
		"the one that is named":           {built, found, "/opt/devserver", "/opt/devserver", ""},
		"ours, if it is built":            {built, found, "", ownDevServer, ""},
		"the installed one":               {empty, found, "", filepath.Join(found, "temporal"), ""},
		"none: the installed one is old":  {empty, old, "", "", `has server "1.31.0"`},
		"none: neither built nor install": {empty, empty, "", "", "make bin/devserver"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(row.folder)
			t.Setenv("PATH", row.path+":/usr/bin:/bin")
			got, err := findDevServer(t.Context(), config.Config{DevServer: row.setting})
			if row.fails != "" {
				require.ErrorContains(t, err, row.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, got.path)
		})
	}
}

// The installed command gets the settings of our devserver, and its server is as old at least.
func TestInstalledTemporalHasOurSettings(t *testing.T) {
	t.Parallel()

	root := piroguetest.Root(t)
	module, err := os.ReadFile(filepath.Join(root, "devserver", "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(module), "go.temporal.io/server v"+temporalVersion+"\n")
	server, err := os.ReadFile(filepath.Join(root, "devserver", "server.go"))
	require.NoError(t, err)
	for _, constant := range []string{"const longPoll = 20 * time.Second\n", "const shardPolls = 2000\n"} {
		require.Contains(t, string(server), constant)
	}
	for _, setting := range cliSettings {
		name, value, found := strings.Cut(setting, "=")
		require.True(t, found, setting)
		_, last, _ := strings.Cut(name, ".")
		require.Regexp(t, "(?i)"+last+`\.Key\(\)`, string(server), "our devserver does not set it")
		_, err := strconv.Unquote(value)
		require.True(t, err == nil || value == "true" || regexp.MustCompile(`^\d+$`).MatchString(value), setting)
	}
}
