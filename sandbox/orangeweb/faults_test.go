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

// TestForce forces one behaviour on a number that pays at once.
func TestForce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		force  string
		end    orangeweb.Status
		told   int
		booked int64
	}{
		"too poor":       {"111111", orangeweb.Failed, 1, 0},
		"silent":         {"333333", orangeweb.Initiated, 0, 0},
		"another amount": {"999999", orangeweb.Success, 1, 25000},
		"thrice":         {"888888", orangeweb.Success, 3, 50000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(`{"force": "` + row.force + `"}`)
			s := w.open("ORDER-1", "+22376123456")
			w.SetSwitches(`{"force": ""}`) // an open session continues as it began
			w.Clock.Advance(time.Hour)
			w.awaitStatus(s, row.end)
			w.expectBookEntry(s, row.booked)
			w.expectNotifications(s, row.end, row.told)
		})
	}
}

func TestForceDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"force": "555555"}`)
	for _, msisdn := range []string{"+22376123456", ""} {
		status, reply := w.webpayment(msisdn, w.payment("ORDER-1"))
		require.Equal(t, http.StatusServiceUnavailable, status, "%v %v", msisdn, reply)
	}
}

// TestForceOnPage forces a refusal on a person who pays on the page. The refusal
// survives a restart.
func TestForceOnPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orange.jsonl")
	journal := func(o *orangeweb.Options) { o.JournalPath = path }
	w := newWorld(t, journal)
	w.SetSwitches(`{"settle_ms": 4000}`)
	s := w.open("ORDER-1", "")
	w.SetSwitches(`{"force": "222222"}`)
	w.payOnPage(s.pageURL)
	w.awaitStatus(s, orangeweb.Pending)
	enginetest.Close(t, w.Sim)
	w.start(journal)
	w.Clock.Advance(4 * time.Second)
	w.awaitStatus(s, orangeweb.Failed)
}

// TestNotificationDelay delays even the notification that otherwise arrives before
// the response.
func TestNotificationDelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"notification_delay_ms": 30000}`)
	s := w.open("ORDER-1", "+22376888888")
	w.awaitStatus(s, orangeweb.Success)
	require.Empty(t, w.Inbox.All())
	w.Clock.Advance(30 * time.Second)
	w.expectNotifications(s, orangeweb.Success, 3)
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"keys_changed": true}`)
	status, reply := w.grant(
		"/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials",
	)
	require.Equal(t, http.StatusUnauthorized, status, reply)
	require.EqualValues(t, "invalid_client", reply["error"])
	status, reply = w.webpayment("", w.payment("ORDER-1"))
	require.Equal(t, http.StatusForbidden, status, reply)
	require.EqualValues(t, 50.0, reply["code"])
	w.SetSwitches(`{"keys_changed": false}`)
	w.open("ORDER-1", "")
}

// TestCorrection corrects a refusal after an hour, in the same transaction.
func TestCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"correct_after_ms": 3600000}`)
	s := w.open("ORDER-1", "+22376222222")
	w.Clock.Advance(2 * time.Second)
	failed := text(t, w.status(s), "txnid")
	w.Clock.Advance(time.Hour - time.Millisecond)
	w.awaitStatus(s, orangeweb.Failed)
	w.expectBookEntry(s, 0)
	w.Clock.Advance(time.Millisecond)
	w.awaitStatus(s, orangeweb.Success)
	w.expectBookEntry(s, 50000)
	book := w.Sim.Book()
	require.Equal(t, failed, book[0].TxnID)
	require.Equal(t, enginetest.Morning.Add(time.Hour+2*time.Second), book[0].At)
	told := map[string]int{}
	for _, n := range w.ExpectNotices(2) {
		told[n.Fields.Text("status")]++
	}
	require.Equal(t, 1, told["FAILED"])
	require.Equal(t, 1, told["SUCCESS"])
}

func TestCorrectionAfterPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"correct_after_ms": 1000}`)
	s := w.open("ORDER-1", "")
	w.Submit(s.pageURL, "action", "pay", "msisdn", "76222222", "otp", orangeweb.OTP)
	w.awaitStatus(s, orangeweb.Failed)
	w.Clock.Advance(time.Second)
	w.awaitStatus(s, orangeweb.Success)
}

func TestUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "+22376123456")
	w.awaitStatus(s, orangeweb.Success)
	w.SetSwitches(`{"unknown_words": true}`)
	require.EqualValues(t, engine.UnknownWord, w.status(s)["status"])
	w.expectBookEntryOf(s)
}

// expectBookEntryOf checks the book of a payment whose status is an unknown word.
func (w *world) expectBookEntryOf(s session) {
	w.T.Helper()
	book := w.Sim.Book()
	require.Len(w.T, book, 1)
	require.Equal(w.T, s.orderID, book[0].OrderID)
}

// TestMangledResponse opens a session whose response is a proxy's page. Nobody
// saw the payment page, so nobody pays on it.
func TestMangledResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"answers": "page"}`)
	got := w.Fetch(w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "+22376123456", w.payment("ORDER-1")))
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, "Wi-Fi")
	w.Clock.Advance(time.Hour)
	kept := w.Sim.Sessions()
	require.Len(t, kept, 1)
	require.Equal(t, orangeweb.Initiated, kept[0].Status)
	require.Equal(t, 1, w.Sim.Asked())
	require.NotEmpty(t, w.token(), "the response to a token call is not spoiled")
}

func TestHeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"down": true, "force": "111111"}`)
	settings := w.Sim.Settings()
	broken, err := settings.Broken()
	require.NoError(t, err)
	require.Equal(t, "down=true force=111111", strings.Join(broken, " "))
	err = settings.Heal()
	require.NoError(t, err)
	require.Equal(t, engine.Healthy(), w.Sim.Faults.Read())
}
