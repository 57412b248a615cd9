package sonatel_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

func TestSwitchesAreReadAndSetOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"latency_ms": 5, "two_signatures": true}`)
	now := w.Set(`{"latency_ms": 0}`)
	now.Has(t, "the switches", fields{
		"latency_ms": 0, "two_signatures": true, "bare_arrays": true, "float_amounts": true, "broken_type_filter": true,
		"content_type_required_on_get": true, "empty_registration": true, "balance": 1e9, "wrong_pins": 0,
		"down": false,
	})
	w.Says(nil, [][2]string{
		{`POST /switches {"latency": 5}`, `400 {"error":"`},
		{`POST /switches {"latency_ms": 3600000, "two_signatures": false}`, `400 {"error":"`},
		{`POST /switches {"final_only_after_ms": 86400001}`, `400 {"error":"`},
		{`POST /switches {"balance": -1}`, `400 {"error":"`},
		{`POST /switches {"wrong_pins": 4}`, `400 {"error":"`},
		{`POST /switches {} {}`, `400 {"error":"`},
	})
	after := w.Sim.Switches()
	if !after.TwoSignatures || after.LatencyMS != 0 || *after.Balance != 1_000_000_000 {
		t.Errorf("what was refused changed something: %+v", after)
	}
	after.Down = true
	if err := w.Sim.SetSwitches(after); err != nil || !w.Sim.Switches().Down {
		t.Errorf("set from Go, down is %v: %v", w.Sim.Switches().Down, err)
	}
	after.FinalOnlyAfterMS = -1
	if err := w.Sim.SetSwitches(after); err == nil {
		t.Error("an end before the beginning is accepted")
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply := w.makesCode("R1", "+221770444444")
	w.Set(`{"down": true}`)
	for _, path := range []string{"/oauth/v1/token", cashins, qrcode, balancePath} {
		if status, reply := w.post(path, fields{}); status != http.StatusServiceUnavailable || reply["code"] != "5" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if page := w.Fetch(
		w.Request(http.MethodGet, reply.Text("deepLink"), nil),
	); page.Status != http.StatusServiceUnavailable ||
		!strings.Contains(page.Body, "Service indisponible") {
		t.Errorf("the page answers %d", page.Status)
	}
	w.Set(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.becomes("R1", "SUCCESS")
}

// TestExecutedThenTimedOut finds by search the payments whose response was a 504.
func TestExecutedThenTimedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registers()
	w.Set(`{"executes_then_times_out": true}`)
	for path, body := range map[string]fields{
		cashins: w.deposit("OUT", "770123456"), oneStep: w.payment("IN", "770123456"),
	} {
		if status, reply := w.post(path, body); status != http.StatusGatewayTimeout || reply["code"] != "1" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	if status, _ := w.Object(w.codeCall("CODE", "+221770123456")); status != http.StatusGatewayTimeout {
		t.Errorf("qrcode answers %d", status)
	}
	w.becomes("OUT", "SUCCESS")
	w.becomes("IN", "SUCCESS")
	w.becomes("CODE", "")
	w.Notices(2)
	if len(w.Sim.Book()) != 2 {
		t.Errorf("two were executed, and the book says %v", w.Sim.Book())
	}
}

func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.deposit("R1", "770123456")
	w.Set(`{"drop_answers": 1}`)
	w.GivesUp(w.call(http.MethodPost, cashins, body))
	w.becomes("R1", "SUCCESS")
	w.showsBooked(engine.Out, 50000)
}

// TestNothingEndsBeforeItsTime keeps even immediate payments pending for hours.
func TestNothingEndsBeforeItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"final_only_after_ms": 7200000}`)
	if reply := w.deposits("OUT", "770123456"); reply["status"] != "PENDING" {
		t.Errorf("the answer says %v", reply)
	}
	w.makesCode("IN", "+221770123456")
	w.becomes("IN", "PENDING")
	w.Clock.Advance(2*time.Hour - time.Second)
	w.becomes("OUT", "PENDING")
	w.Clock.Advance(time.Second)
	w.becomes("OUT", "SUCCESS")
	w.becomes("IN", "SUCCESS")
}

func TestRevokedTokensAndShortOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"refuse_tokens": true}`)
	if status, reply := w.get(transactions); status != http.StatusUnauthorized || reply["code"] != "10" {
		t.Errorf("a revoked token answers %d %v", status, reply)
	}
	w.Set(`{"refuse_tokens": false, "token_lifetime_s": 60}`)
	w.logsIn()
	w.Clock.Advance(time.Minute)
	if status, _ := w.get(transactions); status != http.StatusUnauthorized {
		t.Errorf("a token of a minute answers %d after it", status)
	}
}

func TestTheBookIsReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book := func() string { return w.Visit("/book").Body }
	if empty := book(); empty != `{"qr_codes":[],"transactions":[],"paid":[]}` {
		t.Errorf("an empty book says %s", empty)
	}
	link := w.makesCode("IN", "+221770123456").Text("qrId")
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
	enginetest.NeedsAnAddress(t, func(address string) (*sonatel.Simulator, error) {
		return sonatel.New(sonatel.Options{Options: engine.Options{PublicURL: address}})
	}, "http://"+strings.Repeat("a", 54))
}
