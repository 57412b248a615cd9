package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
)

// A line whose payment had a workflow in the time that the restored database lost may have been
// paid. It does not begin, and no cancellation returns its money.
func TestALineThatBeganInALostTime(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		w.fund(100_000)
		b, lines := w.acceptBulk("april", 1000, 2000, 3000)
		w.beginAskFirst()
		w.lose(lines[0].Payment)
		_, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, 10, w.firstAttempt)
		require.Equal(w.t, pirogue.MerchantSuspended, pirogue.CodeOf(err), "none begins while operators are asked")
		fresh, others := w.bulk("may", 500)
		_, _, err = w.db.Bulks.AcceptBulk(w.ctx(), fresh, others)
		require.ErrorIs(w.t, err, lifecycle.ErrAskFirst)
		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(0))
		require.ErrorIs(w.t, err, lifecycle.ErrAskFirst)

		w.endAskFirst()
		require.Equal(w.t, 1, w.startLines(b, 1))
		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(0))
		require.NoError(w.t, err)
		require.Zero(w.t, w.startLines(b, 10))
		_, counts := w.bulkState(b)
		require.Equal(w.t, 1, counts[bulk.LineWaiting], "%v", counts)
		_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(0))
		require.NoError(w.t, err)
		require.False(w.t, closed)
		w.requireBalance(100_000-1020, 1020)
		w.requireSound()
	})
}
