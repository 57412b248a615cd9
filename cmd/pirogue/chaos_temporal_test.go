//go:build chaos

package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"
)

// The two faults of Temporal's database, each once in a run, in the names of faults.
const (
	deleted  = "temporal with its database"
	restored = "temporal, restored from an older copy"
)

// olderBy is the age of the copy from which Temporal is restored: it is behind our own database
// by that.
const olderBy = 15 * time.Second

// temporalData breaks Temporal's database in a fault run.
type temporalData struct{ *chaosWorld }

// temporalFiles returns the files of Temporal's database.
func (h temporalData) temporalFiles() []string {
	files, err := filepath.Glob(filepath.Join(h.data, "temporal.db*"))
	require.NoError(h.t, err)
	return files
}

// clearTemporal deletes Temporal's database. Temporal must be down.
func (h temporalData) clearTemporal() {
	for _, file := range h.temporalFiles() {
		require.NoError(h.t, os.Remove(file))
	}
}

// loseTemporal deletes Temporal's database and keeps Temporal down for a while. It comes back
// empty.
func (h temporalData) loseTemporal(down time.Duration) {
	h.temporal.Kill()
	h.clearTemporal()
	time.Sleep(down)
	h.startTemporal()
}

// restoreTemporal restores Temporal's database to its state of olderBy ago.
func (h temporalData) restoreTemporal() {
	h.temporal.Kill()
	copied := map[string][]byte{}
	for _, file := range h.temporalFiles() {
		raw, err := os.ReadFile(file)
		require.NoError(h.t, err)
		copied[file] = raw
	}
	h.startTemporal()
	time.Sleep(olderBy)
	h.temporal.Kill()
	h.clearTemporal()
	for file, raw := range copied {
		require.NoError(h.t, os.WriteFile(file, raw, privateFile))
	}
	h.startTemporal()
}
