package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/api"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/support"
	"pirogue/webhook"
)

func TestGetPayments(t *testing.T) {
	t.Parallel()

	t.Run("own_payments_only", testPaymentsOwnPaymentsOnly)
	t.Run("waiting_for", testPaymentsWaitingFor)
	t.Run("read_without_temporal", testPaymentsReadWithoutTemporal)
	t.Run("poll_after_ms", testPaymentsPollAfterMs)
	t.Run("ended_waits_for_nothing", testPaymentsEndedWaitsForNothing)
	t.Run("failure_in_language", testPaymentsFailureInLanguage)
	t.Run("failure_without_text", testPaymentsFailureWithoutText)
	t.Run("timeline", testPaymentsTimeline)
	t.Run("balances_without_money", testPaymentsBalancesWithoutMoney)
	t.Run("pages", testPaymentsPages)
	t.Run("filters", testPaymentsFilters)
}

// Equal bytes for every ID that is not the merchant's own reveal nothing about other payments.
func testPaymentsOwnPaymentsOnly(t *testing.T) { // rows 56, 57
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	stranger := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	answers := map[string]bool{}
	for _, tt := range []struct {
		key access.APIKey
		id  string
	}{
		{stranger, string(p.ID)}, {w.live, string(p.ID)}, {w.test, ids.New()}, {w.test, "1"},
	} {
		for _, more := range []string{"", "?wait=25"} {
			r := w.request(tt.key, http.MethodGet, "/api/v1/payments/"+tt.id+more, "")
			r.Header.Set("X-Request-Id", "one_name")
			got := w.do(r)
			got.requireCode(pirogue.TransactionNotFound)
			answers[got.Body.String()] = true
		}
		r := w.request(tt.key, http.MethodGet, "/api/v1/payments/"+tt.id+"/timeline", "")
		w.do(r).requireCode(pirogue.TransactionNotFound)
	}
	require.Len(t, answers, 1, "answers that differ: %v", answers)
	require.Equal(t, http.StatusOK, w.get("/payments/"+string(p.ID)).Code)
}

// Progress implements api.Payments: every payment that has begun was accepted by its operator.
func (s *fakeStore) Progress(ctx context.Context, id pirogue.PaymentID) (lifecycle.AttemptProgress, error) {
	if err := s.checkFaults(ctx, "Progress"); err != nil {
		return lifecycle.AttemptProgress{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.payments {
		if p.ID != id {
			continue
		}
		attempt := lifecycle.AttemptProgress{
			Operator: p.Operator, State: pirogue.AttemptAccepted, SentAt: p.CreatedAt, FirstSent: p.CreatedAt,
		}
		if s.progress != nil {
			s.progress(&attempt)
		}
		return attempt, nil
	}
	return lifecycle.AttemptProgress{}, pirogue.Errorf(pirogue.NotFound, "no attempt")
}

// progresses changes what the rows say about the attempts of all payments.
func (w *world) progresses(change func(*lifecycle.AttemptProgress)) {
	w.store.change(func() { w.store.progress = change })
}

// A read whose rows cannot say in time leaves these fields out and still succeeds.
func testPaymentsWaitingFor(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	got := w.get("/payments/" + string(p.ID)).data()
	require.Equal(t, "customer", got["waiting_for"])
	require.InDelta(t, 5000, got["poll_after_ms"], 500)
	require.Equal(t, p.ExpiresAt.UTC().Format(time.RFC3339), got["expires_at"])

	w.progresses(func(a *lifecycle.AttemptProgress) { a.State = pirogue.AttemptPrepared })
	got = w.get("/payments/" + string(p.ID)).data()
	require.Equal(t, "operator", got["waiting_for"])
	require.NotContains(t, got, "poll_after_ms", "nothing has left that could be polled about")

	w.progresses(func(a *lifecycle.AttemptProgress) { a.NeedsSupport = true })
	require.Equal(t, "support", w.get("/payments/" + string(p.ID)).data()["waiting_for"])

	w.store.change(func() { w.store.hangsIn = "Progress" })
	got = w.get("/payments/" + string(p.ID)).data()
	require.NotContains(t, got, "waiting_for")
	require.NotContains(t, got, "poll_after_ms")
	require.Equal(t, "PENDING", got["status"])
}

// noTemporal fails the test when somebody calls Temporal.
type noTemporal struct {
	api.Workflows // nil: each call panics, and the server answers 500

	t *testing.T
}

// Ready implements api.Workflows.
func (n noTemporal) Ready(context.Context) error {
	n.t.Error("a read asks whether Temporal is there")
	return errors.New("Temporal is away")
}

// A read of an open payment makes no call to Temporal, and says the same without it.
func testPaymentsReadWithoutTemporal(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	w.progresses(func(a *lifecycle.AttemptProgress) { a.NextPoll = p.CreatedAt.Add(time.Minute) })
	server, err := api.New(api.Options{
		Store: w.store.parts(), Workflows: noTemporal{t: t}, Routes: fakeRoutes{}, Clock: w.now, Log: zap.NewNop(),
		CallbackToken: tokenOf, PublicURL: "https://pay.example",
	})
	require.NoError(t, err)
	before := w.get("/payments/" + string(p.ID)).data()
	w.handler = held(t, server.Handler())
	for _, wait := range []string{"", "?wait=1"} {
		got := w.get("/payments/" + string(p.ID) + wait)
		require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
		require.InDelta(t, 60_000, got.data()["poll_after_ms"], 5000)
		for _, field := range []string{"status", "waiting_for", "expires_at"} {
			require.Equal(t, before[field], got.data()[field], field)
		}
	}
}

// Where many payments share a contract, the attempt's row holds the time of the next status call.
func testPaymentsPollAfterMs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		in   time.Duration
		want float64
	}{
		"before the first question":             {0, 5000},
		"the contract is full":                  {40 * time.Second, 40_000},
		"the last question, at the deadline":    {400 * time.Second, 300_000},
		"overdue, in the queue of the operator": {-time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.accepted("order_001")
			if row.in != 0 {
				w.progresses(func(a *lifecycle.AttemptProgress) { a.NextPoll = p.CreatedAt.Add(row.in) })
			}
			require.InDelta(t, row.want, w.get("/payments/" + string(p.ID)).data()["poll_after_ms"], 4000)
		})
	}
}

