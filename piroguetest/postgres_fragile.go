package piroguetest

import (
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FragilePostgres is a PostgreSQL that keeps every acknowledged write. A test may kill it
// and start it again on the same data.
type FragilePostgres struct {
	URL      string
	cluster  cluster
	settings []string
	cmd      *exec.Cmd
	gone     <-chan struct{}
}

// StartFragilePostgres creates a cluster for the test alone and starts it.
func StartFragilePostgres(t testing.TB) *FragilePostgres {
	t.Helper()
	return startFragile(t, "")
}

// StartMeasuredPostgres starts a FragilePostgres that counts its statements in the view
// pg_stat_statements of its own database.
func StartMeasuredPostgres(t testing.TB) *FragilePostgres {
	t.Helper()
	p := startFragile(t, "", "shared_preload_libraries=pg_stat_statements", "max_connections=300",
		"pg_stat_statements.track=all")
	s := &postgresServer{url: p.URL}
	require.NoError(t, s.exec("CREATE EXTENSION pg_stat_statements"))
	return p
}

// PID returns the process that serves the cluster. Its connections are children of it.
func (p *FragilePostgres) PID() int { return p.cmd.Process.Pid }

// StartFragilePostgresAt starts a FragilePostgres that also listens at an address of this
// machine. A proxy can then stand between it and its callers.
func StartFragilePostgresAt(t testing.TB, address string) *FragilePostgres {
	t.Helper()
	return startFragile(t, address)
}

// startFragile creates a cluster for the test and starts it. address may be "" for a server
// without a TCP port.
func startFragile(t testing.TB, address string, settings ...string) *FragilePostgres {
	t.Helper()
	made, err := makeCluster()
	require.NoError(t, err)
	if address != "" {
		_, made.port, err = net.SplitHostPort(address)
		require.NoError(t, err)
	}
	p := &FragilePostgres{URL: made.url(), cluster: made, settings: settings}
	t.Cleanup(func() { end(p.cmd, p.gone); require.NoError(t, made.remove()) })
	p.Start(t)
	return p
}

// Start starts the server and waits until it responds. It retries, because processes of a
// killed server may still be ending.
func (p *FragilePostgres) Start(t testing.TB) {
	t.Helper()
	settings := append([]string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}, p.settings...)
	require.Eventually(t, func() bool {
		cmd, gone, err := p.cluster.run(settings...)
		if err == nil {
			p.cmd, p.gone = cmd, gone
		}
		return err == nil
	}, postgresReady, 200*time.Millisecond, "PostgreSQL does not come back")
}

// Kill ends the server as a power cut would: it gets no chance to write anything.
func (p *FragilePostgres) Kill(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.gone
}
