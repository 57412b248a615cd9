package piroguetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
