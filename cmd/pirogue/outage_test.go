//go:build chaos

package main

import (
	"bytes"
	"flag"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/piroguetest"
)

var blackHole = flag.Duration("blackhole", 10*time.Minute, "how long one operator swallows every call")

// The load of the outage, and the contract of the operator that is down.
const (
	outagePerSecond   = 5   // calls that its contract allows
	outagePace        = 0.5 // cash-outs a second through it
	outageOthers      = 2.0 // cash-ins a second through another operator
	outageTolerance   = 1.2 // times the duration of such a cash-in before the outage
	outageDrainWithin = 10 * time.Minute
	outageMeasured    = time.Minute // of the other operator, before and during the outage
)

// TestOperatorThatSwallowsEveryCall trades through two operators while one of
// them never answers. Nothing may be lost or paid twice. What waited is sent within the contract
// once the operator is back. The test prints the pace of the other operator.
func TestOperatorThatSwallowsEveryCall(t *testing.T) {
	s := setup{database: piroguetest.Postgres(t), tune: func(o *config.Operator) {
		if o.Code == "novasend-tg-test" {
			o.Timeout, o.CallsPerSecond = config.Duration(4*time.Second), outagePerSecond
		}
	}}
	w := newWorld(t, s)
	m := w.merchant()
	for range 4 {
		w.fundIn(t, m, "TG", pirogue.Moov, 1_000_000)
	}
	calls := w.watchCalls("/novasend/v1/payout")

	before := w.paceOf(t, m, outageMeasured)
	w.fault(t, "/novasend", `{"latency_ms":60000}`)
	stop := make(chan struct{})
	var sent []string
	var trading sync.WaitGroup
	trading.Go(func() { sent = w.keepPaying(t, m, stop) })
	time.Sleep(min(30*time.Second, *blackHole/4)) // until the circuit breaker is open
	during := w.paceOf(t, m, outageMeasured)
	time.Sleep(max(0, *blackHole-outageMeasured-30*time.Second))
	close(stop)
	trading.Wait()

	waiting, err := w.parts.store.Operators.Waiting(t.Context(), "novasend-tg-test")
	require.NoError(t, err)
	t.Logf("%d cash-outs, %d of them parked; the others took %v before and %v during: %.2f of it, where %.2f is promised",
		len(sent), waiting, before, during, float64(during)/float64(before), outageTolerance)
	require.Positive(t, waiting, "nobody waits")

	calls.forget()
	w.fault(t, "/novasend", `{"latency_ms":0}`)
	healed := time.Now()
	for _, id := range sent {
		last := m.last(t, id, "SUCCESS", time.Until(healed.Add(outageDrainWithin)))
		require.Equal(t, "SUCCESS", last.Status, "%s of %d", id, len(sent))
	}
	t.Logf("all were paid %v after the operator was back; at most %d calls in a second", time.Since(healed),
		calls.most())
	// A limit of calls a second allows twice as many within a second that spans two of its seconds.
	require.LessOrEqual(t, calls.most(), 2*outagePerSecond, "the contract was not kept")
	w.settled()
}

// fault changes the switches of a simulator.
func (w *world) fault(t *testing.T, simulator, switches string) {
	t.Helper()
	url := w.parts.conf.SandboxURL + simulator + "/switches"
	resp, err := http.Post(url, "application/json", bytes.NewBufferString(switches))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// keepPaying requests cash-outs at a steady pace until stop closes, and returns their IDs.
func (w *world) keepPaying(t *testing.T, m merchant, stop <-chan struct{}) []string {
	var ids []string
	var mu sync.Mutex
	var all sync.WaitGroup
	tick := time.NewTicker(time.Duration(float64(time.Second) / outagePace))
	defer tick.Stop()
	for {
		select {
		case <-stop:
			all.Wait()
			return ids
		case <-tick.C:
			all.Go(func() {
				got, err := m.do(t.Context(), http.MethodPost, "/payments/cashout",
					on(cashOut("+22899000123", 1000), pirogue.Moov))
				if err != nil || got.Data.ID == "" {
					t.Errorf("POST: %v %s", err, got.Raw)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ids = append(ids, got.Data.ID)
			})
		}
	}
}

// paceOf returns the median time of a cash-in through another operator, from POST to the
// operator's result.
func (w *world) paceOf(t *testing.T, m merchant, over time.Duration) time.Duration {
	t.Helper()
	var took []time.Duration
	for end := time.Now().Add(over); time.Now().Before(end); time.Sleep(
		time.Duration(float64(time.Second) / outageOthers),
	) {
		began := time.Now()
		got, err := m.do(t.Context(), http.MethodPost, "/payments/cashin", order("+22376123456"))
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, got.Status, got.Raw)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// callWatch keeps the arrival times of the calls of one path of the simulators.
type callWatch struct {
	mu sync.Mutex
	at []time.Time
}

// watchCalls begins to keep the calls under a path.
func (w *world) watchCalls(path string) *callWatch {
	watch := &callWatch{}
	w.onCall = func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, path) {
			watch.mu.Lock()
			watch.at = append(watch.at, time.Now())
			watch.mu.Unlock()
		}
	}
	return watch
}

func (c *callWatch) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = nil
}

// most returns the largest number of calls within one second.
func (c *callWatch) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := 0
	for i, from := range c.at {
		n := 0
		for _, at := range c.at[i:] {
			if at.Sub(from) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
