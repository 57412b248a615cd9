package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ledger"
	"pirogue/piroguetest"
)

// callers is how many goroutines call the store at once for each processor.
const callers = 8

// BenchmarkCashIn is all the database does for one cash-in: Accept, Send, Answer and
// Settle, on PostgreSQL without fsync, for one hot merchant and for many.
func BenchmarkCashIn(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []pirogue.Owner) {
		b.Helper()
		inParallel(b, func(i int64) error {
			p, a := w.order(owners[i%int64(len(owners))], fmt.Sprintf("order_%d", i))
			if err := w.pend(p, a); err != nil {
				return err
			}
			_, err := w.success(p)
			return err
		})
	})
}

// BenchmarkSettle is the booking alone: status, history, event, journal, three accounts.
func BenchmarkSettle(b *testing.B) {
	perMerchants(b, func(b *testing.B, w *world, owners []pirogue.Owner) {
		b.Helper()
		payments := make([]pirogue.Payment, b.N)
		for i := range payments {
			p, a := w.order(owners[i%len(owners)], fmt.Sprintf("order_%d", i))
			require.NoError(b, w.pend(p, a))
			payments[i] = p
		}
		inParallel(b, func(i int64) error {
			_, err := w.success(payments[i-1])
			return err
		})
	})
}

// perMerchants runs a benchmark with one merchant and with 64, and audits the books.
func perMerchants(b *testing.B, run func(b *testing.B, w *world, owners []pirogue.Owner)) {
	b.Helper()
	for _, merchants := range []int{1, 64} {
		b.Run(fmt.Sprintf("merchants=%d", merchants), func(b *testing.B) {
			w := newWorld(b, piroguetest.Postgres(b))
			owners := []pirogue.Owner{w.owner}
			for len(owners) < merchants {
				owners = append(owners, w.another())
			}
			run(b, w, owners)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
			w.sound()
		})
	}
}

// inParallel counts from 1 to b.N with many callers.
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

// pend takes a payment until its operator has accepted it.
func (w *world) pend(p pirogue.Payment, a pirogue.Attempt) error {
	if _, _, err := w.db.Accept(w.ctx(), p, a, digest(a)); err != nil {
		return err
	}
	if _, err := w.db.Send(w.ctx(), a.ID, w.at(0)); err != nil {
		return err
	}
	return w.db.Answer(w.ctx(), pirogue.Answer{AttemptID: a.ID, State: pirogue.AttemptAccepted, At: w.at(0)})
}

// BenchmarkReads is what a merchant asks most often.
func BenchmarkReads(b *testing.B) {
	w := newWorld(b, piroguetest.Postgres(b))
	p, _ := w.sent("order_1")
	journal := ledger.CashIn(p)
	_, err := w.db.Settle(w.ctx(), pirogue.Settlement{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)}, &journal)
	require.NoError(b, err)
	for name, read := range map[string]func() error{
		"payment": func() error {
			_, err := w.db.Payment(w.ctx(), w.owner, p.ID)
			return err
		},
		"balances": func() error {
			_, err := w.db.Balances(w.ctx(), w.owner)
			return err
		},
		"key": func() error {
			_, _, err := w.db.Key(w.ctx(), w.key, w.at(0))
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
