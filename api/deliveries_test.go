package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/listing"
	"pirogue/webhook"
)

// addEvent stores the event of a payment that ended, with its deliveries so far.
func (w *world) addEvent(p pirogue.Payment, state pirogue.EventState, tried ...webhook.Delivery) pirogue.Event {
	w.t.Helper()
	p.Sequence++
	e, err := webhook.NewEvent(p, "https://shop.example/hook", p.CreatedAt)
	require.NoError(w.t, err)
	e.State = state
	w.store.change(func() { w.store.events = append(w.store.events, listing.EventLog{Event: e, Deliveries: tried}) })
	return e
}

// resendPath returns the path that sends an event again.
func resendPath(id pirogue.EventID) string { return "/webhooks/deliveries/" + string(id) + "/resend" }

func TestGetDeliveries(t *testing.T) {
	t.Parallel()

	t.Run("lists_attempts", testDeliveriesListsAttempts)
	t.Run("pages", testDeliveriesPages)
	t.Run("resend_one", testDeliveriesResendOne)
	t.Run("not_resent", testDeliveriesNotResent)
	t.Run("start_failed_left_to_sweep", testDeliveriesStartFailedLeftToSweep)
	t.Run("resend_many", testDeliveriesResendMany)
}

// A merchant finds the fault of its endpoint by itself. It sees every try with its times, its
// status and the exact body.
func testDeliveriesListsAttempts(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.paid("order_001")
	at := time.Date(2026, 4, 29, 14, 32, 18, 0, time.UTC)
	e := w.addEvent(p, pirogue.EventWaiting,
		webhook.Delivery{Number: 1, StartedAt: at, EndedAt: at.Add(3 * time.Second), Error: "TIMEOUT"},
		webhook.Delivery{Number: 2, StartedAt: at.Add(time.Minute), EndedAt: at.Add(time.Minute), HTTPStatus: 500},
		webhook.Delivery{Round: 1, Number: 1, StartedAt: at.Add(time.Hour)},
	)
	got := w.get("/webhooks/deliveries")
	require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
	line := got.list()[0]
	require.Equal(t, []any{
		map[string]any{
			"round": 0.0, "number": 1.0, "started_at": "2026-04-29T14:32:18Z", "ended_at": "2026-04-29T14:32:21Z",
			"error": "TIMEOUT",
		},
		map[string]any{
			"round": 0.0, "number": 2.0, "started_at": "2026-04-29T14:33:18Z", "ended_at": "2026-04-29T14:33:18Z",
			"http_status": 500.0,
		},
		map[string]any{"round": 1.0, "number": 1.0, "started_at": "2026-04-29T15:32:18Z"},
	}, line["attempts"])
	require.Contains(t, got.Body.String(), `"payload":`+string(e.Body), "to the byte")
	delete(line, "attempts")
	delete(line, "payload")
	require.Equal(t, payment{
		"event_id": string(e.ID), "transaction_id": string(p.ID), "url": "https://shop.example/hook", "state": "WAITING",
		"round": 0.0, "created_at": p.CreatedAt.UTC().Format(time.RFC3339),
	}, line)
}

// Pages show each event once, newest first, and never those of the other mode.
func testDeliveriesPages(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	want := []string{}
	var last pirogue.Payment
	for i, state := range []pirogue.EventState{
		pirogue.EventDelivered, pirogue.EventExhausted, pirogue.EventUnwanted, pirogue.EventWaiting, pirogue.EventDelivered,
	} {
		last = w.paid(fmt.Sprintf("order_%d", i))
		want = append([]string{string(w.addEvent(last, state).ID)}, want...)
	}
	seen, query := []string{}, "limit=2"
	for range 3 {
		got := w.get("/webhooks/deliveries?" + query)
		for _, line := range got.list() {
			seen = append(seen, fmt.Sprint(line["event_id"]))
		}
		query = "limit=2&cursor=" + url.QueryEscape(nextCursor(t, got))
	}
	require.Equal(t, want, seen)
	earlier := url.QueryEscape(last.CreatedAt.Add(-time.Hour).Format(time.RFC3339))
	for query, want := range map[string]int{
		"state=EXHAUSTED": 1, "state=DELIVERED": 2, "transaction_id=" + string(last.ID): 1, "created_from=" + earlier: 5,
		"created_to=" + earlier: 0, "transaction_id=" + ids.New(): 0,
	} {
		require.Len(t, w.get("/webhooks/deliveries?"+query).list(), want, query)
	}
	require.Empty(t, w.do(w.request(w.live, http.MethodGet, "/api/v1/webhooks/deliveries", "")).list(), "the other mode")
}

