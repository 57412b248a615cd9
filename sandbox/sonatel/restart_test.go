package sonatel_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// journaled stores a world's transactions and book in a file.
func journaled(path string) func(*sonatel.Options) {
	return func(o *sonatel.Options) { o.JournalPath = path }
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.registers()
	w.deposits("PAID", "770123456")
	w.makesCode("CODE", "+221770444444")
	w.deposits("WAITS", "770444444")
	sealed := w.deposit("SEALED", "770123456") // its PIN is encrypted with the earlier key
	bad := fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted("0000")}
	w.post(balancePath, bad)
	before := w.Sim.Book()

	w.Kill(5 * time.Second)
	w.start(journaled(path))
	if after := w.Sim.Book(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if _, reply := w.post(balancePath, bad); reply["code"] != "2012" {
		t.Errorf("the second wrong PIN answers %v", reply)
	}
	if status, reply := w.post(cashins, sealed); status != http.StatusOK {
		t.Errorf("a PIN under the key of before answers %d %v", status, reply)
	}
	w.becomes("CODE", "")
	w.Clock.Advance(25*time.Second - time.Millisecond)
	w.becomes("WAITS", "PENDING")
	w.Clock.Advance(time.Millisecond)
	w.becomes("WAITS", "SUCCESS")
	w.becomes("CODE", "SUCCESS")
	if left := w.balance(); left != 1e9-150000 {
		t.Errorf("%v is left of the float", left)
	}
	w.WaitsFor(4)
	for _, n := range w.Inbox.All() {
		if got := n.Header.Get("Authorization"); got != "Basic key" {
			t.Errorf("a callback brings %q", got)
		}
	}
}

// TestACustomerPaysWhileTheSimulatorIsDown lets the customer's time pass, and the validity
// as well. The customer confirmed in time, and Sonatel noticed late.
func TestACustomerPaysWhileTheSimulatorIsDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.makesCode("IN", "+221770543210")
	w.deposits("OUT", "770543210")
	w.Kill(time.Hour)
	w.start(journaled(path))
	w.becomes("IN", "SUCCESS")
	w.becomes("OUT", "SUCCESS")
	if book := w.Sim.Book(); len(book) != 2 || !book[0].At.Equal(enginetest.Morning.Add(time.Hour)) {
		t.Errorf("the book says %+v", book)
	}
}

func TestAJournalCutShort(t *testing.T) {
	t.Parallel()
	for name, tail := range map[string]enginetest.Tail{
		"in the middle of a line loses that line": {Damage: `{"orders":[{"id`, Opens: true},
		"after a damaged line is an error":        {Damage: "{\"transactions\":\x00\n"},
		"after a key there cannot be is one":      {Damage: `{"own":{"key":{"number":2,"key":""}}}` + "\n"},
		"after a key that is none is one":         {Damage: `{"own":{"key":{"number":0,"key":"AAAA"}}}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.deposits("R1", "770123456")
			enginetest.Close(t, w.Sim)
			enginetest.CutShort(t, path, tail, func() (*sonatel.Simulator, error) {
				options := sonatel.Options{Options: w.Options()}
				options.JournalPath = path
				return sonatel.New(options)
			})
		})
	}
}
