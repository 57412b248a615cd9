package novasend_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	journaled := func(o *engine.Config) { o.JournalPath = path }
	w := newWorld(t, journaled)
	w.makes(sessions, seed("PAID", number("123456")))
	waits := current("WAITS", number("444444"))
	first := w.Fetch(w.writeUnder(someKey, sessions, waits))
	w.makes(payout, current("OUT", number("444444")))
	w.makes("/v1/payin/PAID/refund", fields{"reason": "r", "externalReference": "RF1"})
	w.makes(sessions, current("GONE", number("222222")))
	w.ExpectNotices(1) // the simulator stops; the customers do not

	w.Clock.Advance(5 * time.Second)
	w.start(journaled)
	w.shows("/v1/payin/PAID", fields{"status": "processed", "customerReference": "PAID"})
	w.shows("/v1/payin/PAID/refund", fields{"status": "completed"})
	w.shows("/v1/payin/WAITS", fields{"status": "processing"})
	w.shows("/v1/payin/GONE", fields{"status": "failed"})
	w.refused("a second refund", w.write("/v1/payin/PAID/refund", fields{"reason": "r", "externalReference": "RF2"}),
		409, "transaction_already_refunded")
	again := w.Fetch(w.writeUnder(someKey, sessions, waits))
	require.Equal(t, http.StatusCreated, again.Status)
	require.Equal(t, first.Body, again.Body)
	w.Clock.Advance(25 * time.Second)
	w.books(map[string]int64{"PAID": 300, "WAITS": 300, "OUT": 300, "RF1": 300})
	require.Equal(t, 5, w.Sim.Asked())
	w.ExpectNotices(3) // orders that ended before the portal got its address again have no webhook
}
