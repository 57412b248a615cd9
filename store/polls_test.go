package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// TestProgress reads what an open payment waits for.
func TestProgress(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order")
		progress := func() lifecycle.AttemptProgress {
			got, err := w.db.Payments.Progress(w.ctx(), p.ID)
			require.NoError(w.t, err)
			return got
		}
		_, sent := w.latest(p.ID)
		want := lifecycle.AttemptProgress{
			Operator: a.Operator, State: pirogue.AttemptSent, SentAt: sent.SentAt, FirstSent: sent.FirstSent,
		}
		require.Equal(w.t, want, progress())
		_, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
			AttemptID: a.ID, Sendings: 1, At: w.at(time.Second), Next: w.at(time.Minute),
		})
		require.NoError(w.t, err)
		want.NextPoll = w.at(time.Minute).UTC()
		require.Equal(w.t, want, progress())

		for _, cause := range []support.Cause{support.CauseEarlierPaid, support.CauseUnknown} {
			c := support.Case{ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, OpenedAt: w.at(0)}
			require.NoError(w.t, w.opens(c))
			want.NeedsSupport = cause == support.CauseUnknown
			require.Equal(w.t, want, progress(), cause)
		}
		require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), support.NewCaseID(p.ID, support.CauseUnknown), w.at(time.Hour)))
		want.NeedsSupport = false
		require.Equal(w.t, want, progress())

		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
		w.beginAskFirst()
		want.Suspended, want.AskFirst = true, true
		require.Equal(w.t, want, progress())
		_, err = w.db.Payments.Progress(w.ctx(), "none")
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
	})
}
