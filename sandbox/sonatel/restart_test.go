package sonatel_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/sonatel"
)

// journaled keeps a world's transactions and book in a file.
func journaled(path string) func(*sonatel.Options) {
	return func(o *sonatel.Options) { o.JournalPath = path }
}

// restarted is a world whose simulator was killed and started anew, down later.
// The first one is left as kill -9 leaves it: nothing is closed.
func restarted(w *world, path string, down time.Duration) *world {
	w.t.Helper()
	later := newWorld(w.t, func(o *sonatel.Options) { o.JournalPath = filepath.Join(w.t.TempDir(), "unused") })
	later.clock.Advance(w.clock.Now().Add(down).Sub(later.clock.Now()))
	later.inbox = w.inbox
	later.start(journaled(path))
	return later
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.registers()
	w.deposits("PAID", "770123456")
	w.makesCode("CODE", "+221770444444")
	w.deposits("WAITS", "770444444")
	sealed := w.deposit("SEALED", "770123456") // its PIN is under the key of before
	bad := fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted("0000")}
	w.post(balancePath, bad)
	before := w.sim.Book()

	later := restarted(w, path, 5*time.Second)
	if after := later.sim.Book(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if _, reply := later.post(balancePath, bad); reply["code"] != "2012" {
		t.Errorf("the second wrong PIN answers %v", reply)
	}
	if status, reply := later.post(cashins, sealed); status != http.StatusOK {
		t.Errorf("a PIN under the key of before answers %d %v", status, reply)
	}
	later.becomes("CODE", "")
	later.clock.Advance(25*time.Second - time.Millisecond)
	later.becomes("WAITS", "PENDING")
	later.clock.Advance(time.Millisecond)
	later.becomes("WAITS", "SUCCESS")
	later.becomes("CODE", "SUCCESS")
	if left := later.balance(); left != 1e9-150000 {
		t.Errorf("%v is left of the float", left)
	}
	for _, n := range later.waitsFor(4) {
		if got := n.header.Get("Authorization"); got != "Basic key" {
			t.Errorf("a callback brings %q", got)
		}
	}
}

// TestACustomerPaysWhileTheSimulatorIsDown lets the moment pass, and the validity as
// well: the customer confirmed in time, and Sonatel was late to notice.
func TestACustomerPaysWhileTheSimulatorIsDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.makesCode("IN", "+221770543210")
	w.deposits("OUT", "770543210")
	later := restarted(w, path, time.Hour)
	later.becomes("IN", "SUCCESS")
	later.becomes("OUT", "SUCCESS")
	if book := later.sim.Book(); len(book) != 2 || !book[0].At.Equal(morning.Add(time.Hour)) {
		t.Errorf("the book says %+v", book)
	}
}

func TestAJournalCutShort(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		tail  string
		opens bool
	}{
		"in the middle of a line loses that line": {`{"transactions":[{"id`, true},
		"after a damaged line is an error":        {"{\"transactions\":\x00\n", false},
		"after a key there cannot be is one":      {`{"key":{"number":2,"key":""}}` + "\n", false},
		"after a key that is none is one":         {`{"key":{"number":0,"key":"AAAA"}}` + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.deposits("R1", "770123456")
			closeNow(t, w.sim)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(whole, row.tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			sim, err := sonatel.New(sonatel.Options{PublicURL: w.url, Clock: w.clock, JournalPath: path})
			if (err == nil) != row.opens {
				t.Fatalf("opening it: %v", err)
			}
			if err != nil {
				return
			}
			if book := sim.Book(); len(book) != 1 {
				t.Errorf("the book says %v", book)
			}
			closeNow(t, sim)
		})
	}
}
