package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// startDeadline is the time within which the world's payments may start.
const startDeadline = operator.StartDeadline

func TestAPaymentIsNotSentPastItsStartDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, row := range map[string]struct {
			takenUp time.Duration // 0: it is not
			at      time.Duration
			want    lifecycle.SendResult
		}{
			"just in time":           {0, startDeadline - time.Microsecond, lifecycle.SendMarked},
			"at its deadline":        {0, startDeadline, lifecycle.SendPastDeadline},
			"long after":             {0, time.Hour, lifecycle.SendPastDeadline},
			"taken up in time":       {startDeadline - time.Microsecond, time.Hour, lifecycle.SendMarked},
			"taken up too late":      {startDeadline, time.Hour, lifecycle.SendPastDeadline},
			"taken up at its minute": {time.Minute, startDeadline, lifecycle.SendMarked},
		} {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.accept(name)
				if row.takenUp > 0 {
					took, err := w.db.Attempts.Postpone(w.ctx(), a.ID, "waits for its turn", w.at(row.takenUp))
					require.NoError(t, err)
					require.Equal(t, row.takenUp < startDeadline, took)
				}
				before, attempt := w.latest(p.ID)
				sending, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(row.at))
				require.NoError(t, err)
				require.Equal(t, row.want, sending.Result)
				after, unmoved := w.latest(p.ID)
				if row.want == lifecycle.SendMarked {
					require.Equal(t, lifecycle.Sending{Result: lifecycle.SendMarked, Number: 1}, sending)
					require.Equal(t, pirogue.AttemptSent, unmoved.State)
					return
				}
				require.Equal(t, before, after, "not even updated_at may move")
				require.Equal(t, attempt, unmoved)
			})
		}
		w.requireSound()
	})
}

// Each row has the age of a payment and of its attempt's first sending. It says whether the attempt
// may be sent.
func TestSendLimits(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		window := operator.SendLimits{Accepted: 5 * time.Minute}
		twice := operator.SendLimits{Accepted: 5 * time.Minute, Again: 2 * time.Minute}
		for name, row := range map[string]struct {
			limits operator.SendLimits
			sent   time.Duration // before; 0: it was not
			at     time.Duration
			want   lifecycle.SendResult
		}{
			"within its window":        {window, 0, 5*time.Minute - time.Microsecond, lifecycle.SendMarked},
			"at its end":               {window, 0, 5 * time.Minute, lifecycle.SendPastWindow},
			"hours later":              {window, 0, 6 * time.Hour, lifecycle.SendPastWindow},
			"without a window":         {operator.SendLimits{}, 0, 6 * time.Hour, lifecycle.SendMarked},
			"again soon":               {twice, time.Minute, 3*time.Minute - time.Microsecond, lifecycle.SendMarked},
			"again too late":           {twice, time.Minute, 3 * time.Minute, lifecycle.SendOvertaken},
			"again at the same moment": {window, time.Minute, time.Minute, lifecycle.SendOvertaken},
			"again before":             {window, time.Minute, 30 * time.Second, lifecycle.SendOvertaken},
			"again past its window":    {twice, 4 * time.Minute, 5 * time.Minute, lifecycle.SendPastWindow},
		} {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.accept(name)
				w.postpone(a)
				if row.sent > 0 {
					sending, err := w.db.Attempts.Send(w.ctx(), a.ID, window, w.at(row.sent))
					require.NoError(t, err)
					require.Equal(t, lifecycle.SendMarked, sending.Result)
				}
				before, attempt := w.latest(p.ID)
				sending, err := w.db.Attempts.Send(w.ctx(), a.ID, row.limits, w.at(row.at))
				require.NoError(t, err)
				require.Equal(t, row.want, sending.Result)
				if row.want != lifecycle.SendMarked {
					after, unmoved := w.latest(p.ID)
					require.Equal(t, before, after, "not even updated_at may move")
					require.Equal(t, attempt, unmoved)
				}
			})
		}
		w.requireSound()
	})
}

// A line waits for its page and for its operator without a limit. Any other payment would have
// its start deadline.
func TestALineHasNoStartDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, _ := w.acceptBulk("salaries", 100, 200)
		w.startLines(b, 2)
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		_, late := w.accept("order_1")
		marked, err := w.db.BulkLines.SendLines(w.ctx(), []pirogue.AttemptID{unsent[0].Attempt.ID, late.ID}, w.at(time.Hour))
		require.NoError(w.t, err)
		require.Equal(w.t, map[pirogue.AttemptID]lifecycle.Sending{
			unsent[0].Attempt.ID: {Result: lifecycle.SendMarked, Number: 1},
		}, marked)
		sending, err := w.db.Attempts.Send(w.ctx(), unsent[1].Attempt.ID, operator.SendLimits{}, w.at(time.Hour))
		require.NoError(w.t, err)
		require.Equal(w.t, lifecycle.SendMarked, sending.Result)
		w.requireSound()
	})
}

// sendTimes sends an attempt this many times, as a run does that repeats a reference.
func (w *world) sendTimes(a pirogue.Attempt, times int) {
	w.t.Helper()
	for n := 1; n <= times; n++ {
		sending, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(time.Second))
		require.NoError(w.t, err)
		require.Equal(w.t, lifecycle.Sending{Result: lifecycle.SendMarked, Number: n, Repeat: n > 1}, sending)
	}
}

