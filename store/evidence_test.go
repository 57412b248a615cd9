package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
)

func TestAStatusQuestionIsCountedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, asked := w.latest(p.ID)
		for range 2 { // the same query recorded again
			w.recordPoll(asked, pirogue.OutcomePending, "PENDING", 5*time.Second)
		}
		w.pollOnce(a, pirogue.OutcomePending, "SUC\x00CESS\xff", 10*time.Second)
		w.recordPoll(asked, pirogue.OutcomePaid, "older", 17*time.Second)
		_, attempt := w.latest(p.ID)
		require.Equal(w.t, 2, attempt.Polls)
		require.Equal(w.t, w.at(10*time.Second), attempt.PolledAt)
		require.Equal(w.t, "SUC\uFFFDCESS\uFFFD", attempt.OperatorMessage)
		_, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{AttemptID: "none", At: w.at(0)})
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
	})
}

// Whichever worker asks first, the operator is asked for its callback once.
func TestCallbackResendClaimedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, attempt := w.latest(p.ID)
		require.Zero(w.t, attempt.CallbackAskedAt)
		var claimed atomic.Int64
		require.NoError(w.t, concurrently(20, func(int) error {
			first, err := w.db.Attempts.ClaimCallbackResend(w.ctx(), a.ID, w.at(time.Hour))
			if first {
				claimed.Add(1)
			}
			return err
		}))
		require.EqualValues(w.t, 1, claimed.Load())
		first, err := w.db.Attempts.ClaimCallbackResend(w.ctx(), a.ID, w.at(2*time.Hour))
		require.NoError(w.t, err)
		require.False(w.t, first)
		_, attempt = w.latest(p.ID)
		require.Equal(w.t, w.at(time.Hour), attempt.CallbackAskedAt)
		_, other := w.sent("order_2")
		first, err = w.db.Attempts.ClaimCallbackResend(w.ctx(), other.ID, w.at(time.Hour))
		require.NoError(w.t, err)
		require.True(w.t, first, "each attempt is asked about once")
	})
}

// One worker waits for the operator's result. Meanwhile another run of the same activity records
// that it received none. The first result is overtaken, and it still stands between two equal ones.
func TestAnAnswerThatIsOvertakenContradicts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		w.pollOnce(a, pirogue.OutcomeDeclined, "declined", 0)
		_, asked := w.latest(p.ID)
		w.pollOnce(a, "", "502", 5*time.Second)
		require.Empty(w.t, w.recordPoll(asked, pirogue.OutcomeAbsent, "not known", 8*time.Second).Outcome)
		require.Equal(w.t, 1, w.pollOnce(a, pirogue.OutcomeDeclined, "declined", 9*time.Second).Times)

		_, asked = w.latest(p.ID)
		w.pollOnce(a, pirogue.OutcomeDeclined, "declined", 14*time.Second)
		require.Equal(w.t, 2, w.recordPoll(asked, pirogue.OutcomeDeclined, "declined", 15*time.Second).Times)
	})
}

// The clock of the worker that queries second is a little slow. A result that contradicts the
// refusal counts all the same.
func TestAnAnswerContradictsWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		w.pollOnce(a, pirogue.OutcomeDeclined, "declined", 10*time.Second)
		require.Equal(w.t, pirogue.OutcomePending, w.pollOnce(a, pirogue.OutcomePending, "under way", 9*time.Second).Outcome)
		require.Equal(w.t, 1, w.pollOnce(a, pirogue.OutcomeDeclined, "declined", 20*time.Second).Times)
	})
}

// pollOnce records one status query.
func (w *world) pollOnce(a pirogue.Attempt, o pirogue.Outcome, message string, after time.Duration) pirogue.Evidence {
	w.t.Helper()
	a, err := w.db.Callbacks.AttemptByRef(w.ctx(), a.Operator, a.Ref)
	require.NoError(w.t, err)
	return w.recordPoll(a, o, message, after)
}

// recordPoll records the result of a query that began while the attempt was as in a.
func (w *world) recordPoll(a pirogue.Attempt, o pirogue.Outcome, message string, after time.Duration) pirogue.Evidence {
	w.t.Helper()
	evidence, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
		AttemptID: a.ID, Sendings: a.Sendings, Polls: a.Polls, Outcome: o, Message: message, At: w.at(after),
	})
	require.NoError(w.t, err)
	return evidence
}

// A run that was given up makes a query and hangs. It records the result after the operator has
// answered otherwise, or after the attempt has left once more.
func TestAnAnswerThatComesLateIsNoEvidence(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const absent, declined = pirogue.OutcomeAbsent, pirogue.OutcomeDeclined
		p, a := w.sent("order_1")
		_, asked := w.latest(p.ID)
		w.pollOnce(a, pirogue.OutcomePending, "under way", 5*time.Second)
		late := w.recordPoll(asked, declined, "declined, once", 10*time.Second)
		require.Empty(w.t, late.Outcome)
		evidence := w.pollOnce(a, declined, "declined", 20*time.Second)
		require.Equal(w.t, pirogue.Evidence{Outcome: declined, Times: 1, Since: w.at(20 * time.Second)}, evidence)

		_, asked = w.latest(p.ID)
		_, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(30*time.Second))
		require.NoError(w.t, err)
		require.Empty(w.t, w.recordPoll(asked, absent, "not known yet", 40*time.Second).Outcome)
		_, attempt := w.latest(p.ID)
		require.Equal(w.t, 2, attempt.Polls)
		require.Equal(w.t, "declined", attempt.OperatorMessage)
	})
}

func TestEvidenceIsWhatTheOperatorSaysAgainAndAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		const absent, declined = pirogue.OutcomeAbsent, pirogue.OutcomeDeclined
		for _, row := range []struct {
			name  string
			said  pirogue.Outcome
			at    int // seconds
			want  pirogue.Outcome
			times int
			since int
		}{
			{"no answer at all", "", 2, "", 0, 0},
			{"a first answer", absent, 3, absent, 1, 3},
			{"an equal answer", absent, 5, absent, 2, 3},
			{"silence in between", "", 6, absent, 2, 3},
			{"a third equal answer", absent, 7, absent, 3, 3},
			{"another answer", declined, 8, declined, 1, 8},
			{"the first one again", absent, 9, absent, 1, 9},
		} {
			want := pirogue.Evidence{Outcome: row.want, Times: row.times}
			if row.times > 0 {
				want.Since = w.at(time.Duration(row.since) * time.Second)
			}
			require.Equal(w.t, want, w.pollOnce(a, row.said, "", time.Duration(row.at)*time.Second), row.name)
			_, attempt := w.latest(p.ID)
			require.Equal(w.t, want, attempt.Evidence, row.name)
		}
	})
}
