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

// The process may die after a poll that repeats the last result, and before it. Neither changes what is
// recorded, nor what readers are told about the polls after it.
func TestAPollThatRepeatsIsNotRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const every = 5 * time.Second
		p, a := w.sent("order_1")
		w.pollPending(p, a, w.at(0))
		_, first := w.latest(p.ID)
		require.Equal(w.t, every, first.PollEvery)
		require.Equal(w.t, w.at(every), first.NextPoll)
		for n := range 7 {
			w.pollPending(p, a, w.at(time.Duration(n+1)*every))
			_, attempt := w.latest(p.ID)
			require.Equal(w.t, first, attempt, "poll %d", n+2)
		}
		began := w.at(0)
		w.now.Add((32 * time.Second).Microseconds())
		progress, err := w.db.Payments.Progress(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, began.Add(7*every), progress.NextPoll, "the next one of those that are not recorded")
		next, err := w.db.Payments.NextPoll(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, progress.NextPoll, next)

		w.pollPending(p, a, began.Add(8*every))
		_, touched := w.latest(p.ID)
		require.Equal(w.t, 2, touched.Polls, "the sweep sees that the workflow lives")
		require.Equal(w.t, began.Add(8*every), touched.PolledAt)
		require.Equal(w.t, 2, touched.Evidence.Times)

		w.recordPoll(touched, pirogue.OutcomePending, "support asks", 9*every) // out of turn
		_, asked := w.latest(p.ID)
		require.Equal(w.t, touched.NextPoll, asked.NextPoll)
		require.Equal(w.t, every, asked.PollEvery)
	})
}
