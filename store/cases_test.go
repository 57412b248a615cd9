package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// opens opens a case.
func (w *world) opens(c support.Case) error {
	_, err := w.db.Cases.OpenCase(w.ctx(), c)
	return err
}

func TestACaseIsOpenedAndBookedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.NoError(w.t, err)
		c := support.Case{
			ID: support.NewCaseID(p.ID, support.CauseLateSuccess), PaymentID: p.ID, Cause: support.CauseLateSuccess,
			Note: "ordered 5000 XOF,\x00 paid 2500 XOF", Paid: 2500, OpenedAt: w.at(time.Hour),
		}
		require.NoError(w.t, concurrently(20, func(int) error { return w.opens(c) }))

		cases, err := w.db.Cases.Cases(w.ctx(), p.ID)
		require.NoError(w.t, err)
		c.Note = "ordered 5000 XOF,\uFFFD paid 2500 XOF"
		require.Equal(w.t, []support.Case{c}, cases)
		one, err := w.db.Cases.Case(w.ctx(), c.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, c, one)
		in, _ := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 2500}, in)
		balances, err := w.db.Reports.Balances(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Empty(w.t, balances, "money in suspense is not the merchant's")
		w.requireSound()
	})
}

// A payment whose operator's result was never recorded is PENDING once a person must look at it.
func TestAPaymentWithACaseIsPending(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		again := func(c support.Case) error { return w.db.Cases.ReopenCase(w.ctx(), c) }
		for n, open := range []func(support.Case) error{w.opens, again} {
			p, _ := w.sent(fmt.Sprintf("order_%d", n))
			require.NoError(w.t, open(support.Case{
				ID: support.NewCaseID(p.ID, support.CauseUnknown), PaymentID: p.ID, Cause: support.CauseUnknown,
				OpenedAt: w.at(time.Hour),
			}))
			p, _, err := w.db.Attempts.Latest(w.ctx(), p.ID)
			require.NoError(w.t, err)
			require.Equal(w.t, pirogue.StatusPending, p.Status)
		}
		w.requireSound()
	})
}

// Two causes may name the same money, which came only once.
func TestStrayMoneyIsOneCasesOnly(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		open := func(cause support.Cause, paid int64) support.Case {
			c := support.Case{
				ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, Paid: paid, OpenedAt: w.at(time.Minute),
			}
			require.NoError(w.t, w.opens(c))
			kept, err := w.db.Cases.Case(w.ctx(), c.ID)
			require.NoError(w.t, err)
			return kept
		}
		require.EqualValues(w.t, 0, open(support.CauseUnknown, 0).Paid)
		require.EqualValues(w.t, 2500, open(support.CauseAmountMismatch, 2500).Paid)
		require.EqualValues(w.t, 0, open(support.CauseLateSuccess, 2500).Paid)
		require.EqualValues(w.t, 2500, open(support.CauseAmountMismatch, 2500).Paid, "opened again")
		w.requireSound()
	})
}

// A cash-out failed and was executed nevertheless. The operator has less of our money, and no
// account was debited.
func TestMoneyThatLeftAfterAllWaitsInSuspenseToo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		p, a := w.cashOut("order_1", 1000, 0)
		w.underway(p, a)
		_, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
		require.NoError(w.t, err)
		c := support.Case{
			ID: support.NewCaseID(p.ID, support.CausePaidAfterAll), PaymentID: p.ID, Cause: support.CausePaidAfterAll,
			Paid: 1000, OpenedAt: w.at(time.Hour),
		}
		require.NoError(w.t, w.opens(c))
		_, out := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 1000}, out)
		w.requireBalance(5000, 0)
		w.requireSound()
	})
}

func TestACaseIsClosedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		other, _ := w.sent("order_2")
		for _, q := range []pirogue.Payment{p, other} {
			for _, cause := range []support.Cause{support.CauseUnknown, support.CauseMismatch} {
				require.NoError(w.t, w.opens(support.Case{
					ID: support.NewCaseID(q.ID, cause), PaymentID: q.ID, Cause: cause, OpenedAt: w.at(0),
				}))
			}
		}
		for _, cause := range []support.Cause{support.CauseUnknown, support.CauseMismatch} {
			require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), support.NewCaseID(p.ID, cause), w.at(time.Hour)))
			require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), support.NewCaseID(p.ID, cause), w.at(2*time.Hour)))
		}
		for id, want := range map[pirogue.PaymentID]time.Time{p.ID: w.at(time.Hour), other.ID: {}} {
			cases, err := w.db.Cases.Cases(w.ctx(), id)
			require.NoError(w.t, err)
			require.Len(w.t, cases, 2)
			for _, c := range cases {
				require.Equal(w.t, want, c.ClosedAt)
			}
		}
		for _, id := range []support.CaseID{"none", "\x00"} {
			_, err := w.db.Cases.Case(w.ctx(), id)
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		}
		err := w.opens(support.Case{ID: "c", PaymentID: "none", Paid: 1, OpenedAt: w.at(0)})
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "a case of no payment")
	})
}

// A part of a cash-out is booked to suspense. If the operator then confirms all of it, the part
// is not booked a second time: people settle the case.
func TestMoneyInSuspenseIsNotCapturedTwice(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		p, a := w.cashOut("order_1", 1000, 0)
		w.underway(p, a)
		c := support.Case{
			ID: support.NewCaseID(p.ID, support.CauseAmountMismatch), PaymentID: p.ID, Cause: support.CauseAmountMismatch,
			Paid: 400, OpenedAt: w.at(time.Minute),
		}
		require.NoError(w.t, w.opens(c))
		finalized, err := w.success(p)
		require.NoError(w.t, err)
		require.False(w.t, finalized.Payment.Status.Terminal(), finalized.Payment.Status)
		_, out := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 400}, out)
		finalized, err = w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusSuccess, Case: c.ID, Resolution: support.ResolvedPaid, At: w.at(time.Hour),
		})
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusSuccess, finalized.Payment.Status)
		w.requireBalance(4000, 0)
		w.requireSound()
	})
}
