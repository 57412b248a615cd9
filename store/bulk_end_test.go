package store_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/support"
)

// A line whose sealed number cannot be decrypted begins as any other and is named. The lines
// beside it are returned as usual.
func TestALineThatCannotBeReadHidesNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		require.NoError(w.t, w.exec(w.dropGuards(),
			"UPDATE bulk_lines SET msisdn_sealed = (SELECT msisdn_sealed FROM bulk_lines WHERE number = 1) WHERE number = 2"))
		require.Equal(w.t, 3, w.startLines(b, 100))
		w.requireBalance(10_000-6060, 6060)

		open, err := w.db.BulkLines.OpenLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Len(w.t, open, 3)
		for i, line := range open {
			require.Equal(w.t, lines[i].Payment.ID, line.Payment.ID)
			require.Equal(w.t, i == 1, line.Err != nil, "%v", line.Err)
		}
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Len(w.t, unsent, 2)
		w.requireSound()

		w.lineCase(lines[1])
		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Second))
		require.NoError(w.t, err)
		w.requireBalance(10_000, 0)
		require.Zero(w.t, w.openLineCases(b), "the case ends with its payment")
		w.requireSound()
	})
}

// lineCase opens the case of a line that cannot be started.
func (w *world) lineCase(l bulk.BulkLine) {
	w.t.Helper()
	require.NoError(w.t, w.opens(support.Case{
		ID:        support.NewCaseID(l.Payment.ID, support.CauseLineNotStarted),
		PaymentID: l.Payment.ID, Cause: support.CauseLineNotStarted, Note: "no operator", OpenedAt: w.at(0),
	}))
}

// openLineCases returns the number of open lines of a bulk that have an open case.
func (w *world) openLineCases(b bulk.Bulk) int {
	w.t.Helper()
	var after pirogue.PaymentID
	for n := 0; ; n++ {
		lines, err := w.db.BulkLines.UnstartedLines(w.ctx(), b.ID, after, 1)
		require.NoError(w.t, err)
		if len(lines) == 0 {
			return n
		}
		require.Len(w.t, lines, 1)
		after = lines[0].Payment.ID
	}
}

// Each row has the events of a line before its bulk is cancelled, and whether that ends the line.
// Only the attempt's row proves that nothing was sent.
func TestACancelledBulkFreesOnlyWhatWasNotSent(t *testing.T) {
	t.Parallel()

	for name, row := range map[string]struct {
		before func(*world, pirogue.Attempt)
		frees  bool
	}{
		"begun":  {func(*world, pirogue.Attempt) {}, true},
		"parked": {func(w *world, a pirogue.Attempt) { w.postpone(a) }, true},
		"sent":   {func(w *world, a pirogue.Attempt) { w.send(a) }, false},
		"sent after it was parked": {func(w *world, a pirogue.Attempt) {
			w.postpone(a)
			w.send(a)
		}, false},
		"proven not sent": {func(w *world, a pirogue.Attempt) {
			w.send(a)
			w.record(a, pirogue.AttemptPrepared, "said", 0)
		}, true},
		"unknown": {func(w *world, a pirogue.Attempt) {
			w.send(a)
			w.record(a, pirogue.AttemptUnknown, "said", 0)
		}, false},
		"unknown, and another attempt prepared": {func(w *world, a pirogue.Attempt) {
			w.send(a)
			w.record(a, pirogue.AttemptUnknown, "said", 0)
			p, _ := w.latest(a.PaymentID)
			w.renew(p, a)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				w.fund(10_000)
				b, lines := w.acceptBulk("salaries", 1000, 2000)
				w.startLines(b, 1)
				_, a := w.latest(lines[0].Payment.ID)
				row.before(w, a)
				ended, err := w.db.Bulks.EndUnsentLines(w.ctx(), b.ID, w.at(time.Minute), 10)
				require.NoError(w.t, err)
				require.Zero(w.t, ended, "nobody cancelled it")

				_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Minute))
				require.NoError(w.t, err)
				p, _ := w.latest(lines[0].Payment.ID)
				_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Hour))
				require.NoError(w.t, err)
				require.Equal(w.t, row.frees, closed)
				if row.frees {
					require.Equal(w.t, pirogue.StatusFailed, p.Status)
					require.Equal(w.t, pirogue.FailedCancelled, p.Failure.Code)
					w.requireBalance(10_000, 0)
					sent, err := w.markSent(a.ID, true, w.at(time.Hour))
					require.NoError(w.t, err)
					require.False(w.t, sent, "it never leaves late")
				} else {
					require.False(w.t, p.Status.Terminal())
					w.requireBalance(10_000-1020, 1020)
				}
				w.requireSound()
			})
		})
	}
}

