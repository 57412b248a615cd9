package taramoney_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/taramoney"
)

func TestSwitchesAndBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var now struct {
		Quirks map[string]bool `json:"quirks"`
	}
	w.FetchJSON(w.Request(http.MethodGet, "/switches", nil), &now)
	for _, quirk := range []string{
		"poor_webhooks", "no_webhook_secret", "wrong_webhook_secret", "no_status", "lists_name_products",
		"status_by_payment_id",
	} {
		on, declared := now.Quirks[quirk]
		require.False(t, on, quirk)
		require.True(t, declared, quirk)
	}
	require.Len(t, now.Quirks, 6)
	var said fields
	status := w.FetchJSON(
		w.Request(http.MethodPost, "/switches", `{"quirks": {"bare_arrays": true}}`), &said,
	)
	require.Equal(t, http.StatusBadRequest, status)
	id := w.collects("P1", "237699123456").Text("transactionId")
	w.collects("P2", "237699444444")
	var book struct {
		Orders []engine.Order
		Paid   []engine.BookEntry
	}
	w.FetchJSON(w.Request(http.MethodGet, "/book", nil), &book)
	require.Len(t, book.Orders, 2)
	require.Len(t, book.Paid, 1)
	require.Equal(t, 2, w.Sim.Asked())
	want := engine.BookEntry{
		TxnID: id, OrderID: "P1", MSISDN: "+237699123456", Amount: 1000, Asked: 1000, Currency: "XAF", At: enginetest.Morning,
		Direction: engine.In,
	}
	require.Equal(t, want, book.Paid[0])
	require.Equal(t, want, w.Sim.Book()[0])
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699444444")
	w.SetSwitches(`{"down": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		status, reply := w.post(path, signed(fields{"productId": "P1"}))
		require.Equal(t, http.StatusServiceUnavailable, status, "%v %v", path, reply)
		require.EqualValues(t, "SERVICE_UNAVAILABLE", reply["message"], path)
	}
	w.SetSwitches(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"keys_changed": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		status, reply := w.post(path, w.collection("P1", "237699123456"))
		require.Equal(t, http.StatusUnauthorized, status, "%v %v", path, reply)
		require.EqualValues(t, "ERROR", reply["status"], path)
	}
	require.Equal(t, 0, w.Sim.Asked())
}

// TestUnknownWords checks that the response and its inner text both have undocumented
// words.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699123456")
	w.pays("R1", "237699123456")
	w.SetSwitches(`{"unknown_words": true}`)
	for _, asked := range []string{"P1", "R1"} {
		w.stands(asked, engine.UnknownWord, engine.UnknownWord).Inner(t, "payload").
			Expect(t, asked, fields{"status": engine.UnknownWord, "amount": "1000"})
	}
	w.stands("P2", "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
}

// TestMangledResponse executes every call whose response is unreadable.
func TestMangledResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"drop_answers": 2}`)
	w.ExpectNoReply(w.Request(http.MethodPost, mobilepay, w.collection("P1", "237699123456")))
	w.ExpectNoReply(w.Request(http.MethodPost, statusPath, signed(fields{"productId": "P1"})))
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.SetSwitches(`{"answers": "page"}`)
	got := w.Fetch(
		w.Request(http.MethodPost, payouts, w.payout("R1", "237699123456")),
	)
	require.Contains(t, got.Body, "<html>")
	w.booked(1000, -1000)
}

func TestLatencyAndSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"latency_ms": 1000}`)
	slow := w.Request(http.MethodPost, mobilepay, w.collection("P1", "237699123456"))
	w.ExpectReplyAfter(slow, time.Second).ExpectTexts(t, `"status":"SUCCESS"`)
	w.SetSwitches(`{"latency_ms": 0, "settle_ms": 5000}`)
	w.collects("P2", "237699123456")
	w.stands("P2", "PENDING", "PAYMENT_PENDING")
	w.Clock.Advance(5 * time.Second)
	w.stands("P2", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.ExpectNotices(2)
}

// TestMaxOrders checks that a full simulator refuses orders and keeps the old ones.
func TestMaxOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	w.collects("P1", "237699123456")
	for path, body := range map[string]fields{
		mobilepay: w.collection("P2", "237699123456"), payouts: w.payout("R1", "237699123456"),
	} {
		status, _ := w.post(path, body)
		require.Equal(t, http.StatusServiceUnavailable, status, path)
	}
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

// TestJournalClosed checks that an order that cannot be journaled is not executed. The
// response does not tell why.
func TestJournalClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.JournalPath = t.TempDir() + "/journal.jsonl" })
	enginetest.Close(t, w.Sim)
	status, reply := w.post(mobilepay, w.collection("P1", "237699123456"))
	require.Equal(t, http.StatusInternalServerError, status, reply)
	require.EqualValues(t, "INTERNAL_ERROR", reply["message"])
	w.booked()
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	enginetest.ExpectInvalidURLsRefused(t, func(address string) (*taramoney.Simulator, error) {
		return taramoney.New(engine.Config{Options: engine.Options{PublicURL: address}})
	})
	_, err := taramoney.New(
		engine.Config{Options: engine.Options{PublicURL: "http://tara.example", JournalPath: t.TempDir()}},
	)
	require.Error(t, err)
}
