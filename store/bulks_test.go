package store_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/listing"
)

func TestABulkSetsAsideWhatAllItsLinesCost(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		w.requireBalance(10_000-6060, 6060)
		state, counts := w.bulkState(b)
		require.Equal(w.t, bulk.BulkAccepted, state)
		require.Equal(w.t, map[bulk.LineStatus]int{bulk.LineWaiting: 3}, counts)

		all := w.linesOf(b)
		require.Len(w.t, all, 3)
		require.Equal(w.t, bulk.LineWaiting, all[1].Status)
		require.Equal(w.t, lines[1].Payment.MSISDN, all[1].Payment.MSISDN)
		require.Equal(w.t, lines[1].Payment.CustomerName, all[1].Payment.CustomerName)
		require.Equal(w.t, lines[1].Payment.Metadata, all[1].Payment.Metadata)
		early, err := w.db.Payments.Payment(w.ctx(), w.owner, lines[1].Payment.ID)
		require.NoError(w.t, err, "a line can be read under its transaction_id before its turn")
		require.Equal(w.t, pirogue.StatusCreated, early.Status)
		_, err = w.db.Payments.Payment(w.ctx(), w.another(), lines[1].Payment.ID)
		require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err), "by its merchant only")
		w.requireSound()
	})
}

func TestABulkThatTheBalanceDoesNotCoverLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(6059)
		b, lines := w.bulk("salaries", 1000, 2000, 3000)
		_, _, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
		require.Equal(w.t, pirogue.InsufficientBalance, pirogue.CodeOf(err), "%v", err)
		w.nothingLeft(b)
		w.requireBalance(6059, 0)
		w.accept("salaries_1") // its order numbers are free
	})
}

// nothingLeft requires that nothing of a bulk is in the database.
func (w *world) nothingLeft(b bulk.Bulk) {
	w.t.Helper()
	_, err := w.db.Bulks.Bulk(w.ctx(), w.owner, b.ID)
	require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
	require.Empty(w.t, texts(w.t, w.raw(), "SELECT payment_id FROM bulk_lines"))
	w.requireSound()
}

func TestBulkLinesWithTakenOrderNumbers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		w.acceptBulk("before", 100, 100)
		w.accept("order_1")
		b, lines := w.bulk("after", 100, 100, 100, 100)
		lines[1].Payment.OrderID, lines[3].Payment.OrderID = "order_1", "before_2"
		_, _, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
		require.Equal(w.t, pirogue.InvalidOrderID, pirogue.CodeOf(err), "%v", err)
		var wrong *pirogue.Error
		require.ErrorAs(w.t, err, &wrong)
		require.Equal(w.t, []pirogue.Param{
			{Field: "lines[1].merchant_order_id", Code: pirogue.DuplicateOrder, Line: 2},
			{Field: "lines[3].merchant_order_id", Code: pirogue.DuplicateOrder, Line: 4},
		}, wrong.Params)
		_, err = w.db.Bulks.Bulk(w.ctx(), w.owner, b.ID)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.accept("after_1")
		w.requireSound()
	})
}

func TestABulksReferenceIsGoodOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, _ := w.acceptBulk("salaries", 1000)
		for range 2 {
			again, lines := w.bulk("salaries", 9000)
			stored, fresh, err := w.db.Bulks.AcceptBulk(w.ctx(), again, lines)
			require.NoError(w.t, err)
			require.False(w.t, fresh)
			require.Equal(w.t, b, stored)
		}
		w.requireBalance(10_000-1020, 1020)
		w.requireSound()
	})
}

// A payment and a bulk request one order number at once. One of them gets it.
func TestAnOrderNumberIsGivenOnceToPaymentsAndLines(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		for round := range 5 {
			var given, refused atomic.Int64
			number := fmt.Sprintf("contested_%d", round)
			require.NoError(w.t, concurrently(4, func(i int) error {
				if i%2 == 0 {
					p, a := w.cashOut(number, 100, 0)
					stored, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
					if err == nil && !fresh {
						refused.Add(1)
						require.NotEqual(w.t, p.ID, stored.ID)
						return nil
					}
					return w.countUnless("", err, &given, &refused)
				}
				b, lines := w.bulk(fmt.Sprintf("bulk_%d_%d", round, i), 100, 100)
				lines[1].Payment.OrderID = number
				_, _, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
				return w.countUnless(pirogue.InvalidOrderID, err, &given, &refused)
			}))
			require.EqualValues(w.t, 1, given.Load())
			require.EqualValues(w.t, 3, refused.Load())
		}
		w.requireSound()
	})
}

func TestAPageStartedTwiceIsStartedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		var started atomic.Int64
		require.NoError(w.t, concurrently(6, func(int) error {
			n, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, 2, w.firstAttempt)
			started.Add(int64(n))
			return err
		}))
		require.EqualValues(w.t, 3, started.Load())
		require.Zero(w.t, w.startLines(b, 100))
		w.requireBalance(10_000-6060, 6060)
		state, counts := w.bulkState(b)
		require.Equal(w.t, bulk.BulkRunning, state)
		require.Equal(w.t, map[bulk.LineStatus]int{"CREATED": 3}, counts)
		open, err := w.db.BulkLines.OpenLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Len(w.t, open, 3)
		for i, line := range open {
			require.NoError(w.t, line.Err)
			require.Equal(w.t, lines[i].Payment.ID, line.Payment.ID)
			require.Equal(w.t, b.ID, line.Payment.BulkID)
			require.True(w.t, line.Payment.Quiet)
		}
		w.requireSound()
	})
}

// A line that fails returns its money at once; a line that is paid has spent it.
func TestLinesEndByThemselves(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000)
		open := func(why string) {
			_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(0))
			require.NoError(w.t, err)
			require.False(w.t, closed, why)
		}
		w.startLines(b, 1)
		w.sendLine(lines[0])
		open("one is open and one waits")
		_, err := w.success(lines[0].Payment)
		require.NoError(w.t, err)
		open("one waits")
		w.startLines(b, 1)
		w.sendLine(lines[1])
		open("one is open")
		_, err = w.failed(lines[1].Payment)
		require.NoError(w.t, err)
		w.requireBalance(10_000-1020, 0)
		for range 2 {
			progress, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Minute))
			require.NoError(w.t, err)
			require.True(w.t, closed)
			require.Equal(w.t, bulk.BulkCompleted, progress.State)
			require.Equal(w.t, 2, progress.Ended())
		}
		w.requireBulkEvent(b, "COMPLETED", map[string]int{"SUCCESS": 1, "FAILED": 1}, 1000, 2020)
		w.requireSound()
	})
}

// requireBulkEvent requires exactly one event about a bulk.
func (w *world) requireBulkEvent(b bulk.Bulk, state string, counts map[string]int, paid, returned int64) {
	w.t.Helper()
	logs, err := w.db.Webhooks.Deliveries(w.ctx(), w.owner, listing.EventFilter{State: pirogue.EventWaiting})
	require.NoError(w.t, err)
	var bodies [][]byte
	for _, l := range logs {
		if l.BulkID == b.ID {
			require.Equal(w.t, bulk.NewBulkEventID(b.ID), l.ID)
			bodies = append(bodies, l.Body)
		}
	}
	require.Len(w.t, bodies, 1)
	var entries struct {
		Event     string         `json:"event"`
		BulkID    pirogue.BulkID `json:"bulk_id"`
		Reference string         `json:"merchant_bulk_id"`
		Status    string         `json:"status"`
		Counts    map[string]int `json:"counts"`
		Paid      int64          `json:"paid_amount"`
		Returned  int64          `json:"returned_amount"`
	}
	require.NoError(w.t, json.Unmarshal(bodies[0], &entries))
	require.Equal(w.t, "bulk.completed", entries.Event)
	require.Equal(w.t, b.ID, entries.BulkID)
	require.Equal(w.t, b.Reference, entries.Reference)
	require.Equal(w.t, state, entries.Status)
	require.Equal(w.t, counts, entries.Counts)
	require.Equal(w.t, []int64{paid, returned}, []int64{entries.Paid, entries.Returned})
}

func TestLinesAreToldOnlyWhenThatWasAskedFor(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		for _, aloud := range []bool{false, true} {
			b, lines := w.bulk(fmt.Sprint("aloud ", aloud), 100)
			b.NotifyLines = aloud
			b, _, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
			require.NoError(w.t, err)
			w.startLines(b, 1)
			w.sendLine(lines[0])
			finalized, err := w.success(lines[0].Payment)
			require.NoError(w.t, err)
			require.NotEqual(w.t, aloud, finalized.Payment.Quiet)
			events, err := w.db.Webhooks.EventsOf(w.ctx(), lines[0].Payment.ID)
			require.NoError(w.t, err)
			want := map[bool]pirogue.EventState{true: pirogue.EventWaiting, false: pirogue.EventUnwanted}[aloud]
			require.Equal(w.t, want, events[0].State)
		}
		w.requireSound()
	})
}

