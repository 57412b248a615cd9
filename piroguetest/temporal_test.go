package piroguetest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// TestStartServer starts a script whose first ports are taken.
func TestStartServer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	starts := filepath.Join(folder, "starts")
	script := filepath.Join(folder, "server")
	require.NoError(t, os.WriteFile(script, []byte(`#!/bin/sh
echo start >> "$1"
if [ "$(wc -l < "$1")" -lt 3 ]; then
  echo "listen tcp 127.0.0.1:7233: bind: address already in use" >&2
  exit 1
fi
echo '{"Frontend":"127.0.0.1:7234"}'
exec sleep 600
`), 0o700))

	server := startServer(t, script, []string{starts})
	require.Equal(t, "127.0.0.1:7234", server.Address)
	server.Kill()
	server.Kill() // does nothing
	lines, err := os.ReadFile(starts)
	require.NoError(t, err)
	require.Equal(t, "start\nstart\nstart\n", string(lines))
}

// TestTemporalOnPostgres starts Temporal on PostgreSQL, and again on the same databases.
func TestTemporalOnPostgres(t *testing.T) {
	t.Parallel()
	postgres := StartFragilePostgres(t)
	args := []string{"-port", "0", "-ui-port", "0", "-postgres", postgres.URL}
	first := StartTemporal(t, args...)
	startIdle(t, first.Address)
	first.Kill()
	requireFound(t, StartTemporal(t, args...).Address)
}

// startIdle starts a workflow that nobody works on.
func startIdle(t *testing.T, address string) {
	c := dialTemporal(t, address)
	status := temporal.NewSearchAttributeKeyKeyword("PaymentStatus").ValueSet("PENDING")
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "idle", TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(status),
	}, "Idle")
	require.NoError(t, err)
}

// requireFound requires that the search attribute finds the workflow of startIdle.
func requireFound(t *testing.T, address string) {
	c := dialTemporal(t, address)
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: `PaymentStatus = "PENDING"`,
		})
		all := found.GetExecutions()
		return err == nil && len(all) == 1 && all[0].GetExecution().GetWorkflowId() == "idle"
	}, temporalReady, 100*time.Millisecond)
}

// dialTemporal connects to a server for the test.
func dialTemporal(t *testing.T, address string) client.Client {
	c, err := client.Dial(client.Options{HostPort: address})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
