package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// The load of BenchmarkEndToEnd.
const (
	roundPayments = 200 // of each of the three phases of a round
	rounds        = 5
	curveCallers  = 256 // the most callers at once; the curve begins with 1 and doubles
	curveSeconds  = 8   // for each number of callers
)

// curveFile is the environment's name of the picture that BenchmarkEndToEnd draws. Unset draws none.
const curveFile = "BENCH_CURVE"

// BenchmarkEndToEnd measures payments a second, from the merchant's POST to the arrival of its
// webhook. Pirogue runs as in production: its parts are processes, and its database and Temporal's
// are PostgreSQL servers that flush each commit to the disk.
//
// The yardstick is a bare workflow of four empty activities: submit, ask, settle, deliver. It runs
// twice: each activity on a queue of its own, and all of them eager on one queue. Each round runs
// the three phases one after the other, and each phase waits until all of it has ended. The figures
// are the medians of the rounds. The operator does not call back.
func BenchmarkEndToEnd(b *testing.B) {
	transport, standard := http.DefaultTransport.(*http.Transport)
	require.True(b, standard)
	transport.MaxIdleConnsPerHost = curveCallers
	f := newMeasuredFleet(b, nil)
	spread, eager := f.bareWorkflow(b, bareQueues), f.bareWorkflow(b, nil)
	f.pay(b) // warms up caches, connections and plans
	together(roundPayments, atOnce, func(int) { spread(b.Context()) })
	for b.Loop() {
		var paid, alone, alonEager, ofBare, ofEager []float64
		before := f.measure(b)
		var used usage
		for range rounds {
			whole := f.pay(b)
			after := f.measure(b)
			used = used.plus(after.minus(before))
			paid = append(paid, whole)
			alone = append(alone, perSecond(func(int) { spread(b.Context()) }))
			alonEager = append(alonEager, perSecond(func(int) { eager(b.Context()) }))
			ofBare = append(ofBare, whole/last(alone))
			ofEager = append(ofEager, whole/last(alonEager))
			before = f.measure(b)
		}
		reportMedian(b, paid, "payments/s")
		reportMedian(b, alone, "bare/s")
		reportMedian(b, alonEager, "bare-eager/s")
		reportMedian(b, ofBare, "of-bare")
		reportMedian(b, ofEager, "of-bare-eager")
		used.report(b, rounds*roundPayments)
		b.ReportMetric(f.historyEvents(b), "events/payment")
		drawCurve(b, f.curve(b))
	}
}

// perSecond does roundPayments things, with at most atOnce at a time, and returns how many ended in a
// second.
func perSecond(do func(int)) float64 {
	began := time.Now()
	together(roundPayments, atOnce, do)
	return roundPayments / time.Since(began).Seconds()
}

// last returns the last figure.
func last(figures []float64) float64 { return figures[len(figures)-1] }

// reportMedian reports the median of the rounds, and the spread: the greatest less the smallest as a
// share of the median.
func reportMedian(b *testing.B, figures []float64, unit string) {
	b.Helper()
	sorted := slices.Sorted(slices.Values(figures))
	median := sorted[len(sorted)/2]
	b.ReportMetric(median, unit)
	b.ReportMetric(100*(last(sorted)-sorted[0])/median, unit+"-spread-%")
}

// measuredFleet is a fleet whose databases and processes are measured.
type measuredFleet struct {
	*fleet
	temporalDB *piroguetest.FragilePostgres
	arrivals   arrivals
}

// newMeasuredFleet starts every part, with settings that may be nil. The webhooks go to arrivals.
func newMeasuredFleet(b *testing.B, settings func(*fleet) []string) *measuredFleet {
	b.Helper()
	temporalDB := piroguetest.StartMeasuredPostgres(b)
	setup := fleetSetup{storage: []string{"-postgres", temporalDB.URL}, settings: settings}
	f := &measuredFleet{
		fleet:      startFleet(b, piroguetest.StartMeasuredPostgres(b), setup),
		temporalDB: temporalDB, arrivals: arrivals{of: map[string]*arrival{}},
	}
	hook := f.endpoint(b, func(*http.Request) {})
	require.NoError(b, f.parts.store.Merchants.SetNotifyURL(b.Context(), f.account.MerchantID, hook))
	f.setNotifications(b, false)
	return f
}

// pay takes roundPayments cash-ins, with at most atOnce callers, and returns the payments a second until
// the last webhook.
func (f *measuredFleet) pay(b *testing.B) float64 {
	b.Helper()
	return perSecond(func(int) {
		if _, err := f.payOne(b.Context()); err != nil {
			b.Error(err)
		}
	})
}

