package taramoney_test

import (
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/taramoney"
)

// TestARestartForgetsNothing kills the simulator as kill -9 does, and starts another on its
// journal while payments are under way.
func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	journaled := func(o *engine.Config) { o.JournalPath = path }
	w := newWorld(t, journaled)
	id := w.collects("PAID", "237699123456")["transactionId"]
	w.collects("SOON", "237699543210")
	w.collects("LATER", "237699444444")
	w.Set(`{"float": 1500}`)
	w.pays("OUT", "237699444444")
	before, asked := w.Sim.Book(), w.Sim.Asked()
	w.WaitsFor(1)

	w.Kill(20 * time.Second)
	w.start(journaled)
	after := w.Sim.Book()
	if len(after) != 2 || after[0] != before[0] || after[1].OrderID != "SOON" || w.Sim.Asked() != asked {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if !after[1].At.Equal(enginetest.Morning.Add(20 * time.Second)) {
		t.Errorf("what fell due meanwhile was executed at %s", after[1].At)
	}
	w.stands("PAID", "SUCCESS", "API_ORDER_SUCESSFULL").Inner(t, "payload").Has(t, "PAID", fields{"paymentId": id})
	w.stands("LATER", "PENDING", "PAYMENT_PENDING")
	w.Clock.Advance(10 * time.Second)
	w.stands("LATER", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.stands("OUT", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000, 1000, 1000, -1000)
	products := map[any]int{}
	for _, n := range w.Notices(3) {
		products[n.Said["productId"]]++
		if got := secret(n); len(got) != 1 || got[0] != taramoney.WebhookSecret {
			t.Errorf("a webhook brings %v", got)
		}
	}
	if products["PAID"] != 1 || products["SOON"] != 1 || products["LATER"] != 1 {
		t.Errorf("the webhooks tell of %v", products)
	}
}
