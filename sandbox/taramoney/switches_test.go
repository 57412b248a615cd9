package taramoney_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/taramoney"
)

func TestTheSwitchesAndTheBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var now struct {
		Quirks map[string]bool `json:"quirks"`
	}
	w.Send(w.Request(http.MethodGet, "/switches", nil), &now)
	for _, quirk := range []string{
		"poor_webhooks", "no_webhook_secret", "wrong_webhook_secret", "no_status", "lists_name_products",
		"status_by_payment_id",
	} {
		if on, declared := now.Quirks[quirk]; on || !declared {
			t.Errorf("%s is declared: %v, on: %v", quirk, declared, on)
		}
	}
	if len(now.Quirks) != 6 {
		t.Errorf("the quirks are %v", now.Quirks)
	}
	var said fields
	if status := w.Send(
		w.Request(http.MethodPost, "/switches", `{"quirks": {"bare_arrays": true}}`), &said,
	); status != http.StatusBadRequest {
		t.Errorf("another operator's quirk answers %d", status)
	}
	id := w.collects("P1", "237699123456").Text("transactionId")
	w.collects("P2", "237699444444")
	var book struct {
		Orders []engine.Order
		Paid   []engine.Paid
	}
	w.Send(w.Request(http.MethodGet, "/book", nil), &book)
	if len(book.Orders) != 2 || len(book.Paid) != 1 || w.Sim.Asked() != 2 {
		t.Fatalf("the book says %+v", book)
	}
	want := engine.Paid{
		TxnID: id, OrderID: "P1", MSISDN: "+237699123456", Amount: 1000, Asked: 1000, Currency: "XAF", At: enginetest.Morning,
		Direction: engine.In,
	}
	if book.Paid[0] != want || w.Sim.Book()[0] != want {
		t.Errorf("the book says %+v, want %+v", book.Paid[0], want)
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699444444")
	w.Set(`{"down": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		if status, reply := w.post(path, signed(fields{"productId": "P1"})); status != http.StatusServiceUnavailable ||
			reply["message"] != "SERVICE_UNAVAILABLE" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	w.Set(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"keys_changed": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		if status, reply := w.post(path, w.collection("P1", "237699123456")); status != http.StatusUnauthorized ||
			reply["status"] != "ERROR" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if w.Sim.Asked() != 0 {
		t.Error("what was refused was executed")
	}
}

// TestWordsOfNoGuide checks that the response and its inner text both have undocumented
// words.
func TestWordsOfNoGuide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699123456")
	w.pays("R1", "237699123456")
	w.Set(`{"unknown_words": true}`)
	for _, asked := range []string{"P1", "R1"} {
		w.stands(asked, engine.UnknownWord, engine.UnknownWord).Inner(t, "payload").
			Has(t, asked, fields{"status": engine.UnknownWord, "amount": "1000"})
	}
	w.stands("P2", "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
}

// TestAnswersThatAreSpoilt executes every call whose response is unreadable.
func TestAnswersThatAreSpoilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"drop_answers": 2}`)
	w.GivesUp(w.Request(http.MethodPost, mobilepay, w.collection("P1", "237699123456")))
	w.GivesUp(w.Request(http.MethodPost, statusPath, signed(fields{"productId": "P1"})))
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.Set(`{"answers": "page"}`)
	if got := w.Fetch(
		w.Request(http.MethodPost, payouts, w.payout("R1", "237699123456")),
	); !strings.Contains(got.Body, "<html>") {
		t.Errorf("the answer is no page: %s", got.Body)
	}
	w.booked(1000, -1000)
}

func TestLatencyAndSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"latency_ms": 1000}`)
	slow := w.Request(http.MethodPost, mobilepay, w.collection("P1", "237699123456"))
	w.Waits(slow, time.Second).Shows(t, `"status":"SUCCESS"`)
	w.Set(`{"latency_ms": 0, "settle_ms": 5000}`)
	w.collects("P2", "237699123456")
	w.stands("P2", "PENDING", "PAYMENT_PENDING")
	w.Clock.Advance(5 * time.Second)
	w.stands("P2", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.Notices(2)
}

// TestAFullSandbox checks that a full simulator refuses orders and keeps the old ones.
func TestAFullSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	w.collects("P1", "237699123456")
	for path, body := range map[string]fields{
		mobilepay: w.collection("P2", "237699123456"), payouts: w.payout("R1", "237699123456"),
	} {
		if status, _ := w.post(path, body); status != http.StatusServiceUnavailable {
			t.Errorf("%s answers %d", path, status)
		}
	}
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

// TestAJournalThatFails checks that an order that cannot be journaled is not executed. The
// response does not tell why.
func TestAJournalThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.JournalPath = t.TempDir() + "/journal.jsonl" })
	enginetest.Close(t, w.Sim)
	status, reply := w.post(mobilepay, w.collection("P1", "237699123456"))
	if status != http.StatusInternalServerError || reply["message"] != "INTERNAL_ERROR" {
		t.Errorf("the call answers %d %v", status, reply)
	}
	w.booked()
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	enginetest.NeedsAnAddress(t, func(address string) (*taramoney.Simulator, error) {
		return taramoney.New(engine.Config{Options: engine.Options{PublicURL: address}})
	})
	if _, err := taramoney.New(
		engine.Config{Options: engine.Options{PublicURL: "http://tara.example", JournalPath: t.TempDir()}},
	); err == nil {
		t.Error("a simulator whose journal is a folder starts")
	}
}
