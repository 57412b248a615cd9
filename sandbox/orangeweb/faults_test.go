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

// TestForceMakesEverybodyTheSame forces one behaviour on a number that pays at once.
func TestForceMakesEverybodyTheSame(t *testing.T) {
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
			w.Set(`{"force": "` + row.force + `"}`)
			s := w.opened("ORDER-1", "+22376123456")
			w.Set(`{"force": ""}`) // an open session continues as it began
			w.Clock.Advance(time.Hour)
			w.becomes(s, row.end)
			w.showsBooked(s, row.booked)
			w.showsNotices(s, row.end, row.told)
		})
	}
}

func TestForcedDownIsDownForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"force": "555555"}`)
	for _, msisdn := range []string{"+22376123456", ""} {
		if status, reply := w.webpayment(msisdn, w.payment("ORDER-1")); status != http.StatusServiceUnavailable {
			t.Errorf("%q is answered %d %v", msisdn, status, reply)
		}
	}
}

// TestForceMovesAPersonToo forces a refusal on a person who pays on the page. The refusal
// survives a restart.
func TestForceMovesAPersonToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orange.jsonl")
	journal := func(o *orangeweb.Options) { o.JournalPath = path }
	w := newWorld(t, journal)
	w.Set(`{"settle_ms": 4000}`)
	s := w.opened("ORDER-1", "")
	w.Set(`{"force": "222222"}`)
	w.pays(s.pageURL)
	w.becomes(s, orangeweb.Pending)
	enginetest.Close(t, w.Sim)
	w.start(journal)
	w.Clock.Advance(4 * time.Second)
	w.becomes(s, orangeweb.Failed)
}

// TestNotificationsAreHeldBack delays even the notification that otherwise arrives before
// the response.
func TestNotificationsAreHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"notification_delay_ms": 30000}`)
	s := w.opened("ORDER-1", "+22376888888")
	w.becomes(s, orangeweb.Success)
	if early := w.Inbox.All(); len(early) != 0 {
		t.Errorf("%d came early", len(early))
	}
	w.Clock.Advance(30 * time.Second)
	w.showsNotices(s, orangeweb.Success, 3)
}

func TestChangedKeysAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"keys_changed": true}`)
	if status, reply := w.grant(
		"/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials",
	); status != http.StatusUnauthorized || reply["error"] != "invalid_client" {
		t.Errorf("the token call answers %d %v", status, reply)
	}
	if status, reply := w.webpayment("", w.payment("ORDER-1")); status != http.StatusForbidden || reply["code"] != 50.0 {
		t.Errorf("the merchant key is answered %d %v", status, reply)
	}
	w.Set(`{"keys_changed": false}`)
	w.opened("ORDER-1", "")
}

// TestAFailureTurnsOutASuccess corrects a refusal after an hour, in the same transaction.
func TestAFailureTurnsOutASuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"correct_after_ms": 3600000}`)
	s := w.opened("ORDER-1", "+22376222222")
	w.Clock.Advance(2 * time.Second)
	failed := text(t, w.status(s), "txnid")
	w.Clock.Advance(time.Hour - time.Millisecond)
	w.becomes(s, orangeweb.Failed)
	w.showsBooked(s, 0)
	w.Clock.Advance(time.Millisecond)
	w.becomes(s, orangeweb.Success)
	w.showsBooked(s, 50000)
	if book := w.Sim.Book(); book[0].TxnID != failed || !book[0].At.Equal(enginetest.Morning.Add(time.Hour+2*time.Second)) {
		t.Errorf("the book says %+v, and %s had failed", book[0], failed)
	}
	told := map[string]int{}
	for _, n := range w.Notices(2) {
		told[n.Said.Text("status")]++
	}
	if told["FAILED"] != 1 || told["SUCCESS"] != 1 {
		t.Errorf("told %v", told)
	}
}

func TestAFailureOnThePageIsCorrectedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"correct_after_ms": 1000}`)
	s := w.opened("ORDER-1", "")
	w.Submit(s.pageURL, "action", "pay", "msisdn", "76222222", "otp", orangeweb.OTP)
	w.becomes(s, orangeweb.Failed)
	w.Clock.Advance(time.Second)
	w.becomes(s, orangeweb.Success)
}

func TestStatusesInUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "+22376123456")
	w.becomes(s, orangeweb.Success)
	w.Set(`{"unknown_words": true}`)
	if reply := w.status(s); reply["status"] != engine.UnknownWord {
		t.Errorf("the status says %v", reply)
	}
	w.showsBookedInSecret(s)
}

// showsBookedInSecret checks the book of a payment whose status is an unknown word.
func (w *world) showsBookedInSecret(s session) {
	w.T.Helper()
	if book := w.Sim.Book(); len(book) != 1 || book[0].OrderID != s.orderID {
		w.T.Errorf("the book says %v", book)
	}
}

// TestMangledAnswersAreExecuted opens a session whose response is a proxy's page. Nobody
// saw the payment page, so nobody pays on it.
func TestMangledAnswersAreExecuted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"answers": "page"}`)
	got := w.Fetch(w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "+22376123456", w.payment("ORDER-1")))
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "Wi-Fi") {
		t.Errorf("the answer is %d %s", got.Status, got.Body)
	}
	w.Clock.Advance(time.Hour)
	if kept := w.Sim.Sessions(); len(kept) != 1 || kept[0].Status != orangeweb.Initiated || w.Sim.Asked() != 1 {
		t.Errorf("the book says %+v", kept)
	}
	if w.bearer = w.token(); w.bearer == "" { // not a payment's response: it is not spoiled
		t.Error("no token")
	}
}

func TestOrangeIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"down": true, "force": "111111"}`)
	settings := w.Sim.Settings()
	if broken, err := settings.Broken(); err != nil || strings.Join(broken, " ") != "down=true force=111111" {
		t.Errorf("broken: %v %v", broken, err)
	}
	if err := settings.Heal(); err != nil || w.Sim.Faults.Read() != engine.Healthy() {
		t.Errorf("mended: %+v %v", w.Sim.Faults.Read(), err)
	}
}