// postpone parks a payment.
func (w *world) postpone(a pirogue.Attempt) {
	w.t.Helper()
	postponed, err := w.db.Attempts.Postpone(w.ctx(), a.ID, "the operator is away", w.at(time.Second))
	require.NoError(w.t, err)
	require.True(w.t, postponed)
}

// A bulk has more lines than a cancellation ends in its own call. No statement may send the
// remaining ones.
func TestSendAfterCancel(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		amounts := slices.Repeat([]int64{100}, 60)
		b, _ := w.acceptBulk("salaries", amounts...)
		w.startLines(b, 100)
		_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Minute))
		require.NoError(w.t, err)
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Len(w.t, unsent, 10)
		all := make([]pirogue.AttemptID, len(unsent))
		for i, line := range unsent {
			all[i] = line.Attempt.ID
		}

		marked, err := w.db.BulkLines.SendLines(w.ctx(), all, w.at(2*time.Minute))
		require.NoError(w.t, err)
		require.Empty(w.t, marked)
		w.requireBalance(100_000-1200, 1200)
		for i, id := range all {
			sending, err := w.db.Attempts.Send(w.ctx(), id, limits(i%2 == 0), w.at(2*time.Minute))
			require.NoError(w.t, err)
			require.Equal(w.t, lifecycle.Sending{Result: lifecycle.SendCancelled}, sending)
			for range 2 {
				status, err := w.db.Bulks.EndCancelled(w.ctx(), id, w.at(2*time.Minute))
				require.NoError(w.t, err)
				require.Equal(w.t, pirogue.StatusFailed, status)
			}
		}
		w.requireBalance(100_000, 0)
		p, _ := w.latest(unsent[0].Payment.ID)
		require.Equal(w.t, pirogue.FailedCancelled, p.Failure.Code)
		_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Hour))
		require.NoError(w.t, err)
		require.True(w.t, closed)
		w.requireSound()
	})
}

// EndCancelled ends only a payment that Send holds back. A line with an earlier attempt and a
// PREPARED one is watched.
func TestEndCancelled(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 1000, 1000)
		w.startLines(b, 10)
		attempts := make([]pirogue.Attempt, len(lines))
		for i, l := range lines {
			_, attempts[i] = w.latest(l.Payment.ID)
		}
		status, err := w.db.Bulks.EndCancelled(w.ctx(), attempts[0].ID, w.at(time.Second))
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusCreated, status, "nobody cancelled it")

		w.send(attempts[1])
		w.send(attempts[2])
		w.record(attempts[2], pirogue.AttemptRefused, "empty float", 0)
		p, _ := w.latest(lines[2].Payment.ID)
		next := w.renew(p, attempts[2])
		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Minute))
		require.NoError(w.t, err)
		again, err := w.db.Attempts.Send(w.ctx(), attempts[1].ID, anyAge, w.at(2*time.Minute))
		require.NoError(w.t, err)
		require.Equal(w.t, lifecycle.SendCancelled, again.Result, "it is not sent again")
		for id, want := range map[pirogue.AttemptID]pirogue.Status{
			attempts[0].ID: pirogue.StatusFailed, attempts[1].ID: pirogue.StatusInitiated, next.ID: pirogue.StatusFailed,
		} {
			status, err = w.db.Bulks.EndCancelled(w.ctx(), id, w.at(2*time.Minute))
			require.NoError(w.t, err)
			require.Equal(w.t, want, status)
		}
		w.requireBalance(10_000-1020, 1020)
		p, _ = w.latest(lines[2].Payment.ID)
		require.True(w.t, p.FinishedAt.IsZero(), "its first attempt is watched")
		w.requireSound()
	})
}

