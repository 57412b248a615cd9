package piroguetest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/workflows"
)

// temporalReady bounds the time from the development server's start until it responds.
const temporalReady = 2 * time.Minute

const (
	// maxStarts bounds the starts of one server whose ports were taken.
	maxStarts = 5
	portTaken = "address already in use"
)

// Temporal starts a real Temporal server for the test alone, in memory, and returns its
// address. The server ends with the test.
func Temporal(t testing.TB) string {
	t.Helper()
	return StartTemporal(t, "-port", "0", "-ui-port", "0", "-db", filepath.Join(Folder(t), "temporal.db")).Address
}

// TemporalServer is a running development server that a test may kill.
type TemporalServer struct {
	Address string
	PID     int
	Kill    func() // ends it as a power cut would; a second call does nothing
}

// StartTemporal starts bin/devserver with these arguments and Pirogue's search attributes.
func StartTemporal(t testing.TB, args ...string) TemporalServer {
	t.Helper()
	path := filepath.Join(Root(t), "bin", "devserver")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: run `make test`, which builds it", path)
	}
	args = append(args, "-exit-with-parent")
	for _, attribute := range workflows.SearchAttributes() {
		args = append(args, "-search-attribute", attribute)
	}
	return startServer(t, path, args)
}

// startServer starts a server that prints its address. The server draws free ports and listens on
// them a moment later. If another process takes one in between, it starts the server again, at
// most maxStarts times in all.
func startServer(t testing.TB, path string, args []string) TemporalServer {
	t.Helper()
	for try := 1; ; try++ {
		server := runServer(t, path, args)
		select {
		case address, ok := <-server.ready:
			if ok {
				return TemporalServer{Address: address, PID: server.pid, Kill: server.kill}
			}
		case <-time.After(temporalReady):
			t.Fatalf("Temporal did not answer within %s", temporalReady)
		}
		server.kill() // its log is complete now
		if try == maxStarts || !strings.Contains(server.log.String(), portTaken) {
			t.Fatalf("Temporal ended before it answered:\n%s", lastOf(server.log.String()))
		}
	}
}

// serverProcess is a server that was started and may not listen yet.
type serverProcess struct {
	ready chan string // gets the address; closed without one if the server ends first
	kill  func()
	pid   int
	log   *strings.Builder // standard error; complete after kill
}

// runServer starts a server's process. The process ends with the test, which shows the end of its
// log if it fails.
func runServer(t testing.TB, path string, args []string) serverProcess {
	t.Helper()
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // our own binary, ended by the clean-up below
	server := serverProcess{ready: make(chan string, 1), log: &strings.Builder{}}
	cmd.Stderr = server.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	server.pid = cmd.Process.Pid
	server.kill = sync.OnceFunc(func() {
		if cmd.Process.Kill() == nil {
			require.Error(t, cmd.Wait(), "it was killed")
		}
	})
	t.Cleanup(func() {
		server.kill()
		if t.Failed() {
			t.Log(lastOf(server.log.String()))
		}
	})
	go func() {
		defer close(server.ready)
		var line struct{ Frontend string }
		if json.NewDecoder(bufio.NewReader(stdout)).Decode(&line) == nil {
			server.ready <- line.Frontend
		}
	}()
	return server
}

// maxComplaints is the number of bytes of a server's log that a failed test shows.
const maxComplaints = 4000

// lastOf returns the end of a server's log, at most maxComplaints bytes.
func lastOf(log string) string { return log[max(0, len(log)-maxComplaints):] }

// Root returns the folder of the module: the closest parent with a go.mod.
func Root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		require.NotEqual(t, parent, folder, "no go.mod above the test")
		folder = parent
	}
}
