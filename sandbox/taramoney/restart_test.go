package taramoney_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/taramoney"
)

// TestRestart kills the simulator as kill -9 does, and starts another on its
// journal while payments are under way.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	journaled := func(o *engine.Config) { o.JournalPath = path }
	w := newWorld(t, journaled)
	id := w.collects("PAID", "237699123456")["transactionId"]
	w.collects("SOON", "237699543210")
	w.collects("LATER", "237699444444")
	w.SetSwitches(`{"float": 1500}`)
	w.pays("OUT", "237699444444")
	before, asked := w.Sim.Book(), w.Sim.Asked()
	w.AwaitNotices(1)

	w.Kill(20 * time.Second)
	w.start(journaled)
	after := w.Sim.Book()
	require.Len(t, after, 2)
	require.Equal(t, before[0], after[0])
	require.Equal(t, "SOON", after[1].OrderID)
	require.Equal(t, asked, w.Sim.Asked())
	require.Equal(t, enginetest.Morning.Add(20*time.Second), after[1].At)
	w.stands("PAID", "SUCCESS", "API_ORDER_SUCESSFULL").Inner(t, "payload").Expect(t, "PAID", fields{"paymentId": id})
	w.stands("LATER", "PENDING", "PAYMENT_PENDING")
	w.Clock.Advance(10 * time.Second)
	w.stands("LATER", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.stands("OUT", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000, 1000, 1000, -1000)
	products := map[any]int{}
	for _, n := range w.ExpectNotices(3) {
		products[n.Fields["productId"]]++
		got := secret(n)
		require.Len(t, got, 1)
		require.Equal(t, taramoney.WebhookSecret, got[0])
	}
	require.Equal(t, 1, products["PAID"])
	require.Equal(t, 1, products["SOON"])
	require.Equal(t, 1, products["LATER"])
}
