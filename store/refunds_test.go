package store_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/webhook"
)

// paid makes a cash-in of 5000 that was paid; 4925 of it are the merchant's.
func (w *world) paid(reference string) pirogue.Payment {
	w.t.Helper()
	p, _ := w.sent(reference)
	finalized, err := w.success(p)
	require.NoError(w.t, err)
	return finalized.Payment
}

// failed settles a payment as proven not executed.
func (w *world) failed(p pirogue.Payment) (lifecycle.Finalized, error) {
	return w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
}

func TestARefundGivesItsCashInBackInParts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(1000)
		parent := w.paid("order_1")
		w.requireBalance(5925, 0)
		counters := func(refunded, held int64, status pirogue.Status) {
			w.t.Helper()
			p, _ := w.latest(parent.ID)
			require.Equal(w.t, status, p.Status)
			require.Equal(w.t, []int64{refunded, held}, []int64{p.Refunded, p.RefundHeld}, "refunded, held")
		}
		first := w.underway(w.refund(parent, "refund_1", 2000))
		counters(0, 2000, pirogue.StatusSuccess)
		w.requireBalance(3925, 2000)
		finalized, err := w.success(first)
		require.NoError(w.t, err)
		require.Equal(w.t, webhook.NewEventID(first.ID, 1), finalized.EventID)
		require.Empty(w.t, finalized.Reversed, "3000 are left of the cash-in")
		counters(2000, 0, pirogue.StatusSuccess)
		w.requireBalance(3925+30, 0) // 30 of the fee of 75 came back

		vain := w.underway(w.refund(parent, "refund_2", 3000))
		counters(2000, 3000, pirogue.StatusSuccess)
		finalized, err = w.failed(vain)
		require.NoError(w.t, err)
		require.Empty(w.t, finalized.Reversed)
		counters(2000, 0, pirogue.StatusSuccess)
		w.requireBalance(3955, 0)

		rest := w.underway(w.refund(parent, "refund_3", 3000))
		w.requireSound()
		var entries lifecycle.Finalized
		for range 2 { // a repeated call returns the same
			entries, err = w.success(rest)
			require.NoError(w.t, err)
			require.Equal(w.t, webhook.NewEventID(rest.ID, 1), entries.EventID)
			require.Equal(w.t, webhook.NewEventID(parent.ID, 2), entries.Reversed)
		}
		counters(5000, 0, pirogue.StatusReversed)
		refunds, err := w.db.Payments.Refunds(w.ctx(), parent.ID)
		require.NoError(w.t, err)
		require.Len(w.t, refunds, 2, "the one in vain gave nothing back")
		require.Equal(w.t, []pirogue.PaymentID{first.ID, rest.ID}, []pirogue.PaymentID{refunds[0].ID, refunds[1].ID})
		w.requireBalance(1000, 0) // as if the cash-in had never been
		event, _, err := w.db.Webhooks.BeginDelivery(w.ctx(), entries.Reversed, w.at(time.Hour))
		require.NoError(w.t, err)
		var body struct {
			Status   string `json:"status"`
			Refunded int64  `json:"refunded_amount"`
		}
		require.NoError(w.t, json.Unmarshal(event.Body, &body))
		require.Equal(w.t, "REVERSED", body.Status)
		require.EqualValues(w.t, 5000, body.Refunded)
		w.requireSound()
	})
}

