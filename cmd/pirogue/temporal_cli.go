package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"pirogue/config"
	"pirogue/worker"
	"pirogue/workflows"
)

const (
	// ownDevServer is the path at which `make bin/devserver` builds the development server.
	ownDevServer = "bin/devserver"
	// temporalCLI is the name of Temporal's own command. It contains a development server too, which
	// may replace ours on a laptop.
	temporalCLI   = "temporal"
	versionWithin = 10 * time.Second // the time in which the command tells its version
)

// devServer is a development server of Temporal that pirogue dev can start.
type devServer struct {
	path  string
	isCLI bool
	// version is the version of the server in the command. It is empty for our own devserver.
	version string
}

// findDevServer returns the server that the settings name. Without a setting it returns our own
// server if it is built, and else an installed command that fits. The error says why there is none.
func findDevServer(ctx context.Context, conf config.Config) (devServer, error) {
	if conf.DevServer != "" {
		return devServer{path: conf.DevServer}, nil
	}
	path, err := exec.LookPath(ownDevServer)
	if err == nil {
		return devServer{path: path}, nil
	}
	installed, why := installedCLI(ctx)
	if why != nil {
		return devServer{}, fmt.Errorf(
			"no Temporal to start: `make %s` builds one, PIROGUE_DEVSERVER names another, TEMPORAL_ADDRESS one that runs: %w",
			ownDevServer, errors.Join(err, why))
	}
	return installed, nil
}

// installedCLI returns the installed command, if its server fits.
func installedCLI(ctx context.Context) (devServer, error) {
	path, err := exec.LookPath(temporalCLI)
	if err != nil {
		return devServer{}, err
	}
	ctx, stop := context.WithTimeout(ctx, versionWithin)
	defer stop()
	printed, err := exec.CommandContext(ctx, path, "--version").Output() //nolint:gosec // the user's own command
	if err != nil {
		return devServer{}, fmt.Errorf("%s --version: %w", path, err)
	}
	version := serverVersion(string(printed))
	if !fits(version) {
		return devServer{}, fmt.Errorf("%s has server %q, not %s or a later one of the same minor version",
			path, version, temporalVersion)
	}
	return devServer{path: path, isCLI: true, version: version}, nil
}

// printedServer matches the version of the server in the output of `temporal --version`:
// "temporal version 1.9.2 (Server 1.32.1, UI 2.55.0)". One with a suffix precedes the release.
var printedServer = regexp.MustCompile(`\bServer (\d+\.\d+\.\d+)[,)]`)

// serverVersion returns the version of the released server in a command, or "".
func serverVersion(printed string) string {
	if match := printedServer.FindStringSubmatch(printed); match != nil {
		return match[1]
	}
	return ""
}

// fits reports whether a server has the minor version of ours, and is no older.
func fits(version string) bool {
	minor, patch, found := cutPatch(version)
	ourMinor, ourPatch, _ := cutPatch(temporalVersion)
	return found && minor == ourMinor && patch >= ourPatch
}

// cutPatch splits 1.32.1 into 1.32 and 1.
func cutPatch(version string) (minor string, patch int, found bool) {
	dot := strings.LastIndexByte(version, '.')
	if dot < 0 {
		return "", 0, false
	}
	patch, err := strconv.Atoi(version[dot+1:])
	return version[:dot], patch, err == nil
}

// withParent runs its arguments as a command until that ends, a SIGTERM comes or the parent
// process is gone. Our own devserver does this by itself.
const withParent = `
"$@" & child=$!
trap 'kill "$child"' TERM
while kill -0 "$child"; do
	kill -0 "$PPID" || { kill "$child"; break; }
	sleep 1
done >/dev/null 2>&1 &
wait "$child" || wait "$child"`

// cliSettings are the dynamic settings of our devserver that the command takes too.
var cliSettings = []string{
	"matching.enableFairness=true",
	"matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1",
	`matching.longPollExpirationInterval="20s"`,
	"history.transferProcessorMaxPollRPS=2000", "history.timerProcessorMaxPollRPS=2000",
	"history.visibilityProcessorMaxPollRPS=2000",
}

// command returns the command that starts the server. An installed one has the same ports, search
// attributes, queues and settings of its file, and the same end.
func (s devServer) command(ctx context.Context, conf config.Config) *exec.Cmd {
	port, uiPort := strconv.Itoa(conf.TemporalPort), strconv.Itoa(conf.TemporalUIPort)
	endpoint, file := "http://"+conf.AdminAddr+"/codec", filepath.Join(conf.DataDir, s.fileName())
	if !s.isCLI {
		args := []string{
			"-db", file, "-port", port, "-ui-port", uiPort, "-codec-endpoint", endpoint, "-exit-with-parent",
		}
		for _, attribute := range workflows.SearchAttributes() {
			args = append(args, "-search-attribute", attribute)
		}
		return exec.CommandContext(ctx, s.path, args...) //nolint:gosec // our own binary
	}
	args := []string{
		"-c", withParent, "sh", s.path, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn",
		"--db-filename", file, "--port", port, "--ui-port", uiPort, "--ui-codec-endpoint", endpoint,
		"--ui-disable-news-fetch", "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal",
		"--sqlite-pragma", "busy_timeout=5000",
	}
	for _, attribute := range workflows.SearchAttributes() {
		args = append(args, "--search-attribute", attribute)
	}
	for _, setting := range cliSettings {
		args = append(args, "--dynamic-config-value", setting)
	}
	return exec.CommandContext(ctx, "sh", args...) //nolint:gosec // the user's own command
}

// fileName returns the name of the server's database. An installed command adds no search attribute
// to a file, so other attributes need another file.
func (s devServer) fileName() string {
	if !s.isCLI {
		return "temporal-" + temporalVersion + ".db"
	}
	h := fnv.New32a()
	h.Write([]byte(strings.Join(workflows.SearchAttributes(), " ")))
	return fmt.Sprintf("temporal-cli-%s-%08x.db", s.version, h.Sum32())
}

// answers waits until the server answers, and reports false if it ends first. Our own prints a line.
// An installed command prints none that is the same in all versions, so it is asked.
func (s devServer) answers(ctx context.Context, stdout io.Reader, address string) bool {
	if !s.isCLI {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "frontend") {
				return true
			}
		}
		return false
	}
	ctx, ended := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, stdout) //nolint:errcheck // it ends with the process
		ended()
	}()
	for ctx.Err() == nil {
		c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: worker.Logger(zap.NewNop())})
		if err == nil {
			c.Close()
			return true
		}
		sleep(ctx, readyEvery)
	}
	return false
}

// differences says what the server cannot do that our own can.
func (s devServer) differences() string {
	if !s.isCLI {
		return ""
	}
	return "Temporal is " + s.path + ", server " + s.version + `, which is installed.
Unlike bin/devserver (make bin/devserver):
  - its Web UI offers to cancel, terminate, reset, signal and update workflows. That can pay twice, or
    leave a payment that nobody follows. Use pirogue admin.
  - it forgets a closed workflow after 1 day, not after 30.
`
}