// A run that seemed dead records its result after a later run has sent again.
func TestAnAnswerToAnEarlierSendingOverwritesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, late := range []pirogue.AttemptState{
			pirogue.AttemptPrepared, pirogue.AttemptAccepted, pirogue.AttemptRefused, pirogue.AttemptUnknown,
		} {
			for _, later := range []pirogue.AttemptState{
				pirogue.AttemptSent, pirogue.AttemptAccepted, pirogue.AttemptRefused, pirogue.AttemptUnknown,
			} {
				p, a := w.accept(fmt.Sprintf("%s over %s", late, later))
				w.sendTimes(a, 2)
				answer := lifecycle.AttemptResult{
					AttemptID: a.ID, Sending: 2, State: later, Message: "later", At: w.at(2 * time.Second),
				}
				if later != pirogue.AttemptSent {
					require.NoError(w.t, w.recordResult(answer))
				}
				before, _ := w.latest(p.ID)
				answer.Sending, answer.State, answer.Message = 1, late, "late"
				stored, err := w.db.Attempts.RecordAttemptResult(w.ctx(), answer)
				require.NoError(w.t, err)
				require.Equal(w.t, later, stored)
				after, attempt := w.latest(p.ID)
				require.Equal(w.t, before.Status, after.Status)
				require.Equal(w.t, later, attempt.State)
				require.NotEqual(w.t, "late", attempt.OperatorMessage)
				require.Equal(w.t, w.at(time.Second), attempt.SentAt)
			}
		}
		w.requireSound()
	})
}

func TestAttemptIsPreparedAgainOnceProvenUnsent(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, order := range [][]int{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}, {1, 1, 3, 3, 1, 2}} {
			p, a := w.accept(fmt.Sprint(order))
			w.sendTimes(a, 3)
			texts := map[int]bool{}
			for _, n := range order {
				answer := lifecycle.AttemptResult{
					AttemptID: a.ID, Sending: n, State: pirogue.AttemptPrepared, At: w.at(2 * time.Second),
				}
				texts[n] = true
				want := pirogue.AttemptSent
				switch {
				case len(texts) == 3:
					want = pirogue.AttemptPrepared
				case texts[3]: // the latest did not leave, an earlier one may have
					want = pirogue.AttemptUnknown
				}
				stored, err := w.db.Attempts.RecordAttemptResult(w.ctx(), answer)
				require.NoError(w.t, err)
				require.Equal(w.t, want, stored, "%v after %d", order, n)
				_, attempt := w.latest(p.ID)
				require.Equal(w.t, want, attempt.State)
				require.Equal(w.t, want == pirogue.AttemptPrepared, attempt.SentAt.IsZero())
				require.Equal(w.t, want == pirogue.AttemptPrepared, attempt.FirstSent.IsZero())
			}
			after, _ := w.latest(p.ID)
			require.Equal(w.t, pirogue.StatusPending, after.Status)
		}
		w.requireSound()
	})
}

func TestAnEndThatNeedsNothingSentLooksAtEveryAttempt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, row := range []struct {
			states []pirogue.AttemptState // of the attempts, in their order
			ends   bool
		}{
			{[]pirogue.AttemptState{pirogue.AttemptPrepared}, true},
			{[]pirogue.AttemptState{pirogue.AttemptSent}, false},
			{[]pirogue.AttemptState{pirogue.AttemptUnknown}, false},
			{[]pirogue.AttemptState{pirogue.AttemptAccepted}, false},
			{[]pirogue.AttemptState{pirogue.AttemptRefused}, true},
			{[]pirogue.AttemptState{pirogue.AttemptUnknown, pirogue.AttemptPrepared}, false},
			{[]pirogue.AttemptState{pirogue.AttemptRefused, pirogue.AttemptPrepared}, true},
		} {
			p, a := w.accept(fmt.Sprint(row.states))
			for i, state := range row.states {
				if i > 0 {
					a = w.renew(p, a)
				}
				if state != pirogue.AttemptPrepared {
					w.send(a)
				}
				if state != pirogue.AttemptPrepared && state != pirogue.AttemptSent {
					require.NoError(
						w.t, w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: state, At: w.at(2 * time.Second)}),
					)
				}
			}
			before, _ := w.latest(p.ID)
			unsent, err := w.db.Attempts.NothingSent(w.ctx(), p.ID)
			require.NoError(w.t, err)
			require.Equal(w.t, row.ends, unsent, "%v", row.states)
			finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
				PaymentID: p.ID, Status: pirogue.StatusFailed, Unsent: true, At: w.at(time.Minute),
				Failure: pirogue.Failure{Code: pirogue.FailedUnavailable},
			})
			require.NoError(w.t, err)
			after, _ := w.latest(p.ID)
			require.Equal(w.t, after, finalized.Payment)
			require.Equal(w.t, row.ends, after.Status == pirogue.StatusFailed, "%v", row.states)
			require.Equal(w.t, row.ends, finalized.EventID != "")
			if !row.ends {
				require.Equal(w.t, before, after, "not even updated_at may move")
			}
		}
		w.requireSound()
	})
}

// A run that seemed dead sends at the moment at which the payment ends as not sent. One of the
// two comes first, and the other sees it.
func TestNothingLeavesOfAPaymentThatEndedAsNotSent(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 40 {
			p, a := w.accept(ids.New())
			w.send(a)
			require.NoError(
				w.t, w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: pirogue.AttemptPrepared, At: w.at(0)}),
			)
			var sent bool
			require.NoError(w.t, concurrently(2, func(n int) error {
				var err error
				if n == i%2 {
					_, err = w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
						PaymentID: p.ID, Status: pirogue.StatusFailed, Unsent: true, At: w.at(time.Minute),
						Failure: pirogue.Failure{Code: pirogue.FailedUnavailable},
					})
				} else {
					sent, err = w.markSent(a.ID, false, w.at(time.Second))
				}
				return err
			}))
			got, attempt := w.latest(p.ID)
			require.Equal(w.t, sent, attempt.State == pirogue.AttemptSent)
			require.Equal(w.t, sent, !got.Status.Terminal())
		}
		w.requireSound()
	})
}
