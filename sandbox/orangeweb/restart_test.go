package orangeweb_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// journaled stores a world's sessions and book in a file.
func journaled(path string) func(*orangeweb.Options) {
	return func(o *orangeweb.Options) { o.JournalPath = path }
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w := newWorld(t, journaled(path))
	paid := w.opened("PAID", "+22376123456")
	w.becomes(paid, orangeweb.Success)
	waits := w.opened("WAITS", "+22376444444")
	silent := w.opened("SILENT", "")
	before := w.Sim.Book()

	w.Kill(5 * time.Second)
	w.start(journaled(path))
	w.becomes(paid, orangeweb.Success)
	w.becomes(waits, orangeweb.Initiated)
	w.becomes(silent, orangeweb.Initiated)
	if after := w.Sim.Book(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if status, _ := w.webpayment("", w.payment("PAID")); status != http.StatusBadRequest {
		t.Errorf("an order used before the restart answers %d", status)
	}
	if status, _ := w.call("/orange-money-webpay/dev/v1/transactionstatus", "", "{}"); status == http.StatusUnauthorized {
		t.Error("tokens do not survive")
	}
	w.Clock.Advance(25*time.Second - time.Millisecond)
	w.becomes(waits, orangeweb.Initiated)
	w.Clock.Advance(time.Millisecond)
	w.becomes(waits, orangeweb.Success)
	if last := w.Sim.Book()[1]; !strings.HasSuffix(last.TxnID, ".A00002") {
		t.Errorf("the second payment is %s", last.TxnID)
	}
}

// TestACustomerActsWhileTheSimulatorIsDown lets the customer's time pass, and the validity
// as well. The customer confirmed in time, and Orange noticed late.
func TestACustomerActsWhileTheSimulatorIsDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.opened("ORDER-1", "+22376543210")
	w.opened("ORDER-2", "+22376111111")

	w.Kill(time.Hour)
	w.start(journaled(path))
	book := w.Sim.Book()
	if len(book) != 1 || book[0].OrderID != "ORDER-1" || !book[0].At.Equal(enginetest.Morning.Add(time.Hour)) {
		t.Errorf("the book says %+v", book)
	}
	w.Notices(2)
}

// TestALostAnswerStaysLost checks that the retry gets its response, also after a restart.
func TestALostAnswerStaysLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.loses("+22376666666", "ORDER-1")
	w.Kill(0)
	w.start(journaled(path))
	s := w.opened("ORDER-2", "+22376666666")
	w.Clock.Advance(time.Hour)
	w.becomes(s, orangeweb.Success)
	if book := w.Sim.Book(); len(book) != 1 || book[0].OrderID != "ORDER-2" {
		t.Errorf("the book says %+v", book)
	}
}

func TestAJournalCutShort(t *testing.T) {
	t.Parallel()
	for name, tail := range map[string]enginetest.Tail{
		"in the middle of a line loses that line": {Damage: `{"event":"paid","session":{"pay_to`, Opens: true},
		"after a damaged line is an error":        {Damage: "{\"event\":\"pa\x00\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.becomes(w.opened("ORDER-1", "+22376123456"), orangeweb.Success)
			enginetest.Close(t, w.Sim)
			enginetest.CutShort(t, path, tail, func() (*orangeweb.Simulator, error) {
				options := orangeweb.Options{Options: w.Options()}
				options.JournalPath = path
				return orangeweb.New(options)
			})
		})
	}
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	enginetest.NeedsAnAddress(t, func(address string) (*orangeweb.Simulator, error) {
		return orangeweb.New(orangeweb.Options{Options: engine.Options{PublicURL: address}})
	})
}
