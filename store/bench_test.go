package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ledger"
	"pirogue/lifecycle"
	"pirogue/piroguetest"
)

// plenty exceeds the amount that a benchmark spends of one merchant's money.
const plenty = 1_000_000_000_000

// callers is the number of concurrent goroutines for each processor.
const callers = 8

// BenchmarkCashIn measures the database's work for one cash-in: Accept, Send, Answer and Settle.
// It runs for one busy merchant and for many.
func BenchmarkCashIn(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []access.Owner) {
		b.Helper()
		inParallel(b, func(i int64) error {
			p, a := w.newCashIn(owners[i%int64(len(owners))], fmt.Sprintf("order_%d", i))
			if err := w.pend(p, a); err != nil {
				return err
			}
			_, err := w.success(p)
			return err
		})
		w.requireSound()
	})
}

// BenchmarkSettle measures the booking alone: status, history, event, journal, three accounts.
func BenchmarkSettle(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []access.Owner) {
		b.Helper()
		payments := make([]pirogue.Payment, b.N)
		for i := range payments {
			p, a := w.newCashIn(owners[i%len(owners)], fmt.Sprintf("order_%d", i))
			require.NoError(b, w.pend(p, a))
			payments[i] = p
		}
		inParallel(b, func(i int64) error {
			_, err := w.success(payments[i-1])
			return err
		})
		w.requireSound()
	})
}

// BenchmarkCashOut measures the work for a cash-out's hold and its capture: Accept, Send and
// Settle. It includes the payment, its histories and its event.
func BenchmarkCashOut(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []access.Owner) {
		b.Helper()
		w.fundAll(owners)
		inParallel(b, func(i int64) error {
			p, a := w.newCashIn(owners[i%int64(len(owners))], fmt.Sprintf("order_%d", i))
			p.Kind, p.FeeReturns = pirogue.CashOut, false
			if _, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a)); err != nil {
				return err
			}
			if _, err := w.markSent(a.ID, false, w.at(0)); err != nil {
				return err
			}
			_, err := w.success(p)
			return err
		})
		w.requireSound()
	})
}

// BenchmarkHoldAndCapture measures the ledger alone: a hold and its capture, in two transactions,
// of existing payments. These are cash-ins, which have no hold of their own, so the audit would
// fail. Instead the counters must add up.
func BenchmarkHoldAndCapture(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []access.Owner) {
		b.Helper()
		w.fundAll(owners)
		payments := make([]pirogue.Payment, b.N)
		for i := range payments {
			p, a := w.newCashIn(owners[i%len(owners)], fmt.Sprintf("order_%d", i))
			_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
			require.NoError(b, err)
			payments[i] = p
		}
		inParallel(b, func(i int64) error {
			if err := w.db.Book(w.ctx(), ledger.Hold(payments[i-1]), w.at(0)); err != nil {
				return err
			}
			return w.db.Book(w.ctx(), ledger.Capture(payments[i-1]), w.at(0))
		})
		left := int64(0)
		for _, w.owner = range owners {
			left += w.money().Available
		}
		require.Equal(b, int64(len(owners))*plenty-int64(b.N)*5075, left)
	})
}

// fundAll gives every owner more than a benchmark spends.
func (w *world) fundAll(owners []access.Owner) {
	w.t.Helper()
	for _, w.owner = range owners {
		w.fund(plenty)
	}
}

// perMerchants runs a benchmark with one merchant and with 64, on a PostgreSQL that flushes each commit to
// the disk.
func perMerchants(b *testing.B, run func(b *testing.B, w *world, owners []access.Owner)) {
	b.Helper()
	for _, merchants := range []int{1, 64} {
		b.Run(fmt.Sprintf("merchants=%d", merchants), func(b *testing.B) {
			w := newWorld(b, piroguetest.StartMeasuredPostgres(b).URL)
			owners := []access.Owner{w.owner}
			for len(owners) < merchants {
				owners = append(owners, w.another())
			}
			run(b, w, owners)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
		})
	}
}

// inParallel calls do with 1 to b.N from many goroutines.
func inParallel(b *testing.B, do func(i int64) error) {
	b.Helper()
	var n atomic.Int64
	b.SetParallelism(callers)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := do(n.Add(1)); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
}

// pend brings a payment to the point where its operator has accepted it.
func (w *world) pend(p pirogue.Payment, a pirogue.Attempt) error {
	if _, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a)); err != nil {
		return err
	}
	if _, err := w.markSent(a.ID, false, w.at(0)); err != nil {
		return err
	}
	return w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: pirogue.AttemptAccepted, At: w.at(0)})
}

// BenchmarkReads measures a merchant's most frequent reads.
func BenchmarkReads(b *testing.B) {
	w := newWorld(b, piroguetest.Postgres(b))
	p, _ := w.sent("order_1")
	_, err := w.db.Payments.Finalize(
		w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)},
	)
	require.NoError(b, err)
	for name, read := range map[string]func() error{
		"payment": func() error {
			_, err := w.db.Payments.Payment(w.ctx(), w.owner, p.ID)
			return err
		},
		"balances": func() error {
			_, err := w.db.Reports.Balances(w.ctx(), w.owner)
			return err
		},
		"key": func() error {
			_, _, err := w.db.Keys.Key(w.ctx(), w.key, w.at(0))
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, read())
			}
		})
	}
}