func TestACancelledBulkGivesBackWhatHasNotBegun(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		require.Equal(w.t, 1, w.startLines(b, 1))
		w.sendLine(lines[0])
		for range 2 {
			progress, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Second))
			require.NoError(w.t, err)
			require.Equal(w.t, bulk.BulkCancelling, progress.State)
			require.Equal(w.t, 2, progress.Tallies[bulk.LineCancelled].Lines)
			w.requireBalance(10_000-1020, 1020)
		}
		require.Zero(w.t, w.startLines(b, 100), "no other line begins")
		_, err := w.db.Bulks.CancelBulk(w.ctx(), w.another(), b.ID, w.at(0))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.requireSound()

		_, err = w.success(lines[0].Payment)
		require.NoError(w.t, err)
		progress, closed, err := w.db.Bulks.CloseBulk(w.ctx(), b.ID, w.at(time.Minute))
		require.NoError(w.t, err)
		require.True(w.t, closed)
		require.Equal(w.t, bulk.BulkCancelled, progress.State)
		late, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Hour))
		require.NoError(w.t, err)
		require.Equal(w.t, progress, late, "what is over stays as it ended")
		w.requireBulkEvent(b, "CANCELLED", map[string]int{"SUCCESS": 1, "CANCELLED": 2}, 1000, 5040)

		never, err := w.db.Payments.Payment(w.ctx(), w.owner, lines[2].Payment.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.Failure{Code: pirogue.FailedCancelled}, never.Failure)
		require.Equal(w.t, w.at(time.Second), never.UpdatedAt, "when it was cancelled")
		require.Equal(w.t, never, w.linesOf(b)[2].Payment, "read either way")
		p, a := w.cashOut(lines[2].Payment.OrderID, 1, 0)
		stored, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.NoError(w.t, err)
		require.False(w.t, fresh, "its order number stays taken")
		require.Equal(w.t, lines[2].Payment.ID, stored.ID)
		w.requireSound()
	})
}

// Pages begin while the bulk is cancelled. Each line either begins or is cancelled.
func TestOfBeginningAndCancellingALineOneWins(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		for round := range 4 {
			amounts := make([]int64, 12)
			for i := range amounts {
				amounts[i] = 100
			}
			b, _ := w.acceptBulk(fmt.Sprintf("round_%d", round), amounts...)
			var started atomic.Int64
			require.NoError(w.t, concurrently(6, func(i int) error {
				if i == 3 {
					_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(time.Second))
					return err
				}
				n, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, 3, w.firstAttempt)
				started.Add(int64(n))
				return err
			}))
			_, counts := w.bulkState(b)
			require.EqualValues(w.t, started.Load(), counts["CREATED"]+counts["FAILED"], "nothing of them was sent")
			require.EqualValues(w.t, 12-started.Load(), counts[bulk.LineCancelled])
		}
		w.requireSound()
	})
}

func TestOnlyBulksThatNobodyTookUpAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		left, _ := w.acceptBulk("left", 100)
		stopped, _ := w.acceptBulk("stopped before it began", 100)
		_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, stopped.ID, w.at(0))
		require.NoError(w.t, err)
		taken, lines := w.acceptBulk("taken up", 100, 100)
		w.startLines(taken, 1)
		found, err := w.db.Bulks.UnstartedBulks(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Len(w.t, found, 2)
		require.ElementsMatch(w.t, []pirogue.BulkID{left.ID, stopped.ID}, []pirogue.BulkID{found[0].ID, found[1].ID})
		require.Equal(w.t, []pirogue.OperatorCode{operatorCode}, found[0].Pages)

		payments, err := w.db.Restarts.Unstarted(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Empty(w.t, payments, "the sweep neither starts nor expires %s", lines[0].Payment.ID)
	})
}

func TestEachPageGoesOneWay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		amounts := make([]int64, bulk.BulkPageLines+3)
		for i := range amounts {
			amounts[i] = 100
		}
		w.fund(1_000_000)
		b, lines := w.bulk("salaries", amounts...)
		for i := range lines {
			lines[i].Payment.Operator = []pirogue.OperatorCode{operatorCode, "other-ml", operatorCode}[i%3]
		}
		b, _, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.OperatorCode{operatorCode, "other-ml"}, b.Pages)
		stand, err := w.db.BulkLines.BulkPage(w.ctx(), b.ID, 2)
		require.NoError(w.t, err)
		require.Equal(w.t, bulk.BulkPageProgress{Waiting: (bulk.BulkPageLines + 4) / 3}, stand)
	})
}

