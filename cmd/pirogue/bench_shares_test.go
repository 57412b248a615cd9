package main

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/sandbox/engine"
)

// The load of BenchmarkStatusUnderLoad. Other payments' status queries, each at the pace of a
// single payment, need 98 % of the contract and more.
const (
	statusContract = 10  // calls a second of the contract
	statusPending  = 50  // other payments that wait: every 10 s, 5 calls a second
	statusWatched  = 290 // other payments that have ended: every minute, 4.8 calls a second
	statusPayers   = 24  // customers who pay, some without the load and some beside it
	statusOften    = 1500 * time.Millisecond
	statusOld      = 2 * time.Minute // after which the customers of the other payments do nothing more
)

// BenchmarkStatusUnderLoad measures the time between a customer's payment and the status query
// that sees it. Meanwhile watches and polls of other payments want all of the operator's
// contract. The operator does not call back.
func BenchmarkStatusUnderLoad(b *testing.B) {
	w := newWorld(b, setup{database: piroguetest.Postgres(b), tune: func(o *config.Operator) {
		if o.Code == "orange-web-ml-test" {
			o.CallsPerSecond, o.Window = statusContract, config.Duration(time.Hour)
			o.FinalityWindow = config.Duration(48 * time.Hour)
		}
	}})
	require.NoError(b, w.sandbox.OrangeWeb.Faults.Set(engine.Switches{NotificationsOff: true, NotificationCopies: 1}))
	var asked atomic.Int64
	w.onCall = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/transactionstatus") {
			asked.Add(1)
		}
	}
	for b.Loop() {
		quiet := w.payers(b)
		began := time.Now()
		w.crowd(statusPending, "+22376333333")
		w.crowd(statusWatched, "+22376222222")
		time.Sleep(time.Until(began.Add(statusOld + inFlightSettles)))
		asked.Store(0)
		began = time.Now()
		time.Sleep(30 * time.Second)
		b.ReportMetric(100*float64(asked.Load())/time.Since(began).Seconds()/statusContract, "%-of-contract-by-others")
		beside := w.payers(b)
		report(b, "quiet", quiet)
		report(b, "beside", beside)
		b.ReportMetric(mean(beside)/mean(quiet), "times-quiet")
	}
}

// payers has customers pay one after the other, each after a delay. It returns the time from each
// payment to its SUCCESS.
func (w *world) payers(b *testing.B) []time.Duration {
	b.Helper()
	took := make([]time.Duration, statusPayers)
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			got, err := w.merchant().do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376000001"))
			if err != nil || got.Status != http.StatusAccepted {
				b.Errorf("POST: %v %s", err, got.Raw)
				return
			}
			paid := time.Now().Add(engine.DefaultPaidAfter)
			w.merchant().until(b, got.Data.ID, "SUCCESS", 5*time.Minute)
			took[i] = time.Since(paid)
		})
		time.Sleep(statusOften)
	}
	all.Wait()
	return took
}

// mean returns the average in seconds.
func mean(took []time.Duration) float64 {
	sum := 0.0
	for _, t := range took {
		sum += t.Seconds()
	}
	return sum / float64(len(took))
}
