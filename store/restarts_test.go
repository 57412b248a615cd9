package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/webhook"
)

// unfinished returns the payments at a time that have work left and were not touched for a
// minute.
func (w *world) unfinished(after time.Duration, limit int) []lifecycle.Restart {
	w.t.Helper()
	var found []lifecycle.Restart
	for _, open := range []bool{true, false} {
		these, err := w.db.Restarts.Unfinished(w.ctx(), open, w.at(after-time.Minute), lifecycle.RowSpan{Limit: limit})
		require.NoError(w.t, err)
		for _, r := range these {
			require.Equal(w.t, open, !r.Payment.Status.Terminal())
		}
		found = append(found, these...)
	}
	return found
}

// restartOf returns one payment with the input to start its workflow again.
func (w *world) restartOf(id pirogue.PaymentID) lifecycle.Restart {
	w.t.Helper()
	r, err := w.db.Restarts.Restart(w.ctx(), id)
	require.NoError(w.t, err)
	return r
}

// finalize ends a payment.
func (w *world) finalize(p pirogue.Payment, status pirogue.Status, watched bool) {
	w.t.Helper()
	_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
		PaymentID: p.ID, Status: status, Watched: watched, At: w.at(time.Minute),
	})
	require.NoError(w.t, err)
}

func TestWhatItsWorkflowHasLeftToDo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		// Each row has the events of a payment, and whether its workflow has work left.
		rows := []struct {
			name  string
			makes func(p pirogue.Payment, a pirogue.Attempt)
			left  bool
		}{
			{"created", func(pirogue.Payment, pirogue.Attempt) {}, false},
			{"sent", func(_ pirogue.Payment, a pirogue.Attempt) { w.send(a) }, true},
			{
				"paid", func(p pirogue.Payment, a pirogue.Attempt) { w.send(a); w.finalize(p, pirogue.StatusSuccess, false) },
				false,
			},
			{
				"expired",
				func(p pirogue.Payment, a pirogue.Attempt) { w.send(a); w.finalize(p, pirogue.StatusExpired, true) },
				true,
			},
			{
				"refused",
				func(p pirogue.Payment, a pirogue.Attempt) { w.send(a); w.finalize(p, pirogue.StatusFailed, false) },
				false,
			},
			{"watched to the end", func(p pirogue.Payment, a pirogue.Attempt) {
				w.send(a)
				w.finalize(p, pirogue.StatusExpired, true)
				require.NoError(w.t, w.db.Restarts.Finish(w.ctx(), p.ID, w.at(time.Minute)))
			}, false},
			{"accepted after all", func(p pirogue.Payment, a pirogue.Attempt) {
				w.send(a)
				w.finalize(p, pirogue.StatusExpired, true)
				_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
					PaymentID: p.ID, From: pirogue.StatusExpired, Status: pirogue.StatusSuccess, At: w.at(time.Minute),
				})
				require.NoError(w.t, err)
			}, false},
			{"reopened", func(p pirogue.Payment, a pirogue.Attempt) {
				w.send(a)
				w.finalize(p, pirogue.StatusSuccess, false)
				require.NoError(w.t, w.db.Restarts.Reopen(w.ctx(), p.ID, w.at(time.Minute)))
			}, true},
			{"open, and finished by mistake", func(p pirogue.Payment, a pirogue.Attempt) {
				w.send(a)
				require.NoError(w.t, w.db.Restarts.Finish(w.ctx(), p.ID, w.at(time.Minute)))
			}, true},
		}
		want := []pirogue.PaymentID{}
		for _, row := range rows {
			p, a := w.accept(row.name)
			row.makes(p, a)
			if row.left {
				want = append(want, p.ID)
			}
		}
		got := []pirogue.PaymentID{}
		for _, r := range w.unfinished(3*time.Minute, 100) {
			require.NoError(w.t, r.Err)
			got = append(got, r.Payment.ID)
		}
		require.ElementsMatch(w.t, want, got)
		require.Error(w.t, w.exec(w.raw(), "UPDATE payments SET finished_at = created_at WHERE status = 'INITIATED'"))
	})
}

