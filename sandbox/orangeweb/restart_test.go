package orangeweb_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// journaled stores a world's sessions and book in a file.
func journaled(path string) func(*orangeweb.Options) {
	return func(o *orangeweb.Options) { o.JournalPath = path }
}

func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	w := newWorld(t, journaled(path))
	paid := w.open("PAID", "+22376123456")
	w.awaitStatus(paid, orangeweb.Success)
	waits := w.open("WAITS", "+22376444444")
	silent := w.open("SILENT", "")
	before := w.Sim.Book()

	w.Kill(5 * time.Second)
	w.start(journaled(path))
	w.awaitStatus(paid, orangeweb.Success)
	w.awaitStatus(waits, orangeweb.Initiated)
	w.awaitStatus(silent, orangeweb.Initiated)
	after := w.Sim.Book()
	require.Len(t, after, 1)
	require.Equal(t, before[0], after[0])
	status, _ := w.webpayment("", w.payment("PAID"))
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = w.call("/orange-money-webpay/dev/v1/transactionstatus", "", "{}")
	require.NotEqual(t, http.StatusUnauthorized, status)
	w.Clock.Advance(25*time.Second - time.Millisecond)
	w.awaitStatus(waits, orangeweb.Initiated)
	w.Clock.Advance(time.Millisecond)
	w.awaitStatus(waits, orangeweb.Success)
	last := w.Sim.Book()[1]
	require.True(t, strings.HasSuffix(last.TxnID, ".A00002"), last.TxnID)
}

// TestRestartAfterCustomer lets the customer's time pass, and the validity
// as well. The customer confirmed in time, and Orange noticed late.
func TestRestartAfterCustomer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.open("ORDER-1", "+22376543210")
	w.open("ORDER-2", "+22376111111")

	w.Kill(time.Hour)
	w.start(journaled(path))
	book := w.Sim.Book()
	require.Len(t, book, 1)
	require.Equal(t, "ORDER-1", book[0].OrderID)
	require.Equal(t, enginetest.Morning.Add(time.Hour), book[0].At)
	w.ExpectNotices(2)
}

// TestRestartKeepsLostResponse checks that the retry gets its response, also after a restart.
func TestRestartKeepsLostResponse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	w := newWorld(t, journaled(path))
	w.expectLostWebpayment("+22376666666", "ORDER-1")
	w.Kill(0)
	w.start(journaled(path))
	s := w.open("ORDER-2", "+22376666666")
	w.Clock.Advance(time.Hour)
	w.awaitStatus(s, orangeweb.Success)
	book := w.Sim.Book()
	require.Len(t, book, 1)
	require.Equal(t, "ORDER-2", book[0].OrderID)
}

func TestJournalCutShort(t *testing.T) {
	t.Parallel()
	for name, tail := range map[string]enginetest.JournalTail{
		"in the middle of a line loses that line": {Damage: `{"event":"paid","session":{"pay_to`, Opens: true},
		"after a damaged line is an error":        {Damage: "{\"event\":\"pa\x00\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "journal.jsonl")
			w := newWorld(t, journaled(path))
			w.awaitStatus(w.open("ORDER-1", "+22376123456"), orangeweb.Success)
			enginetest.Close(t, w.Sim)
			enginetest.ExpectJournalRepaired(t, path, tail, func() (*orangeweb.Simulator, error) {
				options := orangeweb.Options{Options: w.Options()}
				options.JournalPath = path
				return orangeweb.New(options)
			})
		})
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	enginetest.ExpectInvalidURLsRefused(t, func(address string) (*orangeweb.Simulator, error) {
		return orangeweb.New(orangeweb.Options{Options: engine.Options{PublicURL: address}})
	})
}
