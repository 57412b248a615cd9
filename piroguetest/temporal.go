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
const temporalReady = 30 * time.Second

// Temporal starts a real Temporal server for the test alone, in memory, and returns its
// address. The server ends with the test.
func Temporal(t testing.TB) string {
	t.Helper()
	return StartTemporal(t, "-port", "0", "-ui-port", "0", "-db", filepath.Join(Folder(t), "temporal.db")).Address
}

// TemporalServer is a running development server that a test may kill.
type TemporalServer struct {
	Address string
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
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // our own binary, ended by the clean-up below
	var complaints strings.Builder     // of a server that tests kill and overload; shown if one fails
	cmd.Stderr = &complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill := sync.OnceFunc(func() {
		if cmd.Process.Kill() == nil {
			require.Error(t, cmd.Wait(), "it was killed")
		}
	})
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Log(lastOf(complaints.String()))
		}
	})

	ready := make(chan string, 1)
	go func() {
		var line struct{ Frontend string }
		if json.NewDecoder(bufio.NewReader(stdout)).Decode(&line) == nil {
			ready <- line.Frontend
		}
	}()
	select {
	case address := <-ready:
		return TemporalServer{Address: address, Kill: kill}
	case <-time.After(temporalReady):
		t.Fatalf("Temporal did not answer within %s", temporalReady)
		return TemporalServer{}
	}
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