// A process of a version before the sweep's columns writes rows without them, until it is
// replaced.
func TestWhatAnOlderProcessWritesIsFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.accept("order_1")
		_, err := w.db.Payments.Finalize(
			w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusExpired, At: w.at(0)},
		)
		require.NoError(w.t, err)
		w.copyWithout("payments", map[string]string{
			"id": "older", "merchant_ref": "order_2", "status": "CREATED", "sequence": "0",
		}, "id", string(p.ID), "workflow_seen_at", "finished_at", "ended_as")
		w.copyWithout("attempts", map[string]string{
			"id": "older", "payment_id": "older", "callback_digest": "older", "ref": "CI-older",
		}, "id", string(a.ID))
		event := webhook.NewEventID(p.ID, 1)
		w.copyWithout("webhook_events", map[string]string{"id": "older"}, "id", string(event), "next_at", "workflow_seen_at")

		found := w.unfinished(time.Hour, 10)
		require.Len(w.t, found, 1)
		require.Equal(w.t, pirogue.PaymentID("older"), found[0].Payment.ID)
		events, err := w.db.Webhooks.OverdueEvents(w.ctx(), w.at(time.Hour), w.at(time.Hour), lifecycle.RowSpan{Limit: 10})
		require.NoError(w.t, err)
		require.Len(w.t, events, 2)
		lost, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Len(w.t, lost, 2)
	})
}

// copyWithout copies a row of a table, with other values in some columns. It leaves out the
// columns without, as a process does that does not know them.
func (w *world) copyWithout(table string, others map[string]string, key, of string, without ...string) {
	w.t.Helper()
	var names, values []string
	for _, column := range w.columns() {
		name, ours := strings.CutPrefix(strings.TrimSuffix(column, " NOT NULL"), table+".")
		if !ours || slices.Contains(without, name) {
			continue
		}
		names, values = append(names, name), append(values, cmp.Or(quoted(others[name]), name))
	}
	require.NoError(w.t, w.exec(w.raw(), fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s = '%s'",
		table, strings.Join(names, ","), strings.Join(values, ","), table, key, of)))
}

// quoted returns a value as SQL writes it; "" for none.
func quoted(value string) string {
	if _, err := strconv.Atoi(value); err == nil || value == "" {
		return value
	}
	return "'" + value + "'"
}

func TestUnfinishedPaymentsTakeTurns(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		all := map[pirogue.PaymentID]bool{}
		for range 5 {
			p, _ := w.sent(ids.New())
			all[p.ID] = true
		}
		seen := map[pirogue.PaymentID]bool{}
		for page := range 3 {
			found := w.unfinished(time.Hour, 2)
			require.Len(w.t, found, min(2, 5-2*page))
			var these []string
			for _, r := range found {
				seen[r.Payment.ID] = true
				these = append(these, string(r.Payment.ID))
			}
			require.NoError(w.t, w.db.Restarts.MarkSeen(w.ctx(), lifecycle.FollowedPayment, these, w.at(time.Hour)))
		}
		require.Equal(w.t, all, seen)
		require.Empty(w.t, w.unfinished(time.Hour+30*time.Second, 10), "seen less than a minute ago")
		require.Len(w.t, w.unfinished(2*time.Hour, 10), 5)
	})
}

// With any number of watched payments, an open one is on the first page of its own.
func TestWatchedPaymentsHoldUpNoOpenOne(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for range 3 {
			p, _ := w.sent(ids.New())
			_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
				PaymentID: p.ID, Status: pirogue.StatusExpired, At: w.at(0), Watched: true,
				Failure: pirogue.Failure{Code: pirogue.FailedNotPaid},
			})
			require.NoError(w.t, err)
		}
		open, _ := w.sent("last")
		found, err := w.db.Restarts.Unfinished(w.ctx(), true, w.at(time.Hour), lifecycle.RowSpan{Limit: 1})
		require.NoError(w.t, err)
		require.Len(w.t, found, 1)
		require.Equal(w.t, open.ID, found[0].Payment.ID)
		found, err = w.db.Restarts.Unfinished(w.ctx(), false, w.at(time.Hour), lifecycle.RowSpan{Limit: 10})
		require.NoError(w.t, err)
		require.Len(w.t, found, 3)
	})
}

func TestAPaymentThatIsLookedAfterIsNotUnfinished(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		_, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
			AttemptID: a.ID, Sendings: 1, Outcome: pirogue.OutcomePending, At: w.at(time.Hour),
		})
		require.NoError(w.t, err)
		require.Empty(w.t, w.unfinished(time.Hour+30*time.Second, 10))
		require.Len(w.t, w.unfinished(time.Hour+2*time.Minute, 10), 1)
	})
}

func TestARowThatCannotBeReadHidesNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		broken, _ := w.sent("order_1")
		fine, _ := w.sent("order_2")
		unstarted, _ := w.accept("order_3")
		locked, _ := w.accept("order_4")
		for _, p := range []pirogue.Payment{broken, locked} {
			require.NoError(w.t, w.exec(w.raw(), "UPDATE payments SET msisdn_sealed = 'x' WHERE id = ?", string(p.ID)))
		}
		found := w.unfinished(3*time.Minute, 10)
		require.Len(w.t, found, 2)
		for _, r := range found {
			require.Equal(w.t, r.Payment.ID == broken.ID, r.Err != nil, "%s: %v", r.Payment.ID, r.Err)
			require.Equal(w.t, pirogue.CashIn, r.Payment.Kind)
		}
		waiting, err := w.db.Restarts.Unstarted(w.ctx(), w.at(time.Minute), 10)
		require.ErrorContains(w.t, err, string(locked.ID))
		require.Len(w.t, waiting, 1)
		require.Equal(w.t, unstarted.ID, waiting[0].ID)
		require.NoError(w.t, w.restartOf(fine.ID).Err)
		require.Len(w.t, w.unfinished(time.Hour, 10), 4, "what nobody can start is found in the end")
	})
}

func TestARestartIsReadFromTheAttempts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		next := a
		next.ID, next.Ref, next.Number, next.Operator = pirogue.AttemptID(ids.New()), ids.Reference(p.Kind), 2, "second-ml"
		_, err := w.db.Attempts.RecordAttemptResult(w.ctx(), lifecycle.AttemptResult{
			AttemptID: a.ID, Sending: 1, State: pirogue.AttemptRefused, Unable: true, At: w.at(2 * time.Second),
		})
		require.NoError(w.t, err)
		_, err = w.db.Attempts.Renew(w.ctx(), a.ID, next, digest(next))
		require.NoError(w.t, err)
		w.send(next)
		r := w.restartOf(p.ID)
		require.NoError(w.t, r.Err)
		require.Equal(w.t, next.ID, r.Attempt.ID)
		require.Equal(w.t, []pirogue.OperatorCode{operatorCode, "second-ml"}, r.Tried)
		require.Empty(w.t, r.Case)
		for _, cause := range []support.Cause{support.CauseWorkflowLost, support.CauseUnknown, support.CauseLateSuccess} {
			_, err := w.db.Cases.OpenCase(w.ctx(), support.Case{
				ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, OpenedAt: w.at(time.Minute),
			})
			require.NoError(w.t, err)
		}
		r = w.restartOf(p.ID)
		require.Equal(w.t, support.CauseLateSuccess, r.Case, "of one moment, the first by its ID")
		require.Equal(w.t, []support.CaseID{support.NewCaseID(p.ID, support.CauseWorkflowLost)}, r.Over)
		require.NoError(
			w.t, w.db.Cases.CloseCase(w.ctx(), support.NewCaseID(p.ID, support.CauseWorkflowLost), w.at(time.Hour)),
		)
		require.Empty(w.t, w.restartOf(p.ID).Over)
		_, err = w.db.Restarts.Restart(w.ctx(), "none")
		require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
	})
}

func TestOverdueEvents(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		untouched, cut, once, over := w.failedEvent(
			"order_1",
		), w.failedEvent("order_2"), w.failedEvent("order_3"), w.failedEvent("order_4")
		begun := time.Hour
		w.beginDelivery(cut, w.at(begun))
		_, d := w.beginDelivery(once, w.at(begun))
		d.EndedAt = w.at(begun)
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, w.at(begun+5*time.Minute)))
		_, d = w.beginDelivery(over, w.at(begun))
		d.EndedAt = w.at(begun)
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventDelivered, w.at(begun)))

		overdue := func(after time.Duration) []pirogue.EventID {
			events, err := w.db.Webhooks.OverdueEvents(
				w.ctx(), w.at(after), w.at(after-time.Minute), lifecycle.RowSpan{Limit: 10},
			)
			require.NoError(w.t, err)
			got := []pirogue.EventID{}
			for _, e := range events {
				got = append(got, e.ID)
			}
			return got
		}
		require.Empty(w.t, overdue(2*time.Minute))
		require.ElementsMatch(w.t, []pirogue.EventID{untouched, cut}, overdue(begun+time.Minute))
		require.ElementsMatch(w.t, []pirogue.EventID{untouched, cut}, overdue(begun+6*time.Minute))
		require.ElementsMatch(w.t, []pirogue.EventID{untouched, cut, once}, overdue(begun+8*time.Minute))
		seen := []string{string(cut), string(untouched)}
		require.NoError(w.t, w.db.Restarts.MarkSeen(w.ctx(), lifecycle.FollowedEvent, seen, w.at(2*time.Hour)))
		require.Equal(w.t, []pirogue.EventID{once}, overdue(2*time.Hour))
	})
}