func TestARefundBeginsWhereItMay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(50_000)
		parent := w.paid("order_1")
		open, _ := w.sent("open")
		failed, _ := w.sent("failed")
		_, err := w.failed(failed)
		require.NoError(w.t, err)
		whole := w.paid("whole")
		_, err = w.success(w.underway(w.refund(whole, "whole", 5000)))
		require.NoError(w.t, err)
		out := w.underway(w.cashOut("out", 5000, 0))
		_, err = w.success(out)
		require.NoError(w.t, err)
		refund := w.accepted(w.refund(parent, "a part", 1000))

		stranger, live := w.another(), access.Owner{MerchantID: w.owner.MerchantID, Mode: pirogue.Live}
		unknown := pirogue.Payment{ID: ids.Payment()}
		own := func(*pirogue.Payment) {}
		for name, row := range map[string]struct {
			parent pirogue.Payment
			amount int64
			change func(p *pirogue.Payment)
			code   pirogue.Code
		}{
			"of a cash-in nobody has": {unknown, 1, own, pirogue.TransactionNotFound},
			"of another merchant's": {
				parent, 1, func(p *pirogue.Payment) { p.MerchantID = stranger.MerchantID }, pirogue.TransactionNotFound,
			},
			"of the other mode's": {
				parent, 1, func(p *pirogue.Payment) { p.Mode = live.Mode }, pirogue.TransactionNotFound,
			},
			"of one that is under way": {open, 1, own, pirogue.RefundNotAllowed},
			"of one that failed":       {failed, 1, own, pirogue.RefundNotAllowed},
			"of one that is reversed":  {whole, 1, own, pirogue.RefundNotAllowed},
			"of a cash-out":            {out, 1, own, pirogue.RefundNotAllowed},
			"of a refund":              {refund, 1, own, pirogue.RefundNotAllowed},
			"of more than was paid":    {parent, 5001, own, pirogue.RefundExceedsPayment},
			"of more than is left":     {parent, 4001, own, pirogue.RefundExceedsPayment},
			"in another currency": {
				parent, 1, func(p *pirogue.Payment) { p.Amount.Currency, p.Fee.Currency = pirogue.XAF, pirogue.XAF },
				pirogue.Internal,
			},
			"in another country":             {parent, 1, func(p *pirogue.Payment) { p.Country = "SN" }, pirogue.Internal},
			"of nothing at all":              {pirogue.Payment{}, 1, own, pirogue.Internal},
			"of what no database could tell": {pirogue.Payment{ID: "\x00"}, 1, own, pirogue.InvalidParameter},
		} {
			p, a := w.refund(row.parent, name, row.amount)
			row.change(&p)
			w.requireRefused(row.code, p, a)
		}
		w.requireBalance(50_000+4925-5000-75+75-1000-75+75, 1000)
		w.requireSound()
	})
}

// The merchant has spent the money. The refund is refused, and nothing is held of the cash-in
// either.
func TestARefundNeedsTheMoney(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.paid("order_1")
		p, a := w.refund(parent, "refund_1", 5000)
		w.requireRefused(pirogue.InsufficientBalance, p, a)
		kept, _ := w.latest(parent.ID)
		require.Zero(w.t, kept.RefundHeld)
		w.fund(75)
		w.accepted(p, a)
		w.requireBalance(0, 5000)

		changed, b := w.refund(pirogue.Payment{ID: ids.Payment()}, "refund_1", 9999)
		stored, fresh, err := w.db.Payments.Accept(w.ctx(), changed, b, digest(b))
		require.NoError(w.t, err, "a reference that exists is answered before anything else is asked")
		require.False(w.t, fresh)
		require.Equal(w.t, p.ID, stored.ID)
		w.requireSound()
	})
}

// Forty callers request a tenth each.
func TestRefundsAtOnceNeverGiveBackMoreThanWasPaid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		parent := w.paid("order_1")
		var accepted, exceeding atomic.Int64
		require.NoError(w.t, concurrently(40, func(i int) error {
			p, a := w.refund(parent, fmt.Sprintf("refund_%d", i), 500)
			_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
			return w.countUnless(pirogue.RefundExceedsPayment, err, &accepted, &exceeding)
		}))
		require.EqualValues(w.t, 10, accepted.Load())
		require.EqualValues(w.t, 30, exceeding.Load())
		w.requireBalance(104_925-5000, 5000)
		w.requireSound()
	})
}

// Ten refunds end at once, half of them without success, while callers request ten more.
func TestRefundsEndAndBeginAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(100_000)
		parent := w.paid("order_1")
		var under []pirogue.Payment
		for i := range 10 {
			under = append(under, w.underway(w.refund(parent, fmt.Sprintf("refund_%d", i), 500)))
		}
		var accepted, exceeding atomic.Int64
		require.NoError(w.t, concurrently(20, func(i int) error {
			if i < 10 {
				status := []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusFailed}[i%2]
				_, err := w.db.Payments.Finalize(
					w.ctx(), lifecycle.Finalization{PaymentID: under[i].ID, Status: status, At: w.at(time.Minute)},
				)
				return err
			}
			p, a := w.refund(parent, fmt.Sprintf("refund_%d", i), 500)
			_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
			return w.countUnless(pirogue.RefundExceedsPayment, err, &accepted, &exceeding)
		}))
		p, _ := w.latest(parent.ID)
		require.EqualValues(w.t, 2500, p.Refunded)
		require.Equal(w.t, accepted.Load()*500, p.RefundHeld)
		w.requireSound()
	})
}

// The last parts of a cash-in are refunded at once. One of these refunds reverses it.
func TestOneRefundReversesTheCashIn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(1000)
		parent := w.paid("order_1")
		var under []pirogue.Payment
		for i := range 10 {
			under = append(under, w.underway(w.refund(parent, fmt.Sprintf("refund_%d", i), 500)))
		}
		var reversing atomic.Int64
		require.NoError(w.t, concurrently(10, func(i int) error {
			finalized, err := w.success(under[i])
			if finalized.Reversed != "" {
				reversing.Add(1)
			}
			return err
		}))
		require.EqualValues(w.t, 1, reversing.Load())
		p, _ := w.latest(parent.ID)
		require.Equal(w.t, pirogue.StatusReversed, p.Status)
		w.requireBalance(1000, 0)
		w.requireSound()
	})
}

