package taramoney_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/stage"
	"pirogue/sandbox/taramoney"
)

func TestTheSwitchesAndTheBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var now struct {
		Quirks map[string]bool `json:"quirks"`
	}
	w.send(w.request(http.MethodGet, "/switches", nil), &now)
	for _, quirk := range []string{
		"poor_webhooks", "no_webhook_secret", "wrong_webhook_secret", "no_status", "lists_name_products", "status_by_payment_id",
	} {
		if on, declared := now.Quirks[quirk]; on || !declared {
			t.Errorf("%s is declared: %v, on: %v", quirk, declared, on)
		}
	}
	if len(now.Quirks) != 6 {
		t.Errorf("the quirks are %v", now.Quirks)
	}
	var said fields
	if status := w.send(w.request(http.MethodPost, "/switches", strings.NewReader(`{"quirks": {"bare_arrays": true}}`)), &said); status != http.StatusBadRequest {
		t.Errorf("another operator's quirk answers %d", status)
	}
	id := w.collects("P1", "237699123456").text("transactionId")
	w.collects("P2", "237699444444")
	var book struct {
		Orders []stage.Order
		Paid   []stage.Paid
	}
	w.send(w.request(http.MethodGet, "/book", nil), &book)
	if len(book.Orders) != 2 || len(book.Paid) != 1 || w.sim.Asked() != 2 {
		t.Fatalf("the book says %+v", book)
	}
	want := stage.Paid{
		TxnID: id, OrderID: "P1", MSISDN: "+237699123456", Amount: 1000, Asked: 1000, Currency: "XAF", At: morning, Direction: stage.In,
	}
	if book.Paid[0] != want || w.sim.Book()[0] != want {
		t.Errorf("the book says %+v, want %+v", book.Paid[0], want)
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699444444")
	w.set(`{"down": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		if status, reply := w.post(path, signed(fields{"productId": "P1"})); status != http.StatusServiceUnavailable || reply["message"] != "SERVICE_UNAVAILABLE" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	w.set(`{"down": false}`)
	w.clock.Advance(30 * time.Second)
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"keys_changed": true}`)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		if status, reply := w.post(path, w.collection("P1", "237699123456")); status != http.StatusUnauthorized || reply["status"] != "ERROR" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if w.sim.Asked() != 0 {
		t.Error("what was refused was executed")
	}
}

// TestWordsOfNoGuide stand in the answer and in the text inside it.
func TestWordsOfNoGuide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699123456")
	w.pays("R1", "237699123456")
	w.set(`{"unknown_words": true}`)
	for _, asked := range []string{"P1", "R1"} {
		w.stands(asked, stage.UnknownWord, stage.UnknownWord).inner(t, "payload").
			has(t, asked, fields{"status": stage.UnknownWord, "amount": "1000"})
	}
	w.stands("P2", "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
}

// TestAnswersThatAreSpoilt executes every call whose answer nobody can read.
func TestAnswersThatAreSpoilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"drop_answers": 2}`)
	w.givesUp(w.call(mobilepay, w.collection("P1", "237699123456")), never)
	w.givesUp(w.call(statusPath, signed(fields{"productId": "P1"})), never)
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.set(`{"answers": "page"}`)
	if got := w.fetch(w.call(payouts, w.payout("R1", "237699123456"))); !strings.Contains(got.body, "<html>") {
		t.Errorf("the answer is no page: %s", got.body)
	}
	w.booked(1000, -1000)
}

func TestLatencyAndSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"latency_ms": 1000}`)
	served := make(chan fields)
	go func() {
		_, reply := w.post(mobilepay, w.collection("P1", "237699123456"))
		served <- reply
	}()
	time.Sleep(20 * time.Millisecond)
	if w.sim.Asked() != 0 {
		t.Error("a call was served while the clock stood still")
	}
	deadline := time.Now().Add(patience)
	for reply := fields(nil); reply == nil; { // the call may not have come by the first advance
		if time.Now().After(deadline) {
			t.Fatal("the slow call is not served")
		}
		w.clock.Advance(time.Second)
		select {
		case reply = <-served:
			reply.has(t, "the slow call", fields{"status": "SUCCESS"})
		case <-time.After(10 * time.Millisecond):
		}
	}
	w.set(`{"latency_ms": 0, "settle_ms": 5000}`)
	w.collects("P2", "237699123456")
	w.stands("P2", "PENDING", "PAYMENT_PENDING")
	w.clock.Advance(5 * time.Second)
	w.stands("P2", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.told(2)
}

// TestAFullSandbox refuses rather than forgets.
func TestAFullSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *taramoney.Options) { o.MaxOrders = 1 })
	w.collects("P1", "237699123456")
	for path, body := range map[string]fields{mobilepay: w.collection("P2", "237699123456"), payouts: w.payout("R1", "237699123456")} {
		if status, _ := w.post(path, body); status != http.StatusServiceUnavailable {
			t.Errorf("%s answers %d", path, status)
		}
	}
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
}

// TestAJournalThatFails executes nothing that it cannot keep, and says nothing of why.
func TestAJournalThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *taramoney.Options) { o.JournalPath = t.TempDir() + "/journal.jsonl" })
	if err := w.sim.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	status, reply := w.post(mobilepay, w.collection("P1", "237699123456"))
	if status != http.StatusInternalServerError || reply["message"] != "INTERNAL_ERROR" {
		t.Errorf("the call answers %d %v", status, reply)
	}
	w.booked()
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "taramoney", "ftp://tara.example", "http://"} {
		if _, err := taramoney.New(taramoney.Options{PublicURL: address}); err == nil {
			t.Errorf("a simulator at %q starts", address)
		}
	}
	if _, err := taramoney.New(taramoney.Options{PublicURL: "http://tara.example", JournalPath: t.TempDir()}); err == nil {
		t.Error("a simulator whose journal is a folder starts")
	}
}
