package orangeweb_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

func TestSwitchesAreReadAndSetOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if now := w.Set(`{"latency_ms": 5}`); now["latency_ms"] != 5.0 {
		t.Fatalf("setting one answers %v", now)
	}
	w.Set(`{"latency_ms": 0, "refuse_tokens": true}`)
	_, now := w.Object(w.Request(http.MethodGet, "/switches", nil))
	now.Has(t, "the switches", fields{"refuse_tokens": true, "notification_copies": 1, "down": false})
	w.Says(nil, [][2]string{
		{`POST /switches {"latency": 5}`, `400 {"error":"`},
		{`POST /switches {"latency_ms": 3600000}`, `400 {"error":"`},
		{`POST /switches {"notification_copies": 0}`, `400 {"error":"`},
		{`POST /switches {"drop_answers": -1}`, `400 {"error":"`},
		{`POST /switches down`, `400 {"error":"`},
		{`POST /switches {} {}`, `400 {"error":"`},
		{`DELETE /switches`, `405`},
	})
	if after := w.Sim.Faults.Read(); !after.RefuseTokens || after.LatencyMS != 0 {
		t.Errorf("what was refused changed something: %+v", after)
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "+22376444444")
	w.Set(`{"down": true}`)
	for _, path := range []string{
		"/oauth/v3/token", "/orange-money-webpay/dev/v1/webpayment", "/orange-money-webpay/dev/v1/transactionstatus",
	} {
		if status, reply := w.call(path, "", w.payment("ORDER-2")); status != http.StatusServiceUnavailable ||
			reply["code"] != 5.0 {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if page := w.Visit(s.pageURL); page.Status != http.StatusServiceUnavailable ||
		!strings.Contains(page.Body, "Service indisponible") {
		t.Errorf("the page answers %d", page.Status)
	}
	w.Set(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.becomes(s, orangeweb.Success)
}

func TestLatencyHoldsEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"latency_ms": 30000}`)
	req := w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "", w.payment("ORDER-1"))
	if got := w.Waits(req, 30*time.Second); got.Status != http.StatusCreated {
		t.Errorf("answers %d", got.Status)
	}
}

// TestDroppedAnswers executes two calls without a response. Nobody saw those pages, so even
// a number that pays at once pays nothing on them.
func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"drop_answers": 2}`)
	for _, order := range []string{"ORDER-1", "ORDER-2"} {
		w.loses("+22376123456", order)
	}
	s := w.opened("ORDER-3", "+22376123456")
	w.becomes(s, orangeweb.Success)
	if kept, book := w.Sim.Sessions(), w.Sim.Book(); len(kept) != 3 || len(book) != 1 || book[0].OrderID != "ORDER-3" {
		t.Errorf("three calls left %v and %v", kept, book)
	}
	if left := w.Sim.Faults.Read().DropAnswers; left != 0 {
		t.Errorf("%d drops are left", left)
	}
}

func TestNotificationsOffAndDoubled(t *testing.T) {
	t.Parallel()
	for name, row := range enginetest.Disturbed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Set(row.Switches)
			s := w.opened("ORDER-1", "+22376"+row.Digits)
			w.becomes(s, orangeweb.Success)
			w.showsNotices(s, orangeweb.Success, row.Want)
		})
	}
}

func TestAPaymentIsPendingWhileOrangeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"settle_ms": 4000}`)
	s := w.opened("ORDER-1", "+22376543210")
	w.Clock.Advance(10 * time.Second)
	w.becomes(s, orangeweb.Pending)
	if book := w.Sim.Book(); len(book) != 0 {
		t.Errorf("a pending payment is booked: %v", book)
	}
	w.Clock.Advance(4 * time.Second)
	w.becomes(s, orangeweb.Success)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestTokensAreShortenedAndRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"token_lifetime_s": 60}`)
	_, grant := w.grant("/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials")
	if grant["expires_in"] != 60.0 {
		t.Errorf("the grant says %v", grant)
	}
	w.bearer = text(t, grant, "access_token")
	w.opened("ORDER-1", "")
	w.Clock.Advance(time.Minute)
	if status, _ := w.webpayment("", w.payment("ORDER-2")); status != http.StatusUnauthorized {
		t.Errorf("an expired token answers %d", status)
	}
	w.bearer = w.token()
	w.Set(`{"refuse_tokens": true}`)
	if status, reply := w.webpayment("", w.payment("ORDER-3")); status != http.StatusUnauthorized ||
		reply["code"] != 41.0 {
		t.Errorf("a refused token answers %d %v", status, reply)
	}
}

// TestNotificationsAreNotRepeated lets the merchant's server fail: Orange never tries
// again.
func TestNotificationsAreNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Inbox.Answer.Store(http.StatusInternalServerError)
	s := w.opened("ORDER-1", "+22376123456")
	w.becomes(s, orangeweb.Success)
	w.Clock.Advance(24 * time.Hour)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestTheBookIsReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty := w.Visit(w.URL + "/book")
	if !strings.Contains(empty.Body, `"sessions":[]`) || !strings.Contains(empty.Body, `"paid":[]`) {
		t.Errorf("an empty book says %s", empty.Body)
	}
	s := w.opened("ORDER-1", "+22376123456")
	w.becomes(s, orangeweb.Success)
	shown := w.Visit(w.URL + "/book")
	for _, secret := range []string{s.payToken, s.notifToken, orangeweb.MerchantKey} {
		if strings.Contains(shown.Body, secret) {
			t.Errorf("the book shows the secret %s", secret)
		}
	}
	var book struct {
		Sessions []orangeweb.Session
		Paid     []fields
	}
	if err := json.Unmarshal([]byte(shown.Body), &book); err != nil {
		t.Fatal(err)
	}
	if len(book.Sessions) != 1 || len(book.Paid) != 1 || book.Paid[0]["msisdn"] != "+22376123456" {
		t.Errorf("the book says %s", shown.Body)
	}
}