// payOne takes a cash-in and waits for its webhook. It returns the time of both together.
func (f *measuredFleet) payOne(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	got, err := f.customer().do(ctx, http.MethodPost, "/payments/cashin", order("+22376123456"))
	if err != nil {
		return 0, err
	}
	if got.Status != http.StatusAccepted {
		return 0, fmt.Errorf("POST is answered %d: %s", got.Status, got.Raw)
	}
	at, err := f.arrivals.wait(got.Data.ID)
	return at.Sub(began), err
}

// historyEvents returns the number of events in all histories of one payment.
func (f *measuredFleet) historyEvents(b *testing.B) float64 {
	b.Helper()
	got, err := f.customer().do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376123456"))
	require.NoError(b, err)
	_, err = f.arrivals.wait(got.Data.ID)
	require.NoError(b, err)
	time.Sleep(2 * statsSettle) // until the workflows have closed
	return float64(f.events(b, "cashin-"+got.Data.ID) + f.webhookEvents(b, got.Data.ID))
}

// point is one point of the curve.
type point struct {
	callers   int
	perSecond float64
	failed    int           // refused, or without a webhook in time: beyond saturation
	p50, p99  time.Duration // from POST to webhook
}

// curve measures throughput and latency for a growing number of callers. Each of them pays again as
// soon as its webhook has come, or its payment has failed.
func (f *measuredFleet) curve(b *testing.B) []point {
	b.Helper()
	var all []point
	for callers := 1; callers <= curveCallers; callers *= 2 {
		var mu sync.Mutex
		var took []time.Duration
		failed, began := 0, time.Now()
		ctx, stop := context.WithTimeout(b.Context(), curveSeconds*time.Second)
		together(callers, callers, func(int) {
			for ctx.Err() == nil {
				whole, err := f.payOne(context.WithoutCancel(ctx))
				mu.Lock()
				if took = append(took, whole); err != nil {
					took, failed = took[:len(took)-1], failed+1
				}
				mu.Unlock()
			}
		})
		stop()
		if len(took) == 0 {
			break
		}
		slices.Sort(took)
		all = append(all, point{
			callers: callers, failed: failed, perSecond: float64(len(took)) / time.Since(began).Seconds(),
			p50: took[len(took)/2], p99: took[len(took)*99/100],
		})
	}
	best := slices.MaxFunc(all, func(x, y point) int { return int(1000 * (x.perSecond - y.perSecond)) })
	b.ReportMetric(best.perSecond, "most-payments/s")
	b.ReportMetric(float64(all[0].p50.Milliseconds()), "one-caller-p50-ms")
	return all
}

// arrivals is a merchant's endpoint that tells when the first webhook of a payment arrives.
type arrivals struct {
	mu sync.Mutex
	of map[string]*arrival // by payment
}

// arrival is the first webhook of a payment.
type arrival struct {
	once sync.Once
	done chan struct{} // closed by the webhook
	at   time.Time     // set before done is closed
}

// arrival returns that of a payment, arrived or not.
func (a *arrivals) arrival(id string) *arrival {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[id] == nil {
		a.of[id] = &arrival{done: make(chan struct{})}
	}
	return a.of[id]
}

// wait returns the time at which the first webhook of a payment arrives. It fails after patience.
func (a *arrivals) wait(id string) (time.Time, error) {
	first := a.arrival(id)
	select {
	case <-first.done:
		return first.at, nil
	case <-time.After(patience):
		return time.Time{}, fmt.Errorf("payment %s: no webhook after %s", id, patience)
	}
}

// ServeHTTP implements http.Handler.
func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var event payment
	if err != nil || json.Unmarshal(raw, &event) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	first := a.arrival(event.ID)
	first.once.Do(func() {
		first.at = now
		close(first.done)
	})
}

// drawCurve writes the picture of the curve if a file is named.
func drawCurve(b *testing.B, points []point) {
	b.Helper()
	for _, x := range points {
		b.Logf("%4d callers: %6.1f payments/s, p50 %4d ms, p99 %5d ms, %d failed",
			x.callers, x.perSecond, x.p50.Milliseconds(), x.p99.Milliseconds(), x.failed)
	}
	if path := os.Getenv(curveFile); path != "" {
		require.NoError(b, os.WriteFile(path, []byte(curvePicture(points)), 0o644))
	}
}
