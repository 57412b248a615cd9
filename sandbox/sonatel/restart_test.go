package sonatel_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// journaled stores a world's transactions and book in a file.
func journaled(path string) func(*sonatel.Options) {
	return func(o *sonatel.Options) { o.JournalPath = path }
}

// restarted returns a world with a journal, and a function that kills its simulator and
// starts another on that journal.
func restarted(t *testing.T) (w *world, restart func(down time.Duration)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w = newWorld(t, journaled(path))
	return w, func(down time.Duration) {
		t.Helper()
		w.Kill(down)
		w.start(journaled(path))
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	t.Run("restores_everything", func(t *testing.T) {
		t.Parallel()
		w, restart := restarted(t)
		w.registerCallback()
		w.makeDeposit("PAID", "770123456")
		w.createCode("CODE", "+221770444444")
		w.makeDeposit("WAITS", "770444444")
		sealed := w.depositBody("SEALED", "770123456") // its PIN is encrypted with the earlier key
		bad := fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encryptPIN("0000")}
		w.expectRefused(w.call(http.MethodPost, balancePath, bad), http.StatusBadRequest, "2011", "first wrong PIN")
		before := w.Sim.Book()

		restart(5 * time.Second)
		require.Len(t, before, 1)
		require.Equal(t, before, w.Sim.Book())
		w.expectRefused(w.call(http.MethodPost, balancePath, bad), http.StatusBadRequest, "2012", "second wrong PIN")
		w.expectAccepted(w.call(http.MethodPost, cashins, sealed), "PIN under the key of before")
		w.awaitStatus("CODE", "")
		w.Clock.Advance(25*time.Second - time.Millisecond)
		w.awaitStatus("WAITS", "PENDING")
		w.Clock.Advance(time.Millisecond)
		w.awaitStatus("WAITS", "SUCCESS")
		w.awaitStatus("CODE", "SUCCESS")
		require.Equal(t, 1e9-150000, w.balance())
		w.AwaitNotices(4)
		for _, n := range w.Inbox.All() {
			require.Equal(t, "Basic key", n.Header.Get("Authorization"))
		}
	})
	// The customer's time passes while the simulator is down, and the validity as well. The
	// customer confirmed in time, and Sonatel noticed late.
	t.Run("customer_pays_meanwhile", func(t *testing.T) {
		t.Parallel()
		w, restart := restarted(t)
		w.createCode("IN", "+221770543210")
		w.makeDeposit("OUT", "770543210")
		restart(time.Hour)
		w.awaitStatus("IN", "SUCCESS")
		w.awaitStatus("OUT", "SUCCESS")
		require.Len(t, w.Sim.Book(), 2)
		require.Equal(t, enginetest.Morning.Add(time.Hour), w.Sim.Book()[0].At)
	})
	t.Run("paid_code_is_not_paid_again", func(t *testing.T) {
		t.Parallel()
		w, restart := restarted(t)
		w.createCode("PAID", "+221770123456", fields{"restrictions": nil})
		w.createCode("REFUSED", "+221770222222", fields{"restrictions": nil})
		w.Clock.Advance(2 * time.Second)
		w.awaitStatus("REFUSED", "FAILED")
		restart(time.Minute)
		require.Len(t, w.Sim.Book(), 1)
		require.Len(t, w.Sim.Transactions(), 2)
		for _, c := range w.Sim.Codes() {
			require.Nil(t, c.NextAt)
		}
		w.createCode("PAID", "+221770123456") // its customer has paid the order already
		w.Clock.Advance(time.Hour)
		require.Len(t, w.Sim.Book(), 1)
	})
	t.Run("bulk_waits_as_a_whole", func(t *testing.T) {
		t.Parallel()
		w, restart := restarted(t)
		lines := []fields{w.depositBody("A", "770444444"), w.depositBody("B", "770444444")}
		bulk := w.expectAccepted(w.call(http.MethodPost, bulkCashins, lines), bulkCashins).Text("bulkId")
		restart(time.Minute)
		w.awaitStatus("A", "SUCCESS")
		w.awaitStatus("B", "SUCCESS")
		require.Len(t, w.search("bulkId="+bulk), 2)
	})
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	for name, tail := range map[string]enginetest.JournalTail{
		"half_line":        {Damage: `{"orders":[{"id`, Opens: true},
		"damaged_line":     {Damage: "{\"own\":\x00\n"},
		"unknown_line":     {Damage: `{"transactions":[]}` + "\n"},
		"unknown_own_line": {Damage: `{"own":{"colour":"blue"}}` + "\n"},
		"unknown_key":      {Damage: `{"own":{"key":{"number":2,"key":""}}}` + "\n"},
		"key_that_is_none": {Damage: `{"own":{"key":{"number":0,"key":"AAAA"}}}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.makeDeposit("R1", "770123456")
			enginetest.Close(t, w.Sim)
			enginetest.ExpectJournalRepaired(t, path, tail, func() (*sonatel.Simulator, error) {
				options := sonatel.Options{Options: w.Options()}
				options.JournalPath = path
				return sonatel.New(options)
			})
		})
	}
}
