package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheDatabasesClockIsRead compares PostgreSQL's clock with the clock of a machine that is
// slow.
func TestTheDatabasesClockIsRead(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		require.Equal(w.t, !strings.HasPrefix(w.url, "postgres"), w.db.SharesClock())
		if w.db.SharesClock() {
			return
		}
		reading, err := w.db.ReadClock(w.ctx(), func() time.Time { return time.Now().Add(-10 * time.Minute) })
		require.NoError(w.t, err)
		require.Positive(w.t, reading.RoundTrip)
		require.InDelta(w.t, 10*time.Minute, reading.Offset, float64(reading.RoundTrip/2+time.Microsecond))
	})
}