// An ended payment waits on nothing, and keeps its payment_url for a shop that redirects late.
func testPaymentsEndedWaitsForNothing(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.Status, p.ProviderTxID, p.Refunded, p.RefundHeld = pirogue.StatusSuccess, "MP260429.1432.C00042", 100, 50
	})
	got := w.get("/payments/" + string(p.ID) + "?wait=25").data()
	for _, field := range []string{"waiting_for", "poll_after_ms", "expires_at", "next_action", "failure"} {
		require.NotContains(t, got, field)
	}
	require.NotEmpty(t, got["payment_url"], "a shop redirects to it, however quick the customer was")
	require.Equal(t, 100.0, got["refunded_amount"])
	require.Equal(t, 350.0, got["refundable_amount"])
	require.Equal(t, "MP260429.1432.C00042", got["provider_tx_id"])
}

// The code is stable and the text follows Accept-Language.
func testPaymentsFailureInLanguage(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.Status, p.Failure = pirogue.StatusFailed, pirogue.Failure{Code: pirogue.FailedDeclined, Note: "err 4711"}
	})
	for language, want := range map[string]string{
		"": "fr", "fr": "fr", "fr-ML, en;q=0.8": "fr", "en": "en", "en-GB, fr;q=0.5": "en",
		"de": "fr", "de, en;q=0.5": "en",
		"*": "fr", "not a language at all;;q=x": "fr",
	} {
		r := w.request(w.test, http.MethodGet, "/api/v1/payments/"+string(p.ID), "")
		r.Header.Set("Accept-Language", language)
		got := w.do(r)
		require.Equal(t, want, got.Header().Get("Content-Language"), language)
		text := webhook.FailureTexts[pirogue.FailedDeclined].FR
		if want == "en" {
			text = webhook.FailureTexts[pirogue.FailedDeclined].EN
		}
		require.Equal(t, map[string]any{"code": "OPERATOR_DECLINED", "message": text}, got.data()["failure"])
		require.NotContains(t, got.Body.String(), "4711", "the operator's words are for support")
	}
}

