package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/webhook"
)

func TestACashOutIsHeldUntilItsEndIsKnown(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, row := range map[string]struct {
			payer  pirogue.FeePayer
			status pirogue.Status
			cost   int64 // the merchant's cost
			wallet int64 // the customer receives this
		}{
			"paid":                           {pirogue.PaidByMerchant, pirogue.StatusSuccess, 1020, 1000},
			"paid, its fee the customer's":   {pirogue.PaidByCustomer, pirogue.StatusSuccess, 1000, 980},
			"failed":                         {pirogue.PaidByMerchant, pirogue.StatusFailed, 0, 0},
			"expired":                        {pirogue.PaidByMerchant, pirogue.StatusExpired, 0, 0},
			"failed, its fee the customer's": {pirogue.PaidByCustomer, pirogue.StatusFailed, 0, 0},
		} {
			w.test().Run(name, func(t *testing.T) {
				w.owner = w.another()
				w.fund(5000)
				p, a := w.cashOut(name, 1000, 20)
				p.FeePayer = row.payer
				held := w.underway(p, a).Net()
				w.requireBalance(5000-held, held)
				for range 2 { // a repeated call returns the same
					finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
						PaymentID: p.ID, Status: row.status, At: w.at(time.Minute),
					})
					require.NoError(t, err)
					require.Equal(t, row.status, finalized.Payment.Status)
					require.Equal(t, webhook.NewEventID(p.ID, 1), finalized.EventID)
				}
				w.requireBalance(5000-row.cost, 0)
				_, out := w.operatorBook(operatorCode)
				require.Equal(t, row.wallet, out[string(a.Ref)])
			})
		}
		w.requireSound()
	})
}

// The operator that pays may differ from the one of the hold.
func TestACashOutIsBookedAtTheOperatorThatPaid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		p, first := w.cashOut("order_1", 1000, 20)
		w.accepted(p, first)
		second := w.renewAt("another", p, first)
		w.send(second)
		_, err := w.success(p)
		require.NoError(w.t, err)
		_, out := w.operatorBook(operatorCode)
		require.Empty(w.t, out)
		_, out = w.operatorBook(second.Operator)
		require.Equal(w.t, map[string]int64{string(second.Ref): 1000}, out)
		w.requireBalance(3980, 0)
		w.requireSound()
	})
}

func TestWhatTheBalanceDoesNotCoverLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		poor, a := w.cashOut("before any money", 1, 0)
		w.requireRefused(pirogue.InsufficientBalance, poor, a)
		w.fund(5000)
		dear, b := w.cashOut("more than there is with its fee", 4981, 20)
		w.requireRefused(pirogue.InsufficientBalance, dear, b)
		dear.Amount.Minor = 4980
		w.accepted(dear, b) // the reference is free: nothing of the failed call stayed
		w.requireBalance(0, 5000)
		again, fresh, err := w.db.Payments.Accept(w.ctx(), dear, b, digest(b))
		require.NoError(w.t, err, "a reference that exists is answered before the balance is asked")
		require.False(w.t, fresh)
		require.Equal(w.t, dear.ID, again.ID)
		w.requireBalance(0, 5000)
		w.requireSound()
	})
}

// Fifty callers, more than there are connections, request twenty times the balance.
func TestCashOutsAtOnceNeverSpendMoreThanThereIs(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const callers, tries, amount = 50, 40, 1000
		w.fund(100_000)
		var paid, refused sync.Map // by reference: a caller with a 503 repeats all its requests
		require.NoError(w.t, concurrently(callers, func(i int) error {
			for n := range tries {
				reference := fmt.Sprintf("order_%d_%d", i, n)
				p, a := w.cashOut(reference, amount, 0)
				err := repeatUnavailable(func() error {
					_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
					return err
				})
				switch {
				case err == nil:
					paid.Store(reference, true)
				case pirogue.CodeOf(err) == pirogue.InsufficientBalance:
					refused.Store(reference, true)
				default:
					return err
				}
			}
			return nil
		}))
		require.Equal(w.t, 100, size(&paid))
		require.Equal(w.t, callers*tries-100, size(&refused))
		w.requireBalance(0, 100_000)
		w.requireSound()
	})
}

// size returns the number of elements of a set.
func size(set *sync.Map) int {
	n := 0
	set.Range(func(any, any) bool { n++; return true })
	return n
}

// Sixteen callers settle a cash-out as paid, and sixteen as not paid, all at once.
func TestOfCaptureAndReleaseOneWins(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		left := int64(10_000)
		for range 10 {
			p := w.underway(w.cashOut(ids.New(), 1000, 0))
			outcomes := []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusFailed}
			var stored [2]atomic.Int64
			require.NoError(w.t, concurrently(32, func(i int) error {
				finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
					PaymentID: p.ID, Status: outcomes[i%2], At: w.at(time.Minute),
				})
				if err != nil {
					return err
				}
				if finalized.Payment.Status == pirogue.StatusSuccess {
					stored[0].Add(1)
				} else {
					stored[1].Add(1)
				}
				return nil
			}))
			require.Contains(w.t, []int64{0, 32}, stored[0].Load(), "everybody is told the same")
			require.EqualValues(w.t, 32, stored[0].Load()+stored[1].Load())
			if stored[0].Load() == 32 {
				left -= 1000
			}
			w.requireBalance(left, 0)
		}
		w.requireSound()
	})
}

// A merchant is suspended while its payments are sent. A payment that has left goes on to its
// end. One that has not keeps its hold and leaves when the suspension ends.
func TestASuspensionLeavesNoMoneyBehind(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const payments = 30
		w.fund(payments * 1000)
		out, attempts := make([]pirogue.Payment, payments), make([]pirogue.Attempt, payments)
		for i := range payments {
			out[i], attempts[i] = w.cashOut(fmt.Sprintf("order_%d", i), 1000, 0)
		}
		var left atomic.Int64
		pay := func(i int) error {
			p, a := out[i], attempts[i]
			if _, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a)); err != nil {
				return err
			}
			sending, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(time.Second))
			if err != nil || sending.Result == lifecycle.SendSuspended {
				return err
			}
			status := []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusFailed}[i%2]
			finalized, err := w.db.Payments.Finalize(
				w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: status, At: w.at(time.Minute)},
			)
			if err == nil && finalized.EventID != "" {
				left.Add(1)
			}
			return err
		}
		require.NoError(w.t, concurrently(payments+1, func(i int) error {
			if i == payments {
				return w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID)
			}
			return pay(i)
		}))
		require.EqualValues(w.t, (payments-left.Load())*1000, w.money().Reserved)
		w.requireSound()

		require.NoError(w.t, w.db.Merchants.ResumeMerchant(w.ctx(), w.owner.MerchantID))
		for i := range payments {
			require.NoError(w.t, pay(i))
		}
		w.requireBalance(payments*1000/2, 0)
		w.requireSound()
	})
}