// lateCashIn makes a cash-in that expired and was paid afterwards.
func (w *world) lateCashIn(reference string, paid int64) pirogue.Payment {
	w.t.Helper()
	p, _ := w.sent(reference)
	ended, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
	require.NoError(w.t, err)
	require.NoError(w.t, w.opens(support.Case{
		ID: support.NewCaseID(p.ID, support.CauseLateSuccess), PaymentID: p.ID, Cause: support.CauseLateSuccess,
		Paid: paid, OpenedAt: w.at(time.Hour),
	}))
	return ended.Payment
}

// lateRefund returns a refund out of suspense that is not accepted yet.
func (w *world) lateRefund(parent pirogue.Payment, reference string, amount int64) (pirogue.Payment, pirogue.Attempt) {
	p, a := w.refund(parent, reference, amount)
	p.Late = true
	return p, a
}

func TestStrayMoneyGoesBackOutOfSuspense(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.lateCashIn("order_1", 5000)
		stray := support.NewCaseID(parent.ID, support.CauseLateSuccess)
		other := support.Case{
			ID: support.NewCaseID(parent.ID, support.CauseUnknown), PaymentID: parent.ID, Cause: support.CauseUnknown,
			OpenedAt: w.at(time.Hour),
		}
		require.NoError(w.t, w.opens(other))
		vain := w.underway(w.lateRefund(parent, support.NewReturnID(stray, 1), 5000))
		finalized, err := w.failed(vain)
		require.NoError(w.t, err)
		require.Empty(w.t, finalized.Reversed)

		again := support.NewReturnID(stray, 2)
		p, a := w.lateRefund(parent, again, 5000)
		w.underway(p, a)
		require.Equal(
			w.t, pirogue.Internal, pirogue.CodeOf(w.db.Cases.PlaceCase(w.ctx(), stray, w.at(0))), "it is on its way",
		)
		w.requireOpen(parent.ID, stray, other.ID)
		same, b := w.refund(w.paid("order_2"), again, 1)
		w.accepted(same, b) // merchants' references do not collide with ours
		for range 2 {
			finalized, err = w.success(p)
			require.NoError(w.t, err)
			require.Empty(w.t, finalized.Reversed)
		}
		_, out := w.operatorBook(operatorCode)
		require.EqualValues(w.t, 5000, out[string(a.Ref)])
		kept, _ := w.latest(parent.ID)
		require.Equal(w.t, parent, kept, "the cash-in is left alone")
		w.requireOpen(parent.ID, other.ID) // the success of a return closes its own case only
		c, err := w.db.Cases.Case(w.ctx(), stray)
		require.NoError(w.t, err)
		returns, err := w.db.Cases.Returns(w.ctx(), c)
		require.NoError(w.t, err)
		require.Len(w.t, returns, 2)
		require.Equal(w.t, []pirogue.PaymentID{vain.ID, p.ID}, []pirogue.PaymentID{returns[0].ID, returns[1].ID})
		w.requireSound()
	})
}

// requireOpen requires that exactly these cases of a payment are open.
func (w *world) requireOpen(id pirogue.PaymentID, want ...support.CaseID) {
	w.t.Helper()
	cases, err := w.db.Cases.Cases(w.ctx(), id)
	require.NoError(w.t, err)
	var open []support.CaseID
	for _, c := range cases {
		if c.ClosedAt.IsZero() {
			open = append(open, c.ID)
		}
	}
	require.ElementsMatch(w.t, want, open)
}

// Unwanted money that people placed outside Pirogue leaves suspense with its case, once. It
// cannot be refunded afterwards.
func TestMoneyThatWasPlacedLeavesSuspense(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.lateCashIn("order_1", 5000)
		stray := support.NewCaseID(parent.ID, support.CauseLateSuccess)
		require.NoError(
			w.t, concurrently(5, func(int) error { return w.db.Cases.PlaceCase(w.ctx(), stray, w.at(2*time.Hour)) }),
		)
		w.requireOpen(parent.ID)
		w.requireSound()
		p, a := w.lateRefund(parent, support.NewReturnID(stray, 1), 1)
		w.requireRefused(pirogue.RefundExceedsPayment, p, a)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Cases.PlaceCase(w.ctx(), "none", w.at(0))))
		w.requireSound()
	})
}