// The largest possible bulk is accepted within the time limit of its request.
func TestTenThousandLinesAreAccepted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		amounts := make([]int64, bulk.MaxBulkLines)
		for i := range amounts {
			amounts[i] = 100
		}
		w.fund(120 * bulk.MaxBulkLines)
		began := time.Now()
		b, _ := w.acceptBulk("salaries", amounts...)
		w.t.Logf("%d lines accepted in %s", b.Lines, time.Since(began))
		require.Len(w.t, b.Pages, 20)
		w.requireBalance(0, 120*bulk.MaxBulkLines)
		began = time.Now()
		w.startLines(b, 50)
		w.t.Logf("50 lines begun in %s", time.Since(began))
		for w.startLines(b, 50) > 0 {
			continue
		}
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		attempts := make([]pirogue.AttemptID, len(unsent))
		for i, line := range unsent {
			attempts[i] = line.Attempt.ID
		}
		began = time.Now()
		sent, err := w.db.BulkLines.SendLines(w.ctx(), attempts, w.at(0))
		require.NoError(w.t, err)
		require.Len(w.t, sent, bulk.BulkPageLines)
		w.t.Logf("%d lines marked as sent in %s", len(sent), time.Since(began))
		began = time.Now()
		_, counts := w.bulkState(b)
		w.t.Logf("counted in %s", time.Since(began))
		require.Equal(w.t, bulk.MaxBulkLines-bulk.BulkPageLines, counts[bulk.LineWaiting])
		_, err = w.db.Bulks.CancelBulk(w.ctx(), w.owner, b.ID, w.at(0))
		require.NoError(w.t, err)
		w.requireBalance(120*(bulk.MaxBulkLines-bulk.BulkPageLines), 120*bulk.BulkPageLines)
	})
}

func TestTheDatabaseKeepsWhatABulkSays(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		w.makeBulks()
		db := w.raw()
		for name, statement := range map[string]string{
			"another total":               "UPDATE bulks SET cost = 1",
			"a bulk that is over goes on": "UPDATE bulks SET state = 'RUNNING' WHERE closed_at IS NOT NULL",
			"a bulk goes":                 "DELETE FROM bulks",
			"another amount of a line":    "UPDATE bulk_lines SET amount = 1",
			"a line begins twice":         "UPDATE bulk_lines SET state = 'WAITING' WHERE state = 'CREATED'",
			"a line goes":                 "DELETE FROM bulk_lines",
			"another bulk of a payment":   "UPDATE payments SET bulk_id = NULL",
			"an order number is free":     "DELETE FROM order_references",
			"a bulk account overdrawn":    "UPDATE ledger_accounts SET debits_posted = credits_posted + 1 WHERE kind = 'BULK'",
			"a journal of nobody":         "INSERT INTO ledger_journals (id, step, created_at) VALUES ('x', 'bulk', 'now')",
			"an event of nobody":          "UPDATE webhook_events SET bulk_id = NULL",
		} {
			require.Error(w.t, w.exec(db, statement), name)
		}
		w.requireSound()
	})
}

// One request for many payments marks each of them once, however many callers there are.
func TestLinesAreMarkedAsSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 100, 200, 300)
		w.startLines(b, 2)
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Len(w.t, unsent, 2, "the third has not begun")
		require.Equal(w.t, lines[1].Payment.ID, unsent[1].Payment.ID)
		require.Equal(w.t, unsent[1].Payment.ID, unsent[1].Attempt.PaymentID)
		attempts := []pirogue.AttemptID{unsent[0].Attempt.ID, unsent[1].Attempt.ID}
		var marked atomic.Int64
		require.NoError(w.t, concurrently(6, func(i int) error {
			if i == 5 { // by its own workflow
				sent, err := w.markSent(attempts[0], false, w.at(time.Second))
				if sent {
					marked.Add(1)
				}
				return err
			}
			sent, err := w.db.BulkLines.SendLines(w.ctx(), attempts, w.at(time.Second))
			marked.Add(int64(len(sent)))
			return err
		}))
		require.EqualValues(w.t, 2, marked.Load())
		left, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Empty(w.t, left)
		for _, line := range unsent {
			p, a := w.latest(line.Payment.ID)
			require.Equal(w.t, pirogue.StatusInitiated, p.Status)
			require.Equal(w.t, pirogue.AttemptSent, a.State)
		}
		w.requireSound()
	})
}

// After a request for many payments, a line that was proven not sent goes out by its own
// workflow. No second such request carries it.
func TestALineThatWasNotSentIsNotHandedOverAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, _ := w.acceptBulk("salaries", 100)
		w.startLines(b, 1)
		unsent, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		_, err = w.db.BulkLines.SendLines(w.ctx(), []pirogue.AttemptID{unsent[0].Attempt.ID}, w.at(0))
		require.NoError(w.t, err)
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: unsent[0].Attempt.ID, State: pirogue.AttemptPrepared, Message: "connection refused", At: w.at(0),
		}))
		left, err := w.db.BulkLines.UnsentLines(w.ctx(), b.ID, 1)
		require.NoError(w.t, err)
		require.Empty(w.t, left)
		w.send(unsent[0].Attempt)
		w.requireSound()
	})
}
