package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
)

// The load of the benchmarks of one payment's times.
const (
	postPayments   = 200             // of BenchmarkPostCashIn, one after the other
	steadyEvery    = time.Second / 5 // between two payments of BenchmarkPaidToWebhook and BenchmarkFirstAttempt
	steadyPayments = 300             // of each of the two
	endpoints      = 10              // merchants of BenchmarkFirstAttempt
	hanging        = 3               // of them never answer a webhook
	readEvery      = time.Second / 50
	readRequests   = 1500 // of each kind
)

// BenchmarkPostCashIn measures a merchant's POST, and our own share of it: the total without the
// operator's response time. One payment follows the other. Their customers do not answer.
func BenchmarkPostCashIn(b *testing.B) {
	var operatorTime atomic.Int64
	f := newMeasuredFleet(b, func(f *fleet) []string {
		return []string{"PIROGUE_SANDBOX_URL=" + f.relay("sandbox", func(r *http.Request, pass func()) {
			began := time.Now()
			pass()
			if !strings.HasSuffix(r.URL.Path, statusPath) { // a poll of another payment
				operatorTime.Add(int64(time.Since(began)))
			}
		})}
	})
	f.pay(b) // warms up caches, connections and plans
	for b.Loop() {
		var all, ours []time.Duration
		for range postPayments {
			operatorTime.Store(0)
			began := time.Now()
			got, err := f.customer().do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376333333"))
			took := time.Since(began)
			require.NoError(b, err)
			require.Equal(b, http.StatusAccepted, got.Status, got.Raw)
			all = append(all, took)
			ours = append(ours, took-time.Duration(operatorTime.Load()))
		}
		report(b, "POST", all)
		report(b, "ours", ours)
	}
}

// statusPath ends the path of a question about a payment to the simulator of Orange.
const statusPath = "/transactionstatus"

// BenchmarkPaidToWebhook measures the time from the operator's first callback to the webhook at the
// merchant's endpoint. The operator calls back when the customer has paid. Every customer pays 10 s after the POST.
// Both times are those of this process: the callback passes through it.
func BenchmarkPaidToWebhook(b *testing.B) {
	var paid sync.Map // by the token of the callback's URL
	f := newMeasuredFleet(b, func(f *fleet) []string {
		return []string{"PIROGUE_PUBLIC_URL=" + f.relay("api", func(r *http.Request, pass func()) {
			paid.LoadOrStore(path.Base(r.URL.Path), time.Now())
			pass()
		})}
	})
	f.setNotifications(b, true)
	f.pay(b)
	for b.Loop() {
		var took []time.Duration
		for id, arrived := range f.steady(b, "+22376000001", func(int) merchant { return f.customer() }) {
			_, attempt, err := f.parts.store.Attempts.Latest(b.Context(), pirogue.PaymentID(id))
			require.NoError(b, err)
			at, called := paid.Load(f.parts.callbacks.token(attempt.Ref))
			require.True(b, called, "no callback for payment %s", id)
			took = append(took, arrived.Sub(at.(time.Time))) //nolint:errcheck,forcetypeassert // the relay stores times alone
		}
		report(b, "webhook", took)
	}
}

// BenchmarkFirstAttempt measures the time from a payment's final status to the first webhook request
// at the endpoint. It begins when the event was made. Three of ten merchants' endpoints never answer. Theirs are
// measured too.
func BenchmarkFirstAttempt(b *testing.B) {
	f := newMeasuredFleet(b, nil)
	open, stop := f.endpoint(b, func(*http.Request) {}), make(chan struct{})
	hangs := f.endpoint(b, func(r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	b.Cleanup(func() { close(stop) }) // before the endpoints close
	merchants := make([]merchant, endpoints)
	for i := range merchants {
		merchants[i] = f.merchantAt(b, map[bool]string{true: hangs, false: open}[i < hanging])
	}
	f.pay(b)
	for b.Loop() {
		var all []time.Duration
		for id, arrived := range f.steady(b, "+22376123456", func(i int) merchant { return merchants[i%endpoints] }) {
			events, err := f.parts.store.Webhooks.EventsOf(b.Context(), pirogue.PaymentID(id))
			require.NoError(b, err)
			require.Len(b, events, 1)
			all = append(all, arrived.Sub(events[0].CreatedAt))
		}
		report(b, "first-attempt", all)
	}
}

// BenchmarkReads measures GET payment and GET balances at fifty requests a second, of payments that have
// ended. A slow response delays no later request.
func BenchmarkReads(b *testing.B) {
	f := newMeasuredFleet(b, nil)
	var ids []string
	for id := range f.steady(b, "+22376123456", func(int) merchant { return f.customer() }) {
		ids = append(ids, id)
	}
	for name, target := range map[string]func(i int) string{
		"payments": func(i int) string { return "/payments/" + ids[i%len(ids)] },
		"balances": func(int) string { return "/balances" },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				report(b, "GET", f.readSteadily(b, target))
			}
		})
	}
}

