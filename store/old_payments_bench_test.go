package store_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// oldPayments is the number of finished payments in the fuller database of BenchmarkOldPayments.
var oldPayments = flag.Int("old-payments", 2_000_000, "finished payments that BenchmarkOldPayments adds")

const (
	oldBatch  = 250_000 // payments that one statement adds to a table
	oldRounds = 7       // of cash-ins, on each database in turn
	oldRound  = 100     // cash-ins
)

// BenchmarkOldPayments compares the statements of a cash-in with its webhook on two databases with fsync:
// an empty one, and one with many old payments. The figures are medians of rounds.
func BenchmarkOldPayments(b *testing.B) {
	empty := newWorld(b, piroguetest.StartMeasuredPostgres(b).URL)
	old := newWorld(b, piroguetest.StartMeasuredPostgres(b).URL)
	like, rebuild := old.oldPayment("like"), old.dropIndexes()
	for from := 1; from <= *oldPayments; from += oldBatch {
		old.addOldPayments(like, from, min(from+oldBatch-1, *oldPayments), nil)
	}
	rebuild()
	for _, w := range []*world{empty, old} {
		for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
			require.NoError(b, w.exec(w.raw(), statement))
		}
		w.cashInTime(oldRound) // statements are prepared and pages read
	}
	var onEmpty, onOld, ratios []float64
	for b.Loop() {
		for range oldRounds {
			first, second := empty.cashInTime(oldRound), old.cashInTime(oldRound)
			onEmpty, onOld = append(onEmpty, milliseconds(first)), append(onOld, milliseconds(second))
			ratios = append(ratios, second.Seconds()/first.Seconds())
		}
	}
	b.ReportMetric(median(onEmpty), "empty-ms/cash-in")
	b.ReportMetric(median(onOld), "old-ms/cash-in")
	b.ReportMetric(median(ratios), "of-empty")
}

// dropIndexes drops each index that is not a constraint, and returns the call that builds all of them
// again. PostgreSQL builds an index faster than it continues one.
func (w *world) dropIndexes() (rebuild func()) {
	w.t.Helper()
	const dropped = ` FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS (
		SELECT 1 FROM pg_constraint WHERE conindid = CAST(quote_ident(indexname) AS regclass))`
	db := w.raw()
	definitions := texts(w.t, db, "SELECT indexdef"+dropped)
	for _, name := range texts(w.t, db, "SELECT indexname"+dropped) {
		require.NoError(w.t, w.exec(db, "DROP INDEX "+name))
	}
	return func() {
		w.t.Helper()
		for _, definition := range definitions {
			require.NoError(w.t, w.exec(db, "SET maintenance_work_mem = '256MB'; "+definition))
		}
	}
}

// cashInTime leads n cash-ins to their webhooks, one after the other, and returns the mean time of one.
func (w *world) cashInTime(n int) time.Duration {
	w.t.Helper()
	var spent time.Duration
	for i := range n {
		w.now.Add(time.Second.Microseconds()) // within the merchant's rate
		calls := w.cashInCalls(fmt.Sprintf("timed_%d_%d", time.Now().UnixNano(), i))
		began := time.Now()
		for _, call := range calls {
			require.NoError(w.t, call.do(), call.name)
		}
		spent += time.Since(began)
	}
	return spent / time.Duration(n)
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// median returns the middle one of an odd number of values.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