func TestOpenBulks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, _ := w.acceptBulk("bulk_1", 100, 200)
		w.startLines(b, 10)
		require.Empty(w.t, w.openBulks(30*time.Second))
		require.Equal(w.t, []pirogue.BulkID{b.ID}, w.openBulks(2*time.Minute))
		require.NoError(
			w.t, w.db.Restarts.MarkSeen(w.ctx(), lifecycle.FollowedBulk, []string{string(b.ID)}, w.at(2*time.Minute)),
		)
		require.Empty(w.t, w.openBulks(2*time.Minute))
		require.Equal(w.t, []pirogue.BulkID{b.ID}, w.openBulks(4*time.Minute))
	})
}

// openBulks returns the bulks that were not touched for a minute, at a time.
func (w *world) openBulks(after time.Duration) []pirogue.BulkID {
	w.t.Helper()
	bulks, err := w.db.Restarts.OpenBulks(w.ctx(), w.at(after-time.Minute), lifecycle.RowSpan{Limit: 10})
	require.NoError(w.t, err)
	var found []pirogue.BulkID
	for _, b := range bulks {
		found = append(found, b.ID)
	}
	return found
}

func TestOlderRowsAreUnfinishedWhereMoneyCanMove(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.now.Store(time.Now().UnixMicro())
		open, _ := w.sent("open")
		paid, a := w.accept("paid")
		w.send(a)
		w.finalize(paid, pirogue.StatusSuccess, false)
		expired, a := w.accept("expired")
		w.send(a)
		w.finalize(expired, pirogue.StatusExpired, false)
		never, _ := w.accept("never sent")
		w.finalize(never, pirogue.StatusExpired, false)
		odd, a := w.accept("with a case")
		w.send(a)
		w.finalize(odd, pirogue.StatusSuccess, false)
		_, err := w.db.Cases.OpenCase(w.ctx(), support.Case{
			ID: "c", PaymentID: odd.ID, Cause: support.CauseUnknown, OpenedAt: w.at(0),
		})
		require.NoError(w.t, err)
		w.now.Add(-5 * 24 * time.Hour.Microseconds())
		old, a := w.accept("expired long ago")
		w.send(a)
		w.finalize(old, pirogue.StatusExpired, true)

		require.NoError(w.t, w.db.MigrateDown(w.ctx(), 11))
		require.NoError(w.t, w.db.Migrate(w.ctx()))
		want := map[pirogue.PaymentID]bool{
			open.ID: false, expired.ID: false, odd.ID: false, paid.ID: true, never.ID: true, old.ID: true,
		}
		for id, finished := range want {
			p, _ := w.latest(id)
			require.Equal(w.t, finished, !p.FinishedAt.IsZero(), p.OrderID)
		}
	})
}

// A payment whose workflow has a case to settle is not finished, whichever caller says so.
func TestAPaymentWithAnOpenCaseIsNotFinished(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for cause, finished := range map[support.Cause]bool{
			support.CauseMismatch: false, support.CauseUnknown: false,
			support.CauseWorkflowLost: true, support.CauseLineNotStarted: true, support.CauseNotBooked: true,
		} {
			p, a := w.accept("order " + string(cause))
			w.send(a)
			c := support.Case{ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, OpenedAt: w.at(0)}
			require.NoError(w.t, w.opens(c))
			w.finalize(p, pirogue.StatusFailed, false)
			stored, _ := w.latest(p.ID)
			require.Equal(w.t, finished, !stored.FinishedAt.IsZero(), "%s: settled", cause)
			require.NoError(w.t, w.db.Restarts.Finish(w.ctx(), p.ID, w.at(time.Minute)))
			stored, _ = w.latest(p.ID)
			require.Equal(w.t, finished, !stored.FinishedAt.IsZero(), "%s: finished", cause)
			require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), c.ID, w.at(time.Minute)))
			require.NoError(w.t, w.db.Restarts.Finish(w.ctx(), p.ID, w.at(time.Hour)))
			stored, _ = w.latest(p.ID)
			require.False(w.t, stored.FinishedAt.IsZero())
		}
	})
}