// readSteadily sends a GET every readEvery, and returns the time of each.
func (f *measuredFleet) readSteadily(b *testing.B, target func(i int) string) []time.Duration {
	b.Helper()
	took := make([]time.Duration, readRequests)
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	var all sync.WaitGroup
	for i := range took {
		began := <-tick.C
		all.Go(func() {
			got, _ := f.customer().do(b.Context(), http.MethodGet, target(i), "") //nolint:errcheck // balances are no payment
			if took[i] = time.Since(began); got.Status != http.StatusOK {
				b.Errorf("GET %s: %d %s", target(i), got.Status, got.Raw)
			}
		})
	}
	all.Wait()
	return took
}

// steady takes a payment every steadyEvery, the i-th of the i-th merchant. It returns the time at which
// the webhook of each arrived.
func (f *measuredFleet) steady(b *testing.B, number string, of func(i int) merchant) map[string]time.Time {
	b.Helper()
	arrived := map[string]time.Time{}
	var mu sync.Mutex
	var all sync.WaitGroup
	tick := time.NewTicker(steadyEvery)
	defer tick.Stop()
	for i := range steadyPayments {
		<-tick.C
		all.Go(func() {
			got, err := of(i).do(b.Context(), http.MethodPost, "/payments/cashin", order(number))
			if err != nil || got.Status != http.StatusAccepted {
				b.Errorf("POST: %v %s", err, got.Raw)
				return
			}
			at, err := f.arrivals.wait(got.Data.ID)
			if err != nil {
				b.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			arrived[got.Data.ID] = at
		})
	}
	all.Wait()
	return arrived
}

// endpoint returns the URL of a merchant's endpoint. after runs when the webhook is noted, before its
// response.
func (f *measuredFleet) endpoint(b *testing.B, after func(*http.Request)) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.arrivals.ServeHTTP(w, r)
		after(r)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// merchantAt returns another merchant, with its own endpoint for webhooks.
func (f *measuredFleet) merchantAt(b *testing.B, endpoint string) merchant {
	b.Helper()
	made, err := f.parts.store.Merchants.CreateMerchant(
		b.Context(), pirogue.Merchant{Name: "Boutique", NotifyURL: endpoint},
	)
	require.NoError(b, err)
	owner := access.Owner{MerchantID: made.ID, Mode: pirogue.Test}
	key, secret, err := f.parts.store.Keys.CreateKey(b.Context(), owner, nil)
	require.NoError(b, err)
	return merchant{f.customer().base, devAccount{Key: key, Secret: secret}}
}

// relay returns the URL of a server before a part. around gets each request to it, and passes it on.
func (f *fleet) relay(part string, around func(r *http.Request, pass func())) string {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: f.ports[part]})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		around(r, func() { proxy.ServeHTTP(w, r) })
	}))
	f.whole.Cleanup(server.Close)
	return server.URL
}

// setNotifications tells the simulator of Orange whether to send callbacks.
func (f *measuredFleet) setNotifications(b *testing.B, on bool) {
	b.Helper()
	body := map[bool]string{true: `{"notifications_off":false}`, false: `{"notifications_off":true}`}[on]
	switches := "http://" + f.ports["sandbox"] + "/orange-web/switches"
	resp, err := http.Post(switches, "application/json", strings.NewReader(body))
	require.NoError(b, err)
	require.NoError(b, resp.Body.Close())
	require.Equal(b, http.StatusOK, resp.StatusCode)
}
