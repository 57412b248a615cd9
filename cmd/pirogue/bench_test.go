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
)

// crowd takes n payments at once.
func (w *world) crowd(n int, number string) {
	together(n, atOnce, func(int) {
		got, err := w.merchant().do(w.t.Context(), http.MethodPost, "/payments/cashin", order(number))
		if err != nil || got.Status != 202 {
			w.t.Errorf("POST: %v %s", err, got.Raw)
		}
	})
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
