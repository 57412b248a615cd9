package orangeweb_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/orangeweb"
)

// set turns switches over HTTP.
func (w *world) set(switches string) (int, map[string]any) {
	w.t.Helper()
	return w.send(w.request(http.MethodPost, "/switches", strings.NewReader(switches)))
}

func TestSwitchesAreReadAndSetOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if status, now := w.set(`{"latency_ms": 5}`); status != http.StatusOK || now["latency_ms"] != 5.0 {
		t.Fatalf("setting one answers %d %v", status, now)
	}
	w.set(`{"latency_ms": 0, "refuse_tokens": true}`)
	_, now := w.send(w.request(http.MethodGet, "/switches", nil))
	if now["refuse_tokens"] != true || now["notification_copies"] != 1.0 || now["down"] != false {
		t.Errorf("the switches stand at %v", now)
	}
	for name, bad := range map[string]string{
		"a switch there is not":  `{"latency": 5}`,
		"a latency of an hour":   `{"latency_ms": 3600000}`,
		"no copies at all":       `{"notification_copies": 0}`,
		"a negative drop":        `{"drop_answers": -1}`,
		"text in place of a set": `down`,
		"two sets":               `{} {}`,
	} {
		if status, reply := w.set(bad); status != http.StatusBadRequest || reply["error"] == "" {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	if after := w.sim.Switches(); !after.RefuseTokens || after.LatencyMS != 0 {
		t.Errorf("what was refused changed something: %+v", after)
	}
	if status, _ := w.send(w.request(http.MethodDelete, "/switches", nil)); status != http.StatusMethodNotAllowed {
		t.Errorf("deleting the switches answers %d", status)
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "+22376444444")
	w.set(`{"down": true}`)
	for _, path := range []string{"/oauth/v3/token", "/orange-money-webpay/dev/v1/webpayment", "/orange-money-webpay/dev/v1/transactionstatus"} {
		if status, reply := w.call(path, "", w.payment("ORDER-2")); status != http.StatusServiceUnavailable || reply["code"] != 5.0 {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if page := w.get(s.pageURL); page.status != http.StatusServiceUnavailable || !strings.Contains(page.body, "Service indisponible") {
		t.Errorf("the page answers %d", page.status)
	}
	w.set(`{"down": false}`)
	w.clock.Advance(30 * time.Second)
	w.becomes(s, orangeweb.Success)
}

func TestLatencyHoldsEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"latency_ms": 30000}`)
	answered := make(chan int, 1)
	req := w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "", w.payment("ORDER-1"))
	go func() {
		resp, err := w.client.Do(req)
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	select {
	case <-answered:
		t.Fatal("answered before its time")
	case <-time.After(50 * time.Millisecond):
	}
	w.clock.Advance(30 * time.Second)
	if status := <-answered; status != http.StatusCreated {
		t.Errorf("answers %d", status)
	}
}

// TestDroppedAnswers executes two calls without an answer. Nobody saw those
// pages, so even a number that pays at once pays nothing on them.
func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"drop_answers": 2}`)
	for _, order := range []string{"ORDER-1", "ORDER-2"} {
		resp, err := w.client.Do(w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "+22376123456", w.payment(order)))
		if err == nil {
			resp.Body.Close()
			t.Fatalf("%s is answered %d", order, resp.StatusCode)
		}
	}
	s := w.opened("ORDER-3", "+22376123456")
	w.becomes(s, orangeweb.Success)
	if kept, book := w.sim.Sessions(), w.sim.Book(); len(kept) != 3 || len(book) != 1 || book[0].OrderID != "ORDER-3" {
		t.Errorf("three calls left %v and %v", kept, book)
	}
	if left := w.sim.Switches().DropAnswers; left != 0 {
		t.Errorf("%d drops are left", left)
	}
}

func TestNotificationsOffAndDoubled(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		switches, msisdn string
		want             int
	}{
		"off":                      {`{"notifications_off": true}`, "+22376123456", 0},
		"off, even the early ones": {`{"notifications_off": true}`, "+22376888888", 0},
		"twice":                    {`{"notification_copies": 2}`, "+22376123456", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set(row.switches)
			s := w.opened("ORDER-1", row.msisdn)
			w.becomes(s, orangeweb.Success)
			w.showsNotices(s, orangeweb.Success, row.want)
		})
	}
}

func TestAPaymentIsPendingWhileOrangeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"settle_ms": 4000}`)
	s := w.opened("ORDER-1", "+22376543210")
	w.clock.Advance(10 * time.Second)
	w.becomes(s, orangeweb.Pending)
	if book := w.sim.Book(); len(book) != 0 {
		t.Errorf("a pending payment is booked: %v", book)
	}
	w.clock.Advance(4 * time.Second)
	w.becomes(s, orangeweb.Success)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestTokensAreShortenedAndRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"token_lifetime_s": 60}`)
	_, grant := w.grant("/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials")
	if grant["expires_in"] != 60.0 {
		t.Errorf("the grant says %v", grant)
	}
	w.bearer = text(t, grant, "access_token")
	w.opened("ORDER-1", "")
	w.clock.Advance(time.Minute)
	if status, _ := w.webpayment("", w.payment("ORDER-2")); status != http.StatusUnauthorized {
		t.Errorf("an expired token answers %d", status)
	}
	w.bearer = w.token()
	w.set(`{"refuse_tokens": true}`)
	if status, reply := w.webpayment("", w.payment("ORDER-3")); status != http.StatusUnauthorized || reply["code"] != 41.0 {
		t.Errorf("a refused token answers %d %v", status, reply)
	}
}

// TestNotificationsAreNotRepeated fails the merchant's server: Orange does not
// try again, however long one waits.
func TestNotificationsAreNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer.Store(http.StatusInternalServerError)
	s := w.opened("ORDER-1", "+22376123456")
	w.becomes(s, orangeweb.Success)
	w.clock.Advance(24 * time.Hour)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestTheBookIsReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty := w.get(w.url + "/book")
	if !strings.Contains(empty.body, `"sessions":[]`) || !strings.Contains(empty.body, `"paid":[]`) {
		t.Errorf("an empty book says %s", empty.body)
	}
	s := w.opened("ORDER-1", "+22376123456")
	w.becomes(s, orangeweb.Success)
	shown := w.get(w.url + "/book")
	for _, secret := range []string{s.payToken, s.notifToken, orangeweb.MerchantKey} {
		if strings.Contains(shown.body, secret) {
			t.Errorf("the book shows the secret %s", secret)
		}
	}
	var book struct {
		Sessions []orangeweb.Session
		Paid     []map[string]any
	}
	if err := json.Unmarshal([]byte(shown.body), &book); err != nil {
		t.Fatal(err)
	}
	if len(book.Sessions) != 1 || len(book.Paid) != 1 || book.Paid[0]["msisdn"] != "+22376123456" {
		t.Errorf("the book says %s", shown.body)
	}
}

// answered is one answer that is not JSON to the test.
type answered struct {
	status int
	header http.Header
	body   string
}

// get reads an address as a browser that prefers no language does.
func (w *world) get(address string) answered {
	w.t.Helper()
	return w.fetch(w.request(http.MethodGet, address, nil))
}

func (w *world) fetch(req *http.Request) answered {
	w.t.Helper()
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}
