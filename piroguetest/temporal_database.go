package piroguetest

import (
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// SQLite locks single bytes of a write-ahead log's index. A writer locks byte 120, and
// every reader shares one of the bytes 123 to 127.
var sqliteLocks = []int64{123, 124, 125, 126, 127, 120}

// TakeTemporalDatabase keeps a development server from its SQLite file, and returns how to
// give the file back. The server itself goes on, as one whose database is away does.
func TakeTemporalDatabase(t testing.TB, file string) (giveBack func()) {
	t.Helper()
	index, err := os.OpenFile(file+"-shm", os.O_RDWR, 0) //nolint:gosec // of the test's own server
	require.NoError(t, err)
	giveBack = sync.OnceFunc(func() { require.NoError(t, index.Close()) }) // which ends every lock
	t.Cleanup(giveBack)
	for _, at := range sqliteLocks {
		lockByte(t, index, at)
	}
	return giveBack
}

// lockByte waits until it has the lock of one byte.
func lockByte(t testing.TB, f *os.File, at int64) {
	t.Helper()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: 0, Start: at, Len: 1}
	require.NoError(t, syscall.FcntlFlock(f.Fd(), syscall.F_SETLKW, &lock))
}