// A repeated request while the event waits starts no further round.
func testDeliveriesResendOne(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	e := w.addEvent(w.paid("order_001"), pirogue.EventExhausted)
	got := w.post(resendPath(e.ID), `{}`)
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
	require.Equal(t, "WAITING", got.data()["state"])
	require.Equal(t, 1.0, got.data()["round"])
	require.Equal(t, []delivery{{w.owner(), e.ID, 1}}, w.workflows.delivered)

	w.advance(time.Second)
	require.Equal(t, 1.0, w.post(resendPath(e.ID), `{}`).data()["round"], "it is on its way already")
	require.Equal(t, http.StatusAccepted, w.post(resendPath(e.ID), `{"event_id":"`+string(e.ID)+`"}`).Code)
}

// Nobody but the owner can trigger a webhook, and no captured GET can.
func testDeliveriesNotResent(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	e := w.addEvent(w.paid("order_001"), pirogue.EventExhausted)
	stranger := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	for _, key := range []access.APIKey{stranger, w.live} {
		w.do(w.request(key, http.MethodPost, "/api/v1"+resendPath(e.ID), `{}`)).requireCode(pirogue.NotFound)
	}
	w.post(resendPath("evt_1"), `{ }`).requireCode(pirogue.NotFound)
	w.post(resendPath(webhook.NewEventID(pirogue.PaymentID(ids.New()), 1)), `{  }`).requireCode(pirogue.NotFound)
	w.post(resendPath(e.ID), ``).requireCode(pirogue.InvalidJSON)
	w.post(resendPath(e.ID), `{"url":"https://x.example/"}`).requireCode(pirogue.UnknownField)
	w.post(resendPath(e.ID), `{"event_id":"evt_2"}`).requireCode(pirogue.InvalidParameter)

	nowhere := w.addEvent(w.paid("order_002"), pirogue.EventUnwanted)
	failure := w.post(resendPath(nowhere.ID), `{    }`).requireCode(pirogue.InvalidParameter)
	require.Equal(t, "event_id", failure.Params[0].Field)

	captured := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
	again := w.request(w.test, http.MethodPost, "/api/v1"+resendPath(e.ID), "")
	again.Header = captured.Header.Clone()
	again.Header.Set("Content-Type", "application/json")
	w.do(again).requireCode(pirogue.InvalidJSON) // the signature of a GET fits no other request

	w.workflows.change(func() { w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "away") })
	w.post(resendPath(e.ID), `{   }`).requireCode(pirogue.ServiceUnavailable)
	require.Empty(t, w.workflows.delivered)
	require.Equal(t, pirogue.EventExhausted, w.store.events[0].State)
}

// The event's row waits, so a failed start loses nothing.
func testDeliveriesStartFailedLeftToSweep(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	e := w.addEvent(w.paid("order_001"), pirogue.EventExhausted)
	w.workflows.delivers = pirogue.Errorf(pirogue.ServiceUnavailable, "Temporal went away")
	require.Equal(t, http.StatusAccepted, w.post(resendPath(e.ID), `{}`).Code)
	require.Equal(t, pirogue.EventWaiting, w.store.events[0].State)
	require.Contains(t, w.logged(), "delivery is left to the sweep")
}

// One request sends at most 20 events again; a cursor continues.
func testDeliveriesResendMany(t *testing.T) {
	t.Parallel()

	const path = "/webhooks/deliveries/resend"
	w := newWorld(t)
	p := w.paid("order_001")
	told := w.addEvent(p, pirogue.EventDelivered)
	p.Sequence = 1
	w.addEvent(p, pirogue.EventUnwanted)
	got := w.post(path, `{"transaction_id":"`+string(p.ID)+`"}`)
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
	require.Len(t, got.list(), 1)
	require.Equal(t, []delivery{{w.owner(), told.ID, 1}}, w.workflows.delivered)

	for i := range 25 {
		w.addEvent(w.paid(fmt.Sprintf("given_up_%d", i)), pirogue.EventExhausted)
	}
	since := p.CreatedAt.Add(-time.Hour).Format(time.RFC3339)
	got = w.post(path, `{"from":"`+since+`"}`)
	require.Len(t, got.list(), 20)
	got = w.post(path, `{"from":"`+since+`","cursor":"`+nextCursor(t, got)+`"}`)
	require.Len(t, got.list(), 5)
	require.Len(t, w.workflows.delivered, 26)
	require.Empty(t, w.post(path, `{"from":"`+since+`","to":"`+since+`"}`).list())

	for body, want := range map[string]pirogue.Code{
		`{}`:                                    pirogue.MissingField,
		`{"to":"` + since + `"}`:                pirogue.MissingField,
		`{"from":"yesterday"}`:                  pirogue.InvalidParameter,
		`{"transaction_id":"1"}`:                pirogue.InvalidParameter,
		`{"from":"` + since + `","cursor":"x"}`: pirogue.InvalidParameter,
		`{"from":"` + since + `","to":"2020-01-01T00:00:00Z"}`: pirogue.InvalidParameter,
		`{"state":"WAITING"}`: pirogue.UnknownField,
	} {
		w.post(path, body).requireCode(want)
	}
	w.workflows.change(func() { w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "away") })
	w.post(path, strings.Replace(`{"from": "x"}`, "x", since, 1)).requireCode(pirogue.ServiceUnavailable)
}