// Parked payments are sent while their bulk is cancelled. Each is either sent or cancelled.
func TestOfSendingAndCancellingALineOneWins(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		for round := range 2 {
			b, lines := w.acceptBulk(fmt.Sprintf("round_%d", round), slices.Repeat([]int64{100}, 60)...)
			w.startLines(b, len(lines))
			attempts := make([]pirogue.Attempt, len(lines))
			for i, l := range lines {
				_, attempts[i] = w.latest(l.Payment.ID)
				w.postpone(attempts[i])
			}
			var sent atomic.Int64
			require.NoError(w.t, concurrently(len(lines)+1, func(i int) error {
				if i == len(lines) {
					_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Minute))
					return err
				}
				left, err := w.markSent(attempts[i].ID, false, w.at(time.Minute))
				if left {
					sent.Add(1)
				}
				return err
			}))
			_, err := w.db.Bulks.EndUnsentLines(w.ctx(), b.ID, w.at(time.Minute), len(lines))
			require.NoError(w.t, err)
			_, counts := w.bulkState(b)
			require.EqualValues(w.t, sent.Load(), counts["PENDING"])
			require.EqualValues(w.t, 60-sent.Load(), counts["FAILED"])
		}
		w.requireSound()
	})
}

// The check for open lines counts none of them, however many are over.
func TestABulkThatWaitsIsNotCounted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000)
		w.startLines(b, 10)
		w.sendLine(lines[0])
		w.lineCase(lines[1])
		progress, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(0))
		require.NoError(w.t, err)
		require.False(w.t, closed)
		require.Empty(w.t, progress.Tallies)
		for _, l := range lines {
			_, err = w.failed(l.Payment)
			require.NoError(w.t, err)
		}
		progress, closed, err = w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Minute))
		require.NoError(w.t, err)
		require.True(w.t, closed)
		require.Equal(w.t, 2, progress.Ended())
		cases, err := w.db.Cases.Cases(w.ctx(), lines[1].Payment.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, w.at(time.Minute), cases[0].ClosedAt, "no case outlives its bulk")
		_, _, err = w.db.Bulks.CloseBulk(w.ctx(), "nobody's", w.at(0))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.requireSound()
	})
}

// Lines of a suspended merchant do not begin, and those that have begun are not sent. All keep
// their money until the suspension ends or their bulk is cancelled.
func TestASuspensionHoldsBackABulk(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		w.startLines(b, 2)
		_, a := w.latest(lines[0].Payment.ID)
		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))

		_, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, 100, w.firstAttempt)
		require.Equal(w.t, pirogue.MerchantSuspended, pirogue.CodeOf(err), "%v", err)
		sent, err := w.db.BulkLines.SendLines(w.ctx(), []pirogue.AttemptID{a.ID}, w.at(time.Second))
		require.NoError(w.t, err)
		require.Empty(w.t, sent)
		_, counts := w.bulkState(b)
		require.Equal(w.t, map[bulk.LineStatus]int{"CREATED": 2, "WAITING": 1}, counts)
		w.requireBalance(10_000-6060, 6060)

		require.NoError(w.t, w.db.Merchants.ResumeMerchant(w.ctx(), w.owner.MerchantID))
		sent, err = w.db.BulkLines.SendLines(w.ctx(), []pirogue.AttemptID{a.ID}, w.at(time.Minute))
		require.NoError(w.t, err)
		require.Len(w.t, sent, 1)
		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))

		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Hour))
		require.NoError(w.t, err)
		require.Zero(w.t, w.startLines(b, 100), "a cancelled page has nothing to wait for")
		w.requireBalance(10_000-1020, 1020)
		w.requireSound()
	})
}

// The bulk of a suspended merchant is started all the same. So the sweep does not find it again.
func TestABulkOfASuspendedMerchantIsTakenUp(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, _ := w.acceptBulk("salaries", 1000)
		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
		_, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, 100, w.firstAttempt)
		require.Equal(w.t, pirogue.MerchantSuspended, pirogue.CodeOf(err), "%v", err)
		left, err := w.db.Bulks.UnstartedBulks(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Empty(w.t, left)
	})
}

// The end of a cancelled bulk closes the case of a line whose workflow cannot be started again.
func TestACancelledBulkEndsTheCasesOfItsLines(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000)
		require.Equal(w.t, 1, w.startLines(b, 100))
		id := support.NewCaseID(lines[0].Payment.ID, support.CauseWorkflowLost)
		require.NoError(w.t, w.db.Cases.ReopenCase(w.ctx(), support.Case{
			ID: id, PaymentID: lines[0].Payment.ID, Cause: support.CauseWorkflowLost, OpenedAt: w.at(0),
		}))
		_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Second))
		require.NoError(w.t, err)
		_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Hour))
		require.NoError(w.t, err)
		require.True(w.t, closed)
		c, err := w.db.Cases.Case(w.ctx(), id)
		require.NoError(w.t, err)
		require.False(w.t, c.ClosedAt.IsZero())
	})
}