// A code without a text must not leave the message empty.
func testPaymentsFailureWithoutText(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.Status, p.Failure = pirogue.StatusFailed, pirogue.Failure{Code: "NEW_REASON"}
	})
	require.Equal(t, map[string]any{"code": "NEW_REASON", "message": "NEW_REASON"},
		w.get("/payments/" + string(p.ID)).data()["failure"])
}

// A merchant sees each event with its time and source, and no secret.
func testPaymentsTimeline(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	w.store.change(func() {
		w.store.moments[p.ID] = []support.TimelineEntry{
			{At: p.CreatedAt, Type: support.PaymentAccepted, Source: support.SourceMerchant},
			{
				At: p.CreatedAt, Type: support.TimelineAttemptPolled, Source: support.SourcePirogue,
				Details: map[string]any{"count": 14},
			},
		}
	})
	got := w.get("/payments/" + string(p.ID) + "/timeline")
	require.Equal(t, http.StatusOK, got.Code)
	require.Equal(t, []payment{
		{
			"at": p.CreatedAt.UTC().Format(time.RFC3339), "type": "payment.accepted", "source": "merchant",
			"message": "Paiement accepté par Pirogue.", "details": map[string]any{},
		},
		{
			"at": p.CreatedAt.UTC().Format(time.RFC3339), "type": "attempt.polled", "source": "pirogue",
			"message": "Statut demandé à l'opérateur.", "details": map[string]any{"count": 14.0},
		},
	}, got.list())
}

// Clients parse a list, never null.
func testPaymentsBalancesWithoutMoney(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	require.JSONEq(t, `{"data":[],"next_cursor":null}`, w.get("/balances").Body.String())

	at := time.Date(2026, 4, 29, 14, 32, 18, 900_000_000, time.FixedZone("", 3600))
	w.store.change(func() {
		w.store.balances[access.Owner{MerchantID: w.merchant.ID, Mode: pirogue.Test}] = []listing.Balance{
			{Country: "ML", Currency: pirogue.XOF, Available: 1_250_000, Pending: 50_000, Reserved: 1, UpdatedAt: at},
		}
	})
	require.JSONEq(t, `{"data":[{"country_code":"ML","currency":"XOF","available":1250000,"pending":50000,
		"reserved":1,"updated_at":"2026-04-29T13:32:18Z"}],"next_cursor":null}`, w.get("/balances").Body.String())
	require.JSONEq(t, `{"data":[],"next_cursor":null}`,
		w.do(w.request(w.live, http.MethodGet, "/api/v1/balances", "")).Body.String(), "the other mode")
}

// Pages show each payment once, newest first.
func testPaymentsPages(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	want := []string{}
	for _, number := range []string{"a", "b", "c", "d", "e"} {
		want = append([]string{string(w.accepted(number).ID)}, want...)
	}
	seen, path := []string{}, "/payments?limit=2"
	for range 4 {
		got := w.get(path)
		require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
		for _, p := range got.list() {
			seen = append(seen, fmt.Sprint(p["transaction_id"]))
		}
		cursor := nextCursor(t, got)
		if cursor == "" {
			break
		}
		path = "/payments?limit=2&cursor=" + url.QueryEscape(cursor)
	}
	require.Equal(t, want, seen, "newest first, each once")
}

// Filters combine with AND, and never select payments of the other mode.
func testPaymentsFilters(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	paid := w.accepted("paid")
	w.accepted("open")
	w.store.update(paid.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusSuccess })
	at := url.QueryEscape(paid.CreatedAt.Add(-time.Hour).Format(time.RFC3339))
	later := url.QueryEscape(paid.CreatedAt.Add(time.Hour).Format(time.RFC3339))
	for query, want := range map[string]int{
		"": 2, "status=SUCCESS": 1, "merchant_order_id=open": 1, "merchant_order_id=open&status=SUCCESS": 0,
		"type=CASHIN": 2, "type=REFUND": 0, "country_code=ML": 2, "country_code=CI": 0, "operator=orange-web-ml": 2,
		"operator=nobody": 0, "created_from=" + at: 2, "created_to=" + at: 0,
		"created_from=" + at + "&created_to=" + later: 2,
	} {
		require.Len(t, w.get("/payments?"+query).list(), want, query)
	}
	require.Empty(t, w.do(w.request(w.live, http.MethodGet, "/api/v1/payments", "")).list(), "the other mode")
}
