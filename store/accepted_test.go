package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/piroguetest"
)

// TestAcceptedWhileRenewed records an acceptance while another transaction holds the payment and
// changes the attempt. SQLite has one writer, so it knows no such moment.
func TestAcceptedWhileRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	p, a := w.sent("order_1")
	before, _ := w.latest(p.ID)
	db := w.raw()
	tx, err := db.BeginTx(w.ctx(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(w.ctx(), "UPDATE payments SET updated_at = updated_at WHERE id = $1", p.ID)
	require.NoError(t, err)

	recorded := make(chan error, 1)
	go func() {
		recorded <- repeatUnavailable(func() error {
			return w.recordResult(lifecycle.AttemptResult{
				AttemptID: a.ID, State: pirogue.AttemptAccepted, ProviderTxID: "late", At: w.at(2 * time.Minute),
			})
		})
	}()
	require.Eventually(t, func() bool {
		waiting := texts(t, db, `SELECT query FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`)
		return len(waiting) == 1
	}, 10*time.Second, 10*time.Millisecond, "it waits for the payment")
	_, err = tx.ExecContext(w.ctx(), "UPDATE attempts SET state = 'UNKNOWN' WHERE id = $1", a.ID)
	require.NoError(t, err)
	require.NoError(t, tx.Commit())

	require.NoError(t, <-recorded)
	after, attempt := w.latest(p.ID)
	require.Equal(t, pirogue.AttemptUnknown, attempt.State)
	require.Equal(t, before, after)
	w.requireSound()
}
