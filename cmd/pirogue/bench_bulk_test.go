package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/config"
	"pirogue/piroguetest"
)

// The load of BenchmarkBulkBesideCheckouts.
const (
	largestBulk     = 10_000
	bulkContract    = 10 // calls a second of the operator that both merchants use
	checkoutsQuiet  = 30 * time.Second
	checkoutsBeside = time.Minute
	checkoutEvery   = 500 * time.Millisecond
)

// BenchmarkBulkBesideCheckouts measures the time of a merchant's checkout, from POST to the
// operator's result. Meanwhile another merchant's largest bulk goes through the same operator. At
// the rate of the operator's contract the bulk takes minutes.
func BenchmarkBulkBesideCheckouts(b *testing.B) {
	w := newWorld(b, setup{database: piroguetest.Postgres(b), tune: func(o *config.Operator) {
		if o.Code == "novasend-tg-test" {
			o.CallsPerSecond = bulkContract
		}
	}})
	payroll := w.merchant()
	for range 4 {
		got := payroll.pay(b, on(strings.Replace(order("+22899123456"), "5000", "2000000", 1), pirogue.Moov))
		payroll.until(b, got.Data.ID, "SUCCESS", time.Minute)
	}
	shop := w.another(b)
	for b.Loop() {
		quiet := shop.checkouts(b, checkoutsQuiet)
		got := payroll.send(b, "/payments/cashout/bulk", bulkOf10000())
		require.Equal(b, http.StatusAccepted, got.Status, got.Raw[:min(400, len(got.Raw))])
		time.Sleep(10 * time.Second) // until the bulk fills the operator's queue
		beside := shop.checkouts(b, checkoutsBeside)
		report(b, "quiet", quiet)
		report(b, "beside", beside)
		b.ReportMetric(float64(beside[len(beside)/2])/float64(quiet[len(quiet)/2]), "p50-of-quiet")

		var bulk struct {
			Data struct {
				ID string `json:"bulk_id"`
			} `json:"data"`
		}
		require.NoError(b, json.Unmarshal([]byte(got.Raw), &bulk))
		b.ReportMetric(float64(w.events(b, "bulk-"+bulk.Data.ID)), "coordinator-events-so-far")
	}
}

// checkouts takes a payment every checkoutEvery and returns the time of each.
func (m merchant) checkouts(b *testing.B, over time.Duration) []time.Duration {
	b.Helper()
	var took []time.Duration
	for end := time.Now().Add(over); time.Now().Before(end); time.Sleep(checkoutEvery) {
		began := time.Now()
		got := m.pay(b, on(order("+22899123456"), pirogue.Moov))
		require.Equal(b, http.StatusAccepted, got.Status, got.Raw)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

// bulkOf10000 returns the largest bulk that the API accepts.
func bulkOf10000() string {
	lines := make([]string, largestBulk)
	for i := range lines {
		lines[i] = cashOut(fmt.Sprintf("+228990%05d", i), 500)
	}
	return fmt.Sprintf(`{"merchant_bulk_id":"payroll_%d","lines":[%s]}`, time.Now().UnixNano(), strings.Join(lines, ","))
}

// another returns a second merchant of the world.
func (w *world) another(b *testing.B) merchant {
	b.Helper()
	m, err := w.parts.store.Merchants.CreateMerchant(b.Context(), pirogue.Merchant{Name: "Boutique B"})
	require.NoError(b, err)
	key, secret, err := w.parts.store.Keys.CreateKey(b.Context(), access.Owner{MerchantID: m.ID, Mode: pirogue.Test}, nil)
	require.NoError(b, err)
	return merchant{w.api.URL + "/api/v1", devAccount{Key: key, Secret: secret}}
}
