package store_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/webhook"
)

func TestASuccessIsBookedAndAnnouncedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		first, err := w.success(p)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusSuccess, first.Payment.Status)
		require.Equal(w.t, 1, first.Payment.Sequence)
		require.Equal(w.t, w.at(time.Minute), first.Payment.SettledAt)
		require.Equal(w.t, "MP2604.1", first.Payment.ProviderTxID)
		require.Equal(w.t, webhook.NewEventID(p.ID, 1), first.EventID)

		again, err := w.success(p)
		require.NoError(w.t, err)
		require.Equal(w.t, first, again)
		w.requireAvailable(4925)

		event, d, err := w.db.Webhooks.BeginDelivery(w.ctx(), first.EventID, w.at(time.Minute))
		require.NoError(w.t, err)
		require.Equal(w.t, 1, d.Number)
		require.Equal(w.t, hook, event.URL)
		want, err := webhook.NewEvent(first.Payment, hook, w.at(time.Minute))
		require.NoError(w.t, err)
		require.Equal(w.t, want, event)
		require.True(w.t, json.Valid(event.Body))
		w.requireSound()
	})
}

// requireAvailable requires the amount that the world's merchant may spend in Mali.
func (w *world) requireAvailable(available int64) {
	w.t.Helper()
	balances, err := w.db.Reports.Balances(w.ctx(), w.owner)
	require.NoError(w.t, err)
	require.Len(w.t, balances, 1)
	require.Equal(w.t, available, balances[0].Available)
}

func TestWhoeverSettlesFirstWins(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for range 5 {
			p, _ := w.sent(ids.New())
			outcomes := []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusFailed, pirogue.StatusExpired}
			var mu sync.Mutex
			events := map[pirogue.Status]pirogue.EventID{}
			stored := map[pirogue.Status]bool{}
			require.NoError(w.t, concurrently(60, func(i int) error {
				s := lifecycle.Finalization{PaymentID: p.ID, Status: outcomes[i%3], At: w.at(time.Minute)}
				finalized, err := w.db.Payments.Finalize(w.ctx(), s)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					stored[finalized.Payment.Status] = true
					if finalized.EventID != "" {
						events[s.Status] = finalized.EventID
					}
				}
				return err
			}))
			require.Len(w.t, stored, 1, "everybody is told the same status")
			require.Len(w.t, events, 1, "only who wanted it is told the event")
			for status, event := range events {
				require.True(w.t, stored[status])
				require.Equal(w.t, webhook.NewEventID(p.ID, 1), event)
			}
		}
		w.requireSound()
	})
}

func TestASettlementBeginsWhereItMay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		expired := func(p pirogue.Payment) {
			_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
			require.NoError(w.t, err)
		}
		failed := func(p pirogue.Payment) {
			_, err := w.end(p, pirogue.StatusFailed, pirogue.FailedDeclined)
			require.NoError(w.t, err)
		}
		open := func(pirogue.Payment) {}
		rows := map[string]struct {
			arrange func(pirogue.Payment)
			from    pirogue.Status
			status  pirogue.Status
			want    pirogue.Status
			event   int // sequence; 0: none
		}{
			"open, from anywhere open": {open, "", pirogue.StatusFailed, pirogue.StatusFailed, 1},
			"open, from the status it has": {
				open, pirogue.StatusInitiated, pirogue.StatusFailed, pirogue.StatusFailed, 1,
			},
			"open, from another status": {
				open, pirogue.StatusCreated, pirogue.StatusExpired, pirogue.StatusInitiated, 0,
			},
			"expired, then FAILED":                 {expired, "", pirogue.StatusFailed, pirogue.StatusExpired, 0},
			"expired again":                        {expired, "", pirogue.StatusExpired, pirogue.StatusExpired, 1},
			"expired, then SUCCESS without asking": {expired, "", pirogue.StatusSuccess, pirogue.StatusExpired, 0},
			"expired, then a late SUCCESS": {
				expired, pirogue.StatusExpired, pirogue.StatusSuccess, pirogue.StatusSuccess, 2,
			},
			"failed, then SUCCESS without asking": {failed, "", pirogue.StatusSuccess, pirogue.StatusFailed, 0},
			"failed, then a late SUCCESS": {
				failed, pirogue.StatusFailed, pirogue.StatusSuccess, pirogue.StatusSuccess, 2,
			},
			"open, a late SUCCESS of what is not so": {
				open, pirogue.StatusExpired, pirogue.StatusSuccess, pirogue.StatusInitiated, 0,
			},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				p, _ := w.sent(name)
				row.arrange(p)
				for range 2 { // a repeated call returns the same
					finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
						PaymentID: p.ID, From: row.from, Status: row.status, At: w.at(time.Hour),
					})
					require.NoError(t, err)
					require.Equal(t, row.want, finalized.Payment.Status)
					if row.event == 0 {
						require.Empty(t, finalized.EventID)
					} else {
						require.Equal(t, webhook.NewEventID(p.ID, row.event), finalized.EventID)
					}
				}
			})
		}
		w.requireSound()
	})
}

func TestALateSuccessClearsTheFailure(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		ended, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.Failure{Code: pirogue.FailedNotPaid, Note: "solde"}, ended.Payment.Failure)
		require.Zero(w.t, ended.Payment.SettledAt)
		late, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, From: pirogue.StatusExpired, Status: pirogue.StatusSuccess, At: w.at(time.Hour),
		})
		require.NoError(w.t, err)
		require.Zero(w.t, late.Payment.Failure)
		require.Equal(w.t, w.at(time.Hour), late.Payment.SettledAt)
		w.requireSound()
	})
}

func TestASettlementThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		paid := w.fund(5000)
		p, _ := w.accept("order_1")
		out := w.accepted(w.cashOut("order_2", 1000, 0))
		rows := map[string]struct {
			id     pirogue.PaymentID
			from   pirogue.Status
			status pirogue.Status
			code   pirogue.Code
		}{
			"of a payment nobody knows":       {ids.Payment(), "", pirogue.StatusFailed, pirogue.TransactionNotFound},
			"to a status that ends nothing":   {p.ID, "", pirogue.StatusPending, pirogue.Internal},
			"paid without having been sent":   {p.ID, "", pirogue.StatusSuccess, pirogue.Internal},
			"paid out without having been":    {out.ID, "", pirogue.StatusSuccess, pirogue.Internal},
			"reversed, which only refunds do": {paid.ID, pirogue.StatusSuccess, pirogue.StatusReversed, pirogue.Internal},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
					PaymentID: row.id, From: row.from, Status: row.status, At: w.at(0),
				})
				require.Equal(t, row.code, pirogue.CodeOf(err), "%v", err)
			})
		}
		got, _ := w.latest(p.ID)
		require.Equal(w.t, pirogue.StatusCreated, got.Status, "nothing half-made")
		w.requireSound()
	})
}

func TestTheEventGoesWhereThePaymentSays(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const silent = ""
		for name, row := range map[string]struct{ payment, merchant, want string }{
			"to the merchant's address":    {"", hook, hook},
			"to the payment's own address": {"https://own.example/h", hook, "https://own.example/h"},
			"nowhere":                      {"", silent, silent},
		} {
			w.test().Run(name, func(t *testing.T) {
				require.NoError(t, w.db.Merchants.SetNotifyURL(w.ctx(), w.owner.MerchantID, row.merchant))
				p, a := w.newCashIn(w.owner, name)
				p.NotifyURL = row.payment
				_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
				require.NoError(t, err)
				finalized, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
				require.NoError(t, err)
				event, d, err := w.db.Webhooks.BeginDelivery(w.ctx(), finalized.EventID, w.at(0))
				require.NoError(t, err)
				require.Equal(t, row.want, event.URL)
				require.Equal(t, row.want == silent, event.State == pirogue.EventUnwanted)
				require.Equal(t, row.want == silent, d.Number == 0)
			})
		}
		w.requireSound()
	})
}

// 300 payments of one merchant are paid at once. Every one of them is in the counters.
func TestNoBookingIsLostOnAHotMerchant(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const payments = 300
		var all []pirogue.Payment
		for i := range payments {
			p, _ := w.sent(fmt.Sprintf("order_%d", i))
			all = append(all, p)
		}
		require.NoError(w.t, concurrently(payments, func(i int) error {
			_, err := w.success(all[i])
			return err
		}))
		w.requireAvailable(payments * 4925)
		in, out := w.operatorBook(operatorCode)
		require.Len(w.t, in, payments)
		require.Empty(w.t, out)
		w.requireSound()
	})
}

// An API and a worker on one laptop share a file. Neither may get "database is locked".
func TestTwoProcessesMayWriteAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		api, worker := w.db, w.open(defaultRate)
		payments, attempts := make([]pirogue.Payment, 40), make([]pirogue.Attempt, 40)
		for i := range payments {
			payments[i], attempts[i] = w.newCashIn(w.owner, fmt.Sprintf("order_%d", i))
		}
		require.NoError(w.t, concurrently(len(payments), func(i int) error {
			p, a := payments[i], attempts[i]
			if _, _, err := api.Payments.Accept(w.ctx(), p, a, digest(a)); err != nil {
				return err
			}
			if _, err := worker.Attempts.Send(w.ctx(), a.ID, operator.SendLimits{}, w.at(0)); err != nil {
				return err
			}
			_, err := api.Payments.Finalize(
				w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)},
			)
			return err
		}))
		w.requireAvailable(40 * 4925)
		w.requireSound()
	})
}

// However a payment ends, the customer's one-time password is removed. The operator's own handle
// stays.
func TestAPasswordEndsWithItsPayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, row := range []struct {
			name string
			sent bool
			ends pirogue.Status
			want pirogue.Handle
		}{
			{"never sent", false, pirogue.StatusExpired, nil},
			{"its answer is lost, and it expires", true, pirogue.StatusExpired, pirogue.Handle{"id": "7"}},
			{"its answer is lost, and it fails", true, pirogue.StatusFailed, pirogue.Handle{"id": "7"}},
			{"its answer is lost, and it is paid", true, pirogue.StatusSuccess, pirogue.Handle{"id": "7"}},
		} {
			p, a := w.newCashIn(w.owner, row.name)
			a.Handle = pirogue.Handle{pirogue.HandleOTP: "1234"}
			w.accepted(p, a)
			lost := lifecycle.AttemptResult{
				AttemptID: a.ID, Sending: 1, State: pirogue.AttemptUnknown, Handle: pirogue.Handle{"id": "7"}, At: w.at(0),
			}
			if row.sent {
				w.send(a)
				_, err := w.db.Attempts.RecordAttemptResult(w.ctx(), lost)
				require.NoError(w.t, err)
			}
			_, before := w.latest(p.ID)
			require.Equal(w.t, "1234", before.Handle[pirogue.HandleOTP], row.name)
			_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: row.ends, At: w.at(0)})
			require.NoError(w.t, err)
			_, after := w.latest(p.ID)
			require.Equal(w.t, row.want, after.Handle, row.name)
			require.Equal(w.t, before.UpdatedAt, after.UpdatedAt)
		}
		w.requireSound()
	})
}
