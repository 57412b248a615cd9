package digitalpaye_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

func TestSwitchesAndQuirksAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.Set(`{"latency_ms": 0}`)
	quirks, isObject := now["quirks"].(map[string]any)
	if !isObject || len(quirks) != 3 || now["float"] != 1e9 {
		t.Errorf("the settings are %v", now)
	}
	for _, name := range []string{"gateway_timeout", "status_by_ref_only", "numbers_without_plus"} {
		if on, known := quirks[name]; !known || on != false {
			t.Errorf("%s is %v", name, on)
		}
	}
	if status, _ := w.Object(
		w.Request(http.MethodPost, "/switches", `{"quirks": {"made_up": true}}`),
	); status != http.StatusBadRequest {
		t.Errorf("an unknown quirk answers %d", status)
	}
}

// TestAnOperatorThatIsDown checks that every call of the API and the page answer 503, each
// in its own form. Nothing may be executed.
func TestAnOperatorThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"down": true}`)
	for _, req := range []*http.Request{
		w.opening("v2", "in", "R1", "0700123456"), w.opening("v1", "out", "R2", "0700123456"),
		w.call(http.MethodGet, "/v2/get-status-payment/R1", nil), w.call(http.MethodGet, "/v1/transactions", nil),
		w.call(http.MethodGet, "/v1/balance", nil), w.call(http.MethodGet, "/v1/customers", nil),
		w.auth(digitalpaye.APIKey, digitalpaye.APISecret), w.Request(http.MethodGet, "/nowhere", nil),
	} {
		status, reply := w.Object(req)
		code := "statusCode"
		if strings.HasPrefix(req.URL.Path, "/v2/") {
			code = "code_status"
		}
		if status != http.StatusServiceUnavailable || reply[code] != 503.0 {
			t.Errorf("%s answers %d %v", req.URL.Path, status, reply)
		}
	}
	if page := w.Fetch(w.Request(http.MethodGet, "/wave/x", nil)); page.Status != http.StatusServiceUnavailable {
		t.Errorf("the page answers %d", page.Status)
	}
	if w.Sim.Asked() != 0 {
		t.Error("an order is kept")
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"latency_ms": 2000}`)
	if got := w.Waits(w.call(http.MethodGet, "/v2/balance", nil), 2*time.Second); got.Status != http.StatusOK {
		t.Errorf("it answers %d", got.Status)
	}
}

// TestDroppedAnswers executes orders without a response, and counts down.
func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"drop_answers": 2}`)
	w.GivesUp(w.opening("v2", "out", "R1", "0700123456"))
	w.GivesUp(w.call(http.MethodGet, "/v2/get-status-payment/R1", nil))
	w.stands("v2", "R1", "SUCCESSFUL")
	w.books(1500)
	w.Notices(1)
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"answers": "page"}`)
	got := w.Fetch(w.opening("v2", "in", "page", "0700123456"))
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "<html>") {
		t.Errorf("answers %d %s", got.Status, got.Body)
	}
	w.Set(`{"answers": ""}`)
	w.stands("v2", "page", "SUCCESSFUL")
}

func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "R1", "0700123456")
	w.Set(`{"refuse_tokens": true}`)
	for _, path := range []string{"/v2/get-status-payment/R1", "/v2/get-all-transactions", "/v2/balance"} {
		if status, reply := w.get(path); status != http.StatusUnauthorized || reply.Text("message") != "TOKEN_EXPIRED" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if status, _ := w.Object(w.opening("v1", "in", "R2", "0700123456")); status != http.StatusUnauthorized {
		t.Errorf("an order answers %d", status)
	}
	w.books(1500)
}

// TestKeysThatWereChanged checks that changed keys get no token, and that earlier tokens
// stay valid.
func TestKeysThatWereChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"keys_changed": true}`)
	if status, reply := w.Object(w.auth(digitalpaye.APIKey, digitalpaye.APISecret)); status != http.StatusUnauthorized ||
		reply.Text("message") != "UnauthorizedError" {
		t.Errorf("the token call answers %d %v", status, reply)
	}
	w.opens("v2", "in", "R1", "0700123456")
}

func TestTokensThatLiveShortly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"token_lifetime_s": 5}`)
	w.logsIn()
	w.Clock.Advance(5 * time.Second)
	if status, _ := w.get("/v2/balance"); status != http.StatusUnauthorized {
		t.Errorf("a token of 5 s answers %d after them", status)
	}
}

// TestUnknownWords checks that the words of status and list change, but not the result of
// the order.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.Set(`{"unknown_words": true}`)
		if opened := w.opens(shape, "in", "R1", "0700123456"); opened.Text("status") != "SUCCESSFUL" {
			t.Errorf("the order answers %v", opened)
		}
		w.stands(shape, "R1", engine.UnknownWord)
		if _, reply := w.get(dialects[shape].list); reply.List("data")[0].Text("status") != engine.UnknownWord {
			t.Errorf("the list says %v", reply)
		}
		if told := w.Notices(1)[0].Said.Text("status"); told != "SUCCESSFUL" {
			t.Errorf("the webhook says %s", told)
		}
	})
}

func TestAnOperatorCorrectsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"correct_after_ms": 60000, "settle_ms": 0}`)
	w.opens("v2", "out", "R1", "0700222222")
	w.Clock.Advance(2 * time.Second)
	w.stands("v2", "R1", "FAILED")
	enginetest.Eventually(func() bool { return len(w.Inbox.All()) == 1 })
	w.Clock.Advance(time.Minute)
	w.stands("v2", "R1", "SUCCESSFUL")
	w.books(1500)
	w.Notices(2)
}

func TestAPaymentSettlesLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"settle_ms": 5000}`)
	if opened := w.opens("v2", "in", "R1", "0700123456"); opened.Text("status") != "PENDING" {
		t.Errorf("the order answers %v", opened)
	}
	w.Clock.Advance(5 * time.Second)
	w.stands("v2", "R1", "SUCCESSFUL")
}

// TestTheGatewayTimesOut checks that an order answers 504 with FAILED and still takes its
// course. A call that opens no order answers as usual.
func TestTheGatewayTimesOut(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.Set(`{"quirks": {"gateway_timeout": true}}`)
		for id, number := range map[string]string{"PAID": "0700123456", "WAITS": "0701020304"} {
			status, reply := w.Object(w.opening(shape, "out", id, number))
			if status != http.StatusGatewayTimeout || reply.Text("message") != "PAYMENT_FAILED_TRY_AGAINST" ||
				reply.Object("data").Text("status") != "FAILED" || reply.Object("data").Text(dialects[shape].id) != id ||
				reply.Object("data").Text("ref") == "" {
				t.Errorf("%s answers %d %v", id, status, reply)
			}
		}
		if status, reply := w.Object(w.opening(shape, "out", "PAID", "0700123456")); status != usedTwice[shape] {
			t.Errorf("asking again answers %d %v", status, reply)
		}
		if status, _ := w.Object(w.opening(shape, "out", "POOR", "0700111111")); status != http.StatusBadRequest {
			t.Errorf("a refusal answers %d", status)
		}
		w.stands(shape, "PAID", "SUCCESSFUL")
		w.stands(shape, "WAITS", "PENDING")
		w.books(1500)
		w.Clock.Advance(10 * time.Second)
		w.stands(shape, "WAITS", "SUCCESSFUL")
		w.books(1500, 1500)
		for _, n := range w.Notices(2) {
			if n.Said.Text("status") != "SUCCESSFUL" {
				t.Errorf("a webhook says %v", n.Said)
			}
		}
	})
}

// TestTheStatusKnowsTheirRefAlone checks that only the list finds an order by our id.
func TestTheStatusKnowsTheirRefAlone(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.Set(`{"quirks": {"status_by_ref_only": true}}`)
		opened := w.opens(shape, "in", "R1", "0700123456")
		if status, reply := w.get(dialects[shape].status + "R1"); status != http.StatusNotFound ||
			reply.Text("message") != "NotFoundError" {
			t.Errorf("our id answers %d %v", status, reply)
		}
		w.stands(shape, opened.Text("ref"), "SUCCESSFUL")
		if got := w.ids(shape, ""); got != "R1" {
			t.Errorf("the list has %q", got)
		}
	})
}

func TestNumbersWithoutPlus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"quirks": {"numbers_without_plus": true}}`)
	if opened := w.opens("sdk", "in", "R1", "0700123456"); opened.Text("number_user") != "2250700123456" {
		t.Errorf("the order answers %v", opened)
	}
	if got := w.reads("v1", "R1").Text("phone"); got != "0700123456" {
		t.Errorf("v1 says %s", got)
	}
	if told := w.Notices(1)[0].Said.Text("number_user"); told != "2250700123456" {
		t.Errorf("the webhook says %s", told)
	}
}

func TestAFullSimulatorRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	w.opens("v2", "in", "R1", "0700123456")
	for _, number := range []string{"0700123456", "0701020304"} {
		if status, reply := w.Object(w.opening("v2", "in", "R2", number)); status != http.StatusServiceUnavailable {
			t.Errorf("one more answers %d %v", status, reply)
		}
	}
	another := fields{
		"firstName": "Awa", "lastName": "KOUASSI", "phoneNumber": "0709080706", "address": fields{"countryCode": "CI"},
	}
	if status, reply := w.post("/v1/customers/create", another); status != http.StatusServiceUnavailable {
		t.Errorf("one more customer answers %d %v", status, reply)
	}
	w.books(1500)
}

func TestTheBookIsReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v1", "in", "R1", "0700123456")
	status, book := w.Object(w.Request(http.MethodGet, "/book", nil))
	paid, isList := book["paid"].([]any)
	if status != http.StatusOK || !isList || len(paid) != 1 {
		t.Errorf("the book answers %d %v", status, book)
	}
}

// TestACallThatHangsEndsWithTheSimulator closes the simulator during a call whose response
// is lost.
func TestACallThatHangsEndsWithTheSimulator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ended := make(chan error)
	req := w.opening("v2", "out", "R1", "0700666666")
	go func() {
		resp, err := w.Client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	w.books(1500)
	enginetest.Close(t, w.Sim)
	if err := <-ended; err == nil {
		t.Error("the call was answered")
	}
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	enginetest.NeedsAnAddress(t, func(address string) (*digitalpaye.Simulator, error) {
		return digitalpaye.New(engine.Config{Options: engine.Options{PublicURL: address}})
	})
}
