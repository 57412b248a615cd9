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
	"pirogue/ledger"
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
		require.Equal(w.t, pirogue.NewEventID(p.ID, 1), first.EventID)

		again, err := w.success(p)
		require.NoError(w.t, err)
		require.Equal(w.t, first, again)
		w.balance(4925)

		event, d, err := w.db.BeginDelivery(w.ctx(), first.EventID, w.at(time.Minute))
		require.NoError(w.t, err)
		require.Equal(w.t, 1, d.Number)
		require.Equal(w.t, hook, event.URL)
		want, err := pirogue.NewEvent(first.Payment, hook, w.at(time.Minute))
		require.NoError(w.t, err)
		require.Equal(w.t, want, event)
		require.True(w.t, json.Valid(event.Body))
		w.sound()
	})
}

// balance checks what the world's merchant may spend in Mali.
func (w *world) balance(available int64) {
	w.t.Helper()
	balances, err := w.db.Balances(w.ctx(), w.owner)
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
			stands := map[pirogue.Status]bool{}
			require.NoError(w.t, together(60, func(i int) error {
				s := pirogue.Settlement{PaymentID: p.ID, Status: outcomes[i%3], At: w.at(time.Minute)}
				var journal *ledger.Journal
				if s.Status == pirogue.StatusSuccess {
					entry := ledger.CashIn(p)
					journal = &entry
				}
				settled, err := w.db.Settle(w.ctx(), s, journal)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					stands[settled.Payment.Status] = true
					if settled.EventID != "" {
						events[s.Status] = settled.EventID
					}
				}
				return err
			}))
			require.Len(w.t, stands, 1, "everybody is told the same status")
			require.Len(w.t, events, 1, "only who wanted it is told the event")
			for status, event := range events {
				require.True(w.t, stands[status])
				require.Equal(w.t, pirogue.NewEventID(p.ID, 1), event)
			}
		}
		w.sound()
	})
}

func TestASettlementBeginsWhereItMay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		expired := func(p pirogue.Payment) {
			_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNoAnswer)
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
			"open, from anywhere open":               {open, "", pirogue.StatusFailed, pirogue.StatusFailed, 1},
			"open, from the status it has":           {open, pirogue.StatusInitiated, pirogue.StatusFailed, pirogue.StatusFailed, 1},
			"open, from another status":              {open, pirogue.StatusCreated, pirogue.StatusExpired, pirogue.StatusInitiated, 0},
			"expired, then FAILED":                   {expired, "", pirogue.StatusFailed, pirogue.StatusExpired, 0},
			"expired again":                          {expired, "", pirogue.StatusExpired, pirogue.StatusExpired, 1},
			"expired, then SUCCESS without asking":   {expired, "", pirogue.StatusSuccess, pirogue.StatusExpired, 0},
			"expired, then a late SUCCESS":           {expired, pirogue.StatusExpired, pirogue.StatusSuccess, pirogue.StatusSuccess, 2},
			"open, a late SUCCESS of what is not so": {open, pirogue.StatusExpired, pirogue.StatusSuccess, pirogue.StatusInitiated, 0},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				p, _ := w.sent(name)
				row.arrange(p)
				var journal *ledger.Journal
				if row.status == pirogue.StatusSuccess {
					entry := ledger.CashIn(p)
					journal = &entry
				}
				for range 2 { // repeated, it says the same
					settled, err := w.db.Settle(w.ctx(), pirogue.Settlement{
						PaymentID: p.ID, From: row.from, Status: row.status, At: w.at(time.Hour),
					}, journal)
					require.NoError(t, err)
					require.Equal(t, row.want, settled.Payment.Status)
					if row.event == 0 {
						require.Empty(t, settled.EventID)
					} else {
						require.Equal(t, pirogue.NewEventID(p.ID, row.event), settled.EventID)
					}
				}
			})
		}
		w.sound()
	})
}

func TestALateSuccessClearsTheFailure(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		ended, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNoAnswer)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.Failure{Code: pirogue.FailedNoAnswer, Note: "solde"}, ended.Payment.Failure)
		require.Zero(w.t, ended.Payment.SettledAt)
		journal := ledger.CashIn(p)
		late, err := w.db.Settle(w.ctx(), pirogue.Settlement{
			PaymentID: p.ID, From: pirogue.StatusExpired, Status: pirogue.StatusSuccess, At: w.at(time.Hour),
		}, &journal)
		require.NoError(w.t, err)
		require.Zero(w.t, late.Payment.Failure)
		require.Equal(w.t, w.at(time.Hour), late.Payment.SettledAt)
		w.sound()
	})
}

func TestASettlementThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.accept("order_1")
		other, _ := w.accept("order_2")
		foreign, journal := ledger.CashIn(other), ledger.CashIn(p)
		empty := ledger.Journal{PaymentID: p.ID, Step: ledger.StepCashIn}
		rows := map[string]struct {
			s       pirogue.Settlement
			journal *ledger.Journal
			code    pirogue.Code
		}{
			"of a payment nobody knows":         {pirogue.Settlement{PaymentID: ids.Payment(), Status: pirogue.StatusFailed}, nil, pirogue.TransactionNotFound},
			"to a status that ends nothing":     {pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusPending}, nil, pirogue.Internal},
			"with another payment's journal":    {pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusFailed}, &foreign, pirogue.Internal},
			"paid without having been sent":     {pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusSuccess}, &journal, pirogue.Internal},
			"reversed without a success":        {pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusReversed}, nil, pirogue.Internal},
			"with a journal that moves nothing": {pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusFailed}, &empty, pirogue.Internal},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				row.s.At = w.at(0)
				_, err := w.db.Settle(w.ctx(), row.s, row.journal)
				require.Equal(t, row.code, pirogue.CodeOf(err), "%v", err)
			})
		}
		w.send(a)
		_, err := w.db.Settle(w.ctx(), pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)}, nil)
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "paid, and nothing booked")
		got, _ := w.latest(p.ID)
		require.Equal(w.t, pirogue.StatusInitiated, got.Status, "nothing half-made")
		w.sound()
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
				require.NoError(t, w.db.SetNotifyURL(w.ctx(), w.owner.MerchantID, row.merchant))
				p, a := w.order(w.owner, name)
				p.NotifyURL = row.payment
				_, _, err := w.db.Accept(w.ctx(), p, a, digest(a))
				require.NoError(t, err)
				settled, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
				require.NoError(t, err)
				event, d, err := w.db.BeginDelivery(w.ctx(), settled.EventID, w.at(0))
				require.NoError(t, err)
				require.Equal(t, row.want, event.URL)
				require.Equal(t, row.want == silent, event.State == pirogue.EventUnwanted)
				require.Equal(t, row.want == silent, d.Number == 0)
			})
		}
		w.sound()
	})
}

// 300 payments of one merchant are paid at the same moment: every one of them is in the
// counters.
func TestNoBookingIsLostOnAHotMerchant(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const payments = 300
		var all []pirogue.Payment
		for i := range payments {
			p, _ := w.sent(fmt.Sprintf("order_%d", i))
			all = append(all, p)
		}
		require.NoError(w.t, together(payments, func(i int) error {
			_, err := w.success(all[i])
			return err
		}))
		w.balance(payments * 4925)
		book, err := w.db.OperatorBook(w.ctx(), operator)
		require.NoError(w.t, err)
		require.Len(w.t, book, payments)
		w.sound()
	})
}

func TestAMerchantsAccountIsNeverOverdrawn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		_, err := w.success(p) // 4925 are left
		require.NoError(w.t, err)
		credit := ledger.CashIn(p).Transfers[0]
		var mu sync.Mutex
		booked := 0
		var spent []pirogue.Payment
		for i := range 10 {
			q, _ := w.sent(fmt.Sprintf("spend_%d", i))
			spent = append(spent, q)
		}
		_ = together(len(spent), func(i int) error { //nolint:errcheck // each error is judged inside
			journal := ledger.Journal{PaymentID: spent[i].ID, Step: "spend", Transfers: []ledger.Transfer{
				{Debit: credit.Credit, Credit: credit.Debit, Amount: 1000},
			}}
			err := w.db.OpenCase(w.ctx(), pirogue.Case{
				ID: pirogue.CaseID(spent[i].ID), PaymentID: spent[i].ID, Cause: "TEST", OpenedAt: w.at(0),
			}, &journal)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				booked++
			} else if pirogue.CodeOf(err) != pirogue.ServiceUnavailable {
				require.Equal(w.t, pirogue.InsufficientBalance, pirogue.CodeOf(err))
			}
			return err
		})
		require.Equal(w.t, 4, booked)
		balances, err := w.db.Balances(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.EqualValues(w.t, 925, balances[0].Available)
		w.sound()
	})
}

func TestACaseIsOpenedAndBookedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNoAnswer)
		require.NoError(w.t, err)
		c := pirogue.Case{
			ID: pirogue.NewCaseID(p.ID, pirogue.CauseLateSuccess), PaymentID: p.ID, Cause: pirogue.CauseLateSuccess,
			Note: "ordered 5000 XOF,\x00 paid 2500 XOF", OpenedAt: w.at(time.Hour),
		}
		journal := ledger.Late(p, 2500)
		require.NoError(w.t, together(20, func(int) error { return w.db.OpenCase(w.ctx(), c, &journal) }))

		cases, err := w.db.Cases(w.ctx(), p.ID)
		require.NoError(w.t, err)
		c.Note = "ordered 5000 XOF,\uFFFD paid 2500 XOF"
		require.Equal(w.t, []pirogue.Case{c}, cases)
		book, err := w.db.OperatorBook(w.ctx(), operator)
		require.NoError(w.t, err)
		require.Equal(w.t, map[string]int64{string(a.Ref): 2500}, book)
		balances, err := w.db.Balances(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Empty(w.t, balances, "money in suspense is not the merchant's")

		foreign := ledger.Late(pirogue.Payment{ID: "another"}, 1)
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(w.db.OpenCase(w.ctx(), c, &foreign)))
		w.sound()
	})
}

func TestMoneyNeverCrossesACurrencyOrAMode(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, change := range map[string]func(a *ledger.Account){
			"another currency": func(a *ledger.Account) { a.Currency = pirogue.XAF },
			"the other mode":   func(a *ledger.Account) { a.Mode = pirogue.Live },
		} {
			w.test().Run(name, func(t *testing.T) {
				p, _ := w.sent(name)
				journal := ledger.Late(p, 100)
				change(&journal.Transfers[0].Credit)
				err := w.db.OpenCase(w.ctx(), pirogue.Case{ID: "c", PaymentID: p.ID, OpenedAt: w.at(0)}, &journal)
				require.Equal(t, pirogue.Internal, pirogue.CodeOf(err))
			})
		}
		w.sound()
	})
}

func TestBalancesShowEverySubsidiary(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		paid, _ := w.sent("paid")
		_, err := w.success(paid)
		require.NoError(w.t, err)
		w.accept("under way in Mali")
		cameroon, a := w.order(w.owner, "under way in Cameroon")
		cameroon.Country, cameroon.Amount, cameroon.Fee = "CM", pirogue.Money{Minor: 700, Currency: pirogue.XAF}, pirogue.Money{}
		_, _, err = w.db.Accept(w.ctx(), cameroon, a, digest(a))
		require.NoError(w.t, err)
		out, b := w.order(w.owner, "a cash-out in Senegal")
		out.Kind, out.Country = pirogue.CashOut, "SN"
		_, _, err = w.db.Accept(w.ctx(), out, b, digest(b))
		require.NoError(w.t, err)

		balances, err := w.db.Balances(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Balance{
			{Country: "CM", Currency: pirogue.XAF, Pending: 700, UpdatedAt: w.at(0)},
			{Country: "ML", Currency: pirogue.XOF, Available: 4925, Pending: 5000, UpdatedAt: w.at(time.Minute)},
			{Country: "SN", Currency: pirogue.XOF, UpdatedAt: w.at(0)},
		}, balances)
		strangers, err := w.db.Balances(w.ctx(), w.another())
		require.NoError(w.t, err)
		require.Empty(w.t, strangers)
	})
}

func TestTheOperatorsBookHasTheMoneyUnderTheReferenceThatWasPaid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, first := w.sent("order_1")
		second := w.renew(p, first) // at another operator
		w.send(second)
		p, _ = w.latest(p.ID)
		_, err := w.success(p)
		require.NoError(w.t, err)
		for code, want := range map[pirogue.OperatorCode]map[string]int64{
			first.Operator: {}, second.Operator: {string(second.Ref): 5000}, "nobody": {},
		} {
			book, err := w.db.OperatorBook(w.ctx(), code)
			require.NoError(w.t, err)
			require.Equal(w.t, want, book, code)
		}
		w.sound()
	})
}

// An API and a worker on one laptop share a file. Neither may hear "database is locked".
func TestTwoProcessesMayWriteAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		api, worker := w.db, w.open(defaultRate)
		payments, attempts := make([]pirogue.Payment, 40), make([]pirogue.Attempt, 40)
		for i := range payments {
			payments[i], attempts[i] = w.order(w.owner, fmt.Sprintf("order_%d", i))
		}
		require.NoError(w.t, together(len(payments), func(i int) error {
			p, a := payments[i], attempts[i]
			if _, _, err := api.Accept(w.ctx(), p, a, digest(a)); err != nil {
				return err
			}
			if _, err := worker.Send(w.ctx(), a.ID, w.at(0)); err != nil {
				return err
			}
			journal := ledger.CashIn(p)
			_, err := api.Settle(w.ctx(), pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)}, &journal)
			return err
		}))
		w.balance(40 * 4925)
		w.sound()
	})
}
