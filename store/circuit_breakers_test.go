package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

func TestAnOperatorsHealthIsChangedByWhoeverReadItLast(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const code = pirogue.OperatorCode("orange-web-ml")
		well, err := w.db.Operators.Breaker(w.ctx(), code)
		require.NoError(w.t, err)
		require.Equal(w.t, operator.CircuitBreaker{Operator: code, State: operator.BreakerClosed}, well)

		down := well.Failed("connection refused", w.at(0))
		for _, first := range []bool{true, false} {
			saved, err := w.db.Operators.SaveBreaker(w.ctx(), down)
			require.NoError(w.t, err)
			require.Equal(w.t, first, saved, "the second one read what is no more")
		}
		kept, err := w.db.Operators.Breaker(w.ctx(), code)
		require.NoError(w.t, err)
		down.Version = 1
		require.Equal(w.t, down, kept)

		back := kept.Succeeded(12, w.at(time.Minute))
		saved, err := w.db.Operators.SaveBreaker(w.ctx(), back)
		require.NoError(w.t, err)
		require.True(w.t, saved)
		saved, err = w.db.Operators.SaveBreaker(w.ctx(), kept.Failed("again", w.at(time.Hour)))
		require.NoError(w.t, err)
		require.False(w.t, saved, "an outage that ended does not begin again by an old report")

		require.NoError(w.t, w.db.Operators.Park(w.ctx(), operator.ServiceChange{
			Operator: code, Parked: true, Actor: "awa", Reason: "contract ends", At: w.at(2 * time.Hour),
		}))
		all, err := w.db.Operators.Breakers(w.ctx())
		require.NoError(w.t, err)
		require.Len(w.t, all, 1)
		require.True(w.t, all[code].Parked)
		require.Equal(w.t, "awa", all[code].ParkedBy)
		require.Equal(w.t, operator.BreakerClosed, all[code].State, "who parks it says nothing about how it does")
		require.NoError(w.t, w.db.Operators.Park(w.ctx(), operator.ServiceChange{
			Operator: code, Actor: "awa", Reason: "contract renewed", At: w.at(3 * time.Hour),
		}))
		kept, err = w.db.Operators.Breaker(w.ctx(), code)
		require.NoError(w.t, err)
		require.True(w.t, kept.Available())
	})
}

func TestPostponedPayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.accept("order_1")
		for range 2 {
			postponed, err := w.db.Attempts.Postpone(w.ctx(), a.ID, "out of service", w.at(time.Second))
			require.NoError(w.t, err)
			require.True(w.t, postponed)
		}
		stored, attempt, err := w.db.Attempts.Latest(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusPending, stored.Status)
		require.Equal(w.t, pirogue.AttemptPrepared, attempt.State)
		require.True(w.t, attempt.SentAt.IsZero())
		require.Equal(w.t, "out of service", attempt.OperatorMessage)

		waiting, err := w.db.Operators.Waiting(w.ctx(), a.Operator)
		require.NoError(w.t, err)
		require.Equal(w.t, 1, waiting)
		inFlight, err := w.db.Operators.InFlight(w.ctx(), a.Operator)
		require.NoError(w.t, err)
		require.Zero(w.t, inFlight, "nobody asks about it")

		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
		waiting, err = w.db.Operators.Waiting(w.ctx(), a.Operator)
		require.NoError(w.t, err)
		require.Zero(w.t, waiting, "a suspended merchant's payment waits for something else")
		require.NoError(w.t, w.db.Merchants.ResumeMerchant(w.ctx(), w.owner.MerchantID))

		unstarted, err := w.db.Restarts.Unstarted(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Empty(w.t, unstarted, "the sweep leaves it alone")
		sent, err := w.markSent(a.ID, false, w.at(time.Minute))
		require.NoError(w.t, err)
		require.True(w.t, sent, "it is sent when its turn comes")
		waiting, err = w.db.Operators.Waiting(w.ctx(), a.Operator)
		require.NoError(w.t, err)
		require.Zero(w.t, waiting)
		inFlight, err = w.db.Operators.InFlight(w.ctx(), a.Operator)
		require.NoError(w.t, err)
		require.Equal(w.t, 1, inFlight)
	})
}

func TestAnAnswerThatIsUnknownKeepsWhatTheOperatorNamed(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.accept("order_1")
		sent, err := w.markSent(a.ID, false, w.at(0))
		require.NoError(w.t, err)
		require.True(w.t, sent)
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: a.ID, State: pirogue.AttemptUnknown, Handle: pirogue.Handle{"ref": "R1"}, At: w.at(time.Second),
		}))
		_, attempt, err := w.db.Attempts.Latest(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.Handle{"ref": "R1"}, attempt.Handle)

		for i, named := range []pirogue.Handle{nil, {"path": "direct"}} {
			again, err := w.markSent(a.ID, true, w.at(2*time.Second))
			require.NoError(w.t, err)
			require.True(w.t, again)
			require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
				AttemptID: a.ID, Sending: i + 2, State: pirogue.AttemptUnknown, Handle: named,
				At: w.at(3 * time.Second),
			}))
			_, attempt, err = w.db.Attempts.Latest(w.ctx(), p.ID)
			require.NoError(w.t, err)
			require.Equal(w.t, "R1", attempt.Handle["ref"], "it takes nothing back")
			require.Equal(w.t, named["path"], attempt.Handle["path"])
		}
	})
}

