package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestJournalAppend(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	for _, round := range []string{"first", "second"} {
		journal, err := engine.OpenJournal(path, func([]byte) error { return nil })
		require.NoError(t, err)
		err = errors.Join(journal.Append(round), journal.Append(map[string]int{"n": 1}), journal.Close())
		require.NoError(t, err)
	}
	var lines []string
	journal, err := engine.OpenJournal(path, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, journal.Close())
	})
	want := []string{`"first"`, `{"n":1}`, `"second"`, `{"n":1}`}
	require.Equal(t, want, lines)
	err = journal.Append(func() {})
	require.Error(t, err)
}

func TestJournalPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600)
	require.NoError(t, err)
	for name, path := range map[string]string{
		"a folder in place of a file": folder,
		"a file in place of a folder": filepath.Join(folder, "file", "journal"),
	} {
		_, err := engine.OpenJournal(path, nil)
		require.Error(t, err, name)
	}
	var none *engine.Journal
	err = errors.Join(none.Append("x"), none.Close())
	require.NoError(t, err)
}
