package orangeweb_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/orangeweb"
)

// journaled keeps a world's sessions and book in a file.
func journaled(path string) func(*orangeweb.Options) {
	return func(o *orangeweb.Options) { o.JournalPath = path }
}

// restarted is a world whose simulator was killed and started anew, down later.
// The first one is left as kill -9 leaves it: nothing is closed.
func restarted(w *world, path string, down time.Duration) *world {
	w.t.Helper()
	later := newWorld(w.t, func(o *orangeweb.Options) { o.JournalPath = filepath.Join(w.t.TempDir(), "unused") })
	later.clock.Advance(w.clock.Now().Add(down).Sub(later.clock.Now()))
	later.inbox = w.inbox
	later.start(journaled(path))
	return later
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w := newWorld(t, journaled(path))
	paid := w.opened("PAID", "+22376123456")
	w.becomes(paid, orangeweb.Success)
	waits := w.opened("WAITS", "+22376444444")
	silent := w.opened("SILENT", "")
	before := w.sim.Book()

	later := restarted(w, path, 5*time.Second)
	later.becomes(paid, orangeweb.Success)
	later.becomes(waits, orangeweb.Initiated)
	later.becomes(silent, orangeweb.Initiated)
	if after := later.sim.Book(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if status, _ := later.webpayment("", later.payment("PAID")); status != http.StatusBadRequest {
		t.Errorf("an order used before the restart answers %d", status)
	}
	if status, _ := later.call("/orange-money-webpay/dev/v1/transactionstatus", "", "{}"); status == http.StatusUnauthorized {
		t.Error("tokens do not survive")
	}
	later.clock.Advance(25*time.Second - time.Millisecond)
	later.becomes(waits, orangeweb.Initiated)
	later.clock.Advance(time.Millisecond)
	later.becomes(waits, orangeweb.Success)
	if last := later.sim.Book()[1]; !strings.HasSuffix(last.TxnID, ".A00002") {
		t.Errorf("the second payment is %s", last.TxnID)
	}
}

// TestACustomerActsWhileTheSimulatorIsDown lets the moment pass, and the validity
// as well: the customer confirmed in time, and Orange was late to notice.
func TestACustomerActsWhileTheSimulatorIsDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.opened("ORDER-1", "+22376543210")
	w.opened("ORDER-2", "+22376111111")

	later := restarted(w, path, time.Hour)
	book := later.sim.Book()
	if len(book) != 1 || book[0].OrderID != "ORDER-1" || !book[0].At.Equal(morning.Add(time.Hour)) {
		t.Errorf("the book says %+v", book)
	}
	if told := later.notices(2); len(told) != 2 {
		t.Errorf("two customers acted, and Orange tells %v", told)
	}
}

// TestALostAnswerStaysLost checks that the retry is answered, restart or not.
func TestALostAnswerStaysLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.givesUp("+22376666666", "ORDER-1")
	later := restarted(w, path, 0)
	s := later.opened("ORDER-2", "+22376666666")
	later.clock.Advance(time.Hour)
	later.becomes(s, orangeweb.Success)
	if book := later.sim.Book(); len(book) != 1 || book[0].OrderID != "ORDER-2" {
		t.Errorf("the book says %+v", book)
	}
}

func TestAJournalCutShort(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		tail  string
		opens bool
	}{
		"in the middle of a line loses that line": {`{"event":"paid","session":{"pay_to`, true},
		"after a damaged line is an error":        {"{\"event\":\"pa\x00\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.becomes(w.opened("ORDER-1", "+22376123456"), orangeweb.Success)
			closeNow(t, w.sim)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(whole, row.tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			sim, err := orangeweb.New(orangeweb.Options{PublicURL: w.url, Clock: w.clock, JournalPath: path})
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
			mended, err := os.ReadFile(path)
			if err != nil || string(mended) != string(whole) {
				t.Errorf("the journal was not mended: %v, %d bytes of %d", err, len(mended), len(whole))
			}
		})
	}
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "sandbox", "/orange-web", "ftp://host", "http://"} {
		if sim, err := orangeweb.New(orangeweb.Options{PublicURL: address}); err == nil {
			closeNow(t, sim)
			t.Errorf("%q is accepted", address)
		}
	}
}
