package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// BenchmarkPostCashIn measures a merchant's POST on PostgreSQL, and our own share of it: the
// total without the operator's response time.
func BenchmarkPostCashIn(b *testing.B) {
	w := newWorld(b, setup{database: piroguetest.Postgres(b)})
	m := w.merchant()
	w.operatorTime.Store(0)
	var all, ours []time.Duration
	for b.Loop() {
		w.operatorTime.Store(0)
		began := time.Now()
		got, err := m.do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376333333"))
		took := time.Since(began)
		require.NoError(b, err)
		require.Equal(b, 202, got.Status, got.Raw)
		all = append(all, took)
		ours = append(ours, took-time.Duration(w.operatorTime.Load()))
	}
	report(b, "POST", all)
	report(b, "ours", ours)
}

// BenchmarkReads measures GET payment and GET balances at fifty requests a second, with a
// thousand payments in the database.
func BenchmarkReads(b *testing.B) {
	w := newWorld(b, setup{database: piroguetest.Postgres(b)})
	m := w.merchant()
	ids := w.crowd(1000, "+22376123456")
	for _, path := range []string{"/payments/", "/balances"} {
		b.Run(strings.Trim(path, "/"), func(b *testing.B) {
			var took []time.Duration
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			n := 0
			for b.Loop() {
				<-tick.C
				target := path
				if path == "/payments/" {
					target += ids[n%len(ids)]
				}
				n++
				began := time.Now()
				got, err := m.do(b.Context(), http.MethodGet, target, "")
				took = append(took, time.Since(began))
				require.True(b, err == nil || got.Status == 200, got.Raw)
			}
			report(b, "GET", took)
		})
	}
}

// BenchmarkPendingMemory measures the resident memory of Pirogue's processes with a thousand
// pending payments.
func BenchmarkPendingMemory(b *testing.B) {
	f := newFleet(b)
	for b.Loop() {
		before := map[string]float64{}
		for part := range f.running {
			before[part] = f.resident(part)
		}
		together(1000, atOnce, func(int) {
			_, err := f.customer().do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376333333"))
			require.NoError(b, err)
		})
		time.Sleep(10 * time.Second) // a few rounds of polls
		for part := range f.running {
			b.ReportMetric(f.resident(part), part+"-MiB")
			b.ReportMetric(before[part], part+"-idle-MiB")
		}
	}
}

// crowd takes n payments at once and returns the IDs of their transactions.
func (w *world) crowd(n int, number string) []string {
	ids := make([]string, n)
	together(n, atOnce, func(i int) {
		got, err := w.merchant().do(w.t.Context(), http.MethodPost, "/payments/cashin", order(number))
		if err != nil || got.Status != 202 {
			w.t.Errorf("POST: %v %s", err, got.Raw)
		}
		ids[i] = got.Data.ID
	})
	return ids
}

// atOnce is the number of concurrent callers in the benchmarks.
const atOnce = 64

// together calls do n times, with at most atOnce calls at a time.
func together(n, atOnce int, do func(i int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range atOnce {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// resident returns a part's resident memory in MiB.
func (f *fleet) resident(part string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.running[part].Process.Pid))
	require.NoError(f.whole, err)
	var kib float64
	for line := range strings.Lines(string(raw)) {
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
			break
		}
	}
	return kib / 1024
}

// report prints the median and the 99th percentile.
func report(b *testing.B, name string, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, name+"-p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
}