// Two people settle a cash-out of a wrong amount. The merchant pays all of it, a part or nothing.
// In each case suspense is cleared, and the operator's book keeps the amount that the operator
// reported.
func TestMoneyThatLeftOtherwiseIsSettled(t *testing.T) {
	t.Parallel()

	for name, row := range map[string]struct {
		as     support.Resolution
		status pirogue.Status
		moved  int64 // by the operator's result
		costs  int64 // the merchant's cost
		fails  bool
	}{
		"paid, to somebody else":            {as: support.ResolvedPaid, status: "SUCCESS", moved: 1000, costs: 1020},
		"paid, though less was confirmed":   {as: support.ResolvedPaid, status: "SUCCESS", moved: 400, costs: 1020},
		"paid, though more was confirmed":   {as: support.ResolvedPaid, status: "SUCCESS", moved: 1400, costs: 1020},
		"paid, though nothing was booked":   {as: support.ResolvedPaid, status: "SUCCESS", costs: 1020},
		"paid in part":                      {as: support.ResolvedInPart, status: "FAILED", moved: 400, costs: 400},
		"not paid":                          {as: support.ResolvedUnpaid, status: "FAILED", moved: 400},
		"not paid, and nothing was booked":  {as: support.ResolvedUnpaid, status: "FAILED"},
		"a part that is the whole":          {as: support.ResolvedInPart, status: "FAILED", moved: 1000, fails: true},
		"a part of which nothing is booked": {as: support.ResolvedInPart, status: "FAILED", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				w.fund(5000)
				p, a := w.cashOut("out", 1000, 20)
				w.underway(p, a)
				id := support.NewCaseID(p.ID, support.CauseAmountMismatch)
				require.NoError(w.t, w.opens(support.Case{
					ID: id, PaymentID: p.ID, Cause: support.CauseAmountMismatch, Paid: row.moved, OpenedAt: w.at(0),
				}))
				w.requireBalance(3980, 1020)
				w.requireSound()
				for range 2 {
					finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
						PaymentID: p.ID, Status: row.status, Case: id, Resolution: row.as, At: w.at(time.Minute),
					})
					if row.fails {
						require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
						w.requireBalance(3980, 1020)
						w.requireOpen(p.ID, id)
						w.requireSound()
						return
					}
					require.NoError(w.t, err)
					require.Equal(w.t, row.status, finalized.Payment.Status)
					require.NotEmpty(w.t, finalized.EventID)
				}
				w.requireBalance(5000-row.costs, 0)
				w.requireOpen(p.ID)
				kept, _ := w.latest(p.ID)
				if row.status == pirogue.StatusSuccess || kept.Moved > 0 {
					require.Equal(w.t, row.costs, kept.Net(), "what the export says is what the balance lost")
				}
				_, out := w.operatorBook(operatorCode)
				want := row.moved
				if row.moved == 0 && row.status == pirogue.StatusSuccess {
					want = 1000
				}
				require.Equal(w.t, want, out[string(a.Ref)])
				w.requireSound()
			})
		})
	}
}

// A refund that paid a part counts as that part of its cash-in.
func TestARefundThatWasPaidInPartGaveBackThatPart(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.paid("order")
		p, a := w.refund(parent, "refund", 3000)
		w.underway(p, a)
		id := support.NewCaseID(p.ID, support.CauseAmountMismatch)
		require.NoError(w.t, w.opens(support.Case{
			ID: id, PaymentID: p.ID, Cause: support.CauseAmountMismatch, Paid: 1200, OpenedAt: w.at(0),
		}))
		_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusFailed, Case: id, Resolution: support.ResolvedInPart, At: w.at(time.Minute),
			Failure: pirogue.Failure{Code: pirogue.FailedInPart},
		})
		require.NoError(w.t, err)
		kept, _ := w.latest(parent.ID)
		require.Equal(w.t, []int64{1200, 0}, []int64{kept.Refunded, kept.RefundHeld})
		w.requireSound()
	})
}

func TestNoMoreGoesBackOutOfSuspenseThanWaitsThere(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent, none := w.lateCashIn("order_1", 4500), w.paid("order_2")
		out := w.underway(w.cashOut("out", 100, 0))
		var accepted, exceeding atomic.Int64
		require.NoError(w.t, concurrently(20, func(i int) error {
			p, a := w.lateRefund(parent, fmt.Sprintf("return_%d", i), 1000)
			_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
			return w.countUnless(pirogue.RefundExceedsPayment, err, &accepted, &exceeding)
		}))
		require.EqualValues(w.t, 4, accepted.Load())
		for code, of := range map[pirogue.Code]pirogue.Payment{
			pirogue.RefundExceedsPayment: none, pirogue.RefundNotAllowed: out, pirogue.TransactionNotFound: {ID: ids.Payment()},
		} {
			p, a := w.lateRefund(of, "return", 1)
			w.requireRefused(code, p, a)
		}
		w.requireSound()
	})
}
