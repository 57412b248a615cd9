package sonatel_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/stage"
)

func TestSwitchesAreReadAndSetOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"latency_ms": 5, "two_signatures": true}`)
	now := w.set(`{"latency_ms": 0}`)
	for name, want := range map[string]any{
		"latency_ms": 0.0, "two_signatures": true, "bare_arrays": true, "float_amounts": true, "broken_type_filter": true,
		"content_type_required_on_get": true, "empty_registration": true, "balance": 1e9, "wrong_pins": 0.0, "down": false,
	} {
		if now[name] != want {
			t.Errorf("%s stands at %v, want %v", name, now[name], want)
		}
	}
	for name, bad := range map[string]string{
		"a switch there is not":      `{"latency": 5}`,
		"a latency of an hour":       `{"latency_ms": 3600000, "two_signatures": false}`,
		"an end after more than 24h": `{"final_only_after_ms": 86400001}`,
		"a float below zero":         `{"balance": -1}`,
		"four wrong PINs":            `{"wrong_pins": 4}`,
		"two sets":                   `{} {}`,
	} {
		status, reply := w.object(w.request(http.MethodPost, "/switches", strings.NewReader(bad)))
		if status != http.StatusBadRequest || reply["error"] == "" {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	after := w.sim.Switches()
	if !after.TwoSignatures || after.LatencyMS != 0 || *after.Balance != 1_000_000_000 {
		t.Errorf("what was refused changed something: %+v", after)
	}
	after.Down = true
	if err := w.sim.SetSwitches(after); err != nil || !w.sim.Switches().Down {
		t.Errorf("set from Go, down is %v: %v", w.sim.Switches().Down, err)
	}
	after.FinalOnlyAfterMS = -1
	if err := w.sim.SetSwitches(after); err == nil {
		t.Error("an end before the beginning is accepted")
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply := w.makesCode("R1", "+221770444444")
	w.set(`{"down": true}`)
	for _, path := range []string{"/oauth/v1/token", cashins, qrcode, balancePath} {
		if status, reply := w.post(path, fields{}); status != http.StatusServiceUnavailable || reply["code"] != "5" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if page := w.fetch(w.request(http.MethodGet, reply.text("deepLink"), nil)); page.status != http.StatusServiceUnavailable ||
		!strings.Contains(page.body, "Service indisponible") {
		t.Errorf("the page answers %d", page.status)
	}
	w.set(`{"down": false}`)
	w.clock.Advance(30 * time.Second)
	w.becomes("R1", "SUCCESS")
}

// TestExecutedThenTimedOut finds by search what a 504 hid.
func TestExecutedThenTimedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registers()
	w.set(`{"executes_then_times_out": true}`)
	for path, body := range map[string]fields{
		cashins: w.deposit("OUT", "770123456"), oneStep: w.payment("IN", "770123456"),
	} {
		if status, reply := w.post(path, body); status != http.StatusGatewayTimeout || reply["code"] != "1" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if status, _ := w.object(w.codeCall("CODE", "+221770123456")); status != http.StatusGatewayTimeout {
		t.Errorf("qrcode answers %d", status)
	}
	w.becomes("OUT", "SUCCESS")
	w.becomes("IN", "SUCCESS")
	w.becomes("CODE", "")
	if told := w.notices(2); len(told) != 2 || len(w.sim.Book()) != 2 {
		t.Errorf("two were executed: %d callbacks, and the book says %v", len(told), w.sim.Book())
	}
}

func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.deposit("R1", "770123456")
	w.set(`{"drop_answers": 1}`)
	w.givesUp(w.call(http.MethodPost, cashins, body))
	w.becomes("R1", "SUCCESS")
	w.showsBooked(stage.Out, 50000)
}

// TestNothingEndsBeforeItsTime keeps even what ends at once pending for hours.
func TestNothingEndsBeforeItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"final_only_after_ms": 7200000}`)
	if reply := w.deposits("OUT", "770123456"); reply["status"] != "PENDING" {
		t.Errorf("the answer says %v", reply)
	}
	w.makesCode("IN", "+221770123456")
	w.becomes("IN", "PENDING")
	w.clock.Advance(2*time.Hour - time.Second)
	w.becomes("OUT", "PENDING")
	w.clock.Advance(time.Second)
	w.becomes("OUT", "SUCCESS")
	w.becomes("IN", "SUCCESS")
}

func TestRevokedTokensAndShortOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"refuse_tokens": true}`)
	if status, reply := w.get(transactions); status != http.StatusUnauthorized || reply["code"] != "10" {
		t.Errorf("a revoked token answers %d %v", status, reply)
	}
	w.set(`{"refuse_tokens": false, "token_lifetime_s": 60}`)
	w.logsIn()
	w.clock.Advance(time.Minute)
	if status, _ := w.get(transactions); status != http.StatusUnauthorized {
		t.Errorf("a token of a minute answers %d after it", status)
	}
}

func TestTheBookIsReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book := func() string { return w.fetch(w.request(http.MethodGet, "/book", nil)).body }
	if empty := book(); empty != `{"qr_codes":[],"transactions":[],"paid":[]}` {
		t.Errorf("an empty book says %s", empty)
	}
	link := w.makesCode("IN", "+221770123456").text("qrId")
	w.becomes("IN", "SUCCESS")
	w.deposits("OUT", "770123456")
	shown := book()
	for _, secret := range []string{link, sonatel.PIN + `"`, sonatel.CallbackKey} {
		if strings.Contains(shown, secret) {
			t.Errorf("the book shows the secret %s", secret)
		}
	}
	var read struct{ Paid []fields }
	if err := json.Unmarshal([]byte(shown), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Paid) != 2 || read.Paid[0]["direction"] != "in" || read.Paid[1]["direction"] != "out" ||
		read.Paid[1]["order_id"] != "OUT" || read.Paid[1]["msisdn"] != "+221770123456" || read.Paid[1]["amount"] != 50000.0 {
		t.Errorf("the book says %s", shown)
	}
}

func TestASimulatorNeedsAnAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "sandbox", "/sonatel", "ftp://host", "http://", "http://" + strings.Repeat("a", 54)} {
		if sim, err := sonatel.New(sonatel.Options{PublicURL: address}); err == nil {
			closeNow(t, sim)
			t.Errorf("%q is accepted", address)
		}
	}
}
