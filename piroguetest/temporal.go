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

// temporalReady is how long the development server may take until it answers.
const temporalReady = 30 * time.Second

// Temporal starts a real Temporal of its own for the test, in memory, and returns
// its address. It ends with the test.
func Temporal(t testing.TB) string {
	t.Helper()
	return StartTemporal(t, "-port", "0", "-ui-port", "0", "-db", filepath.Join(Folder(t), "temporal.db")).Address
}

// TemporalServer is a development server that a test may kill.
type TemporalServer struct {
	Address string
	Kill    func() // ends it as a power cut would; a second time does nothing
}

// StartTemporal starts bin/devserver with these arguments beside our search
// attributes.
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

// maxComplaints is how much of a server's log a failed test shows, in bytes.
const maxComplaints = 4000

func lastOf(log string) string { return log[max(0, len(log)-maxComplaints):] }

// Root returns the folder of the module.
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