func TestWhatCallbacksSaidIsKeptInTheirOrder(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.accept("order_1")
		texts := []operator.OperatorResult{
			{Outcome: pirogue.OutcomeDeclined, Message: "FAILURE"},
			{
				Outcome: pirogue.OutcomePaid, Message: "SUCCESS", ProviderTxID: "TX1", Mismatch: "counterparty",
				Amount: pirogue.Money{Minor: 500, Currency: pirogue.XAF},
			},
		}
		for n, receipt := range texts {
			at := w.at(time.Duration(n) * time.Second)
			_, err := w.db.Callbacks.RecordCallback(w.ctx(), operator.NewCallback(a, receipt, []byte{byte(n)}, at))
			require.NoError(w.t, err)
		}
		kept, err := w.db.Callbacks.Callbacks(w.ctx(), a.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, texts, kept)
	})
}

func TestWatchLoad(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		polled := func(reference string, status pirogue.Status, next time.Duration) pirogue.Attempt {
			p, a := w.sent(reference)
			_, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
				AttemptID: a.ID, Sendings: 1, At: w.at(time.Second), Next: w.at(next),
			})
			require.NoError(w.t, err)
			if status != "" {
				w.finalize(p, status, status == pirogue.StatusExpired)
			}
			return a
		}
		first := polled("due", pirogue.StatusExpired, time.Hour)
		w.now.Add(time.Minute.Microseconds())
		polled("due as well", pirogue.StatusExpired, time.Hour)
		polled("not yet", pirogue.StatusExpired, 3*time.Hour)
		polled("open", "", time.Hour)
		polled("not watched", pirogue.StatusFailed, time.Hour)
		load, err := w.db.Operators.WatchLoad(w.ctx(), first.Operator, w.at(-time.Hour), w.at(2*time.Hour))
		require.NoError(w.t, err)
		require.Equal(w.t, operator.WatchLoad{Due: 2, First: w.at(time.Second - time.Minute).UTC()}, load)
		load, err = w.db.Operators.WatchLoad(w.ctx(), first.Operator, w.at(0), w.at(time.Minute))
		require.NoError(w.t, err)
		require.Zero(w.t, load)
	})
}

func TestNextPoll(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order")
		next, err := w.db.Payments.NextPoll(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Zero(w.t, next)
		for at, row := range []struct{ next, want time.Time }{
			{w.at(time.Minute), w.at(time.Minute)},
			{time.Time{}, w.at(time.Minute)}, // a query of support's changes nothing
			{w.at(time.Hour), w.at(time.Hour)},
		} {
			poll := lifecycle.Poll{
				AttemptID: a.ID, Sendings: 1, Polls: at, At: w.at(time.Duration(at+1) * time.Second), Next: row.next,
			}
			_, err := w.db.Attempts.RecordPoll(w.ctx(), poll)
			require.NoError(w.t, err)
			next, err := w.db.Payments.NextPoll(w.ctx(), p.ID)
			require.NoError(w.t, err)
			require.Equal(w.t, row.want.UTC(), next)
		}
	})
}

func TestOperatorLoadCountsOpenAndWatched(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("old")
		w.now.Add(time.Hour.Microseconds())
		w.sent("fresh")
		w.accept("not sent")
		watched, _ := w.sent("watched")
		_, err := w.end(watched, pirogue.StatusExpired, pirogue.FailedNotPaid) // a minute from the present
		require.NoError(w.t, err)
		paid, _ := w.sent("paid")
		_, err = w.success(paid)
		require.NoError(w.t, err)

		load := func(fresh, since time.Duration) operator.PollLoad {
			got, err := w.db.Operators.PollLoad(w.ctx(), a.Operator, w.at(fresh), w.at(since))
			require.NoError(w.t, err)
			return got
		}
		require.Equal(w.t, operator.PollLoad{Open: 2, Fresh: 1, Watched: 1}, load(-time.Minute, -time.Hour))
		require.Equal(w.t, operator.PollLoad{Open: 2, Fresh: 2}, load(-2*time.Hour, time.Hour))
		none, err := w.db.Operators.PollLoad(w.ctx(), "moov-web-ml", w.at(-2*time.Hour), w.at(-2*time.Hour))
		require.NoError(w.t, err)
		require.Zero(w.t, none)
	})
}
