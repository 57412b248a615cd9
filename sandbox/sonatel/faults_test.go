package sonatel_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/sonatel"
)

// TestForceMakesEverybodyTheSame forces a behaviour on numbers that pay and are paid at
// once.
func TestForceMakesEverybodyTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"force": "222222"}`)
	w.deposits("OUT", "770123456")
	w.makesCode("CODE", "+221770123456")
	for path, reference := range map[string]string{oneStep: "ONE", payments: "TWO"} {
		if status, reply := w.post(path, w.payment(reference, "770123456")); status != http.StatusOK {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	w.Set(`{"force": ""}`) // an open payment continues as it began
	w.Clock.Advance(time.Minute)
	for reference, end := range map[string]string{"OUT": "FAILED", "CODE": "FAILED", "ONE": "FAILED", "TWO": "CANCELLED"} {
		w.becomes(reference, end)
	}
	if book := w.Sim.Book(); len(book) != 0 {
		t.Errorf("the book says %v", book)
	}
	if asked := w.Sim.Asked(); asked != 4 {
		t.Errorf("%d were asked for, want 4", asked)
	}
}

func TestForcedDownAndForcedCeiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := []fields{w.deposit("B1", "770123456")}
	w.Set(`{"force": "555555"}`)
	for path, body := range map[string]any{
		cashins: w.deposit("OUT", "770123456"), bulkCashins: bulk, oneStep: w.payment("ONE", "770123456"),
		payments: w.payment("TWO", "770123456"), qrcode: w.code("CODE"),
		"/api/eWallet/v1/payments/otp": fields{
			"idType": "MSISDN", "id": "770123456", "encryptedPinCode": w.encrypted(sonatel.CustomerPIN),
		},
	} {
		if status, reply := w.post(path, body); status != http.StatusServiceUnavailable {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	w.Set(`{"force": "111111"}`)
	if status, reply := w.post(cashins, w.deposit("OUT", "770123456")); status == http.StatusOK {
		t.Errorf("at the ceiling, a deposit answers %d %v", status, reply)
	}
	if status, _ := w.post(bulkCashins, bulk); status != http.StatusOK {
		t.Errorf("at the ceiling, a bulk answers %d", status)
	}
	w.becomes("B1", "REJECTED")
}

// TestForceMovesAPersonToo forces another amount on a person who pays on the page.
func TestForceMovesAPersonToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "").Text("deepLink")
	w.Set(`{"force": "999999"}`)
	w.pays(link, "770543210")
	w.becomes("R1", "SUCCESS")
	w.showsBooked(engine.In, 25000)
}

// TestCallbacksAreHeldBack delays even the callback that otherwise arrives before the
// response.
func TestCallbacksAreHeldBack(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*world){
		"a deposit": func(w *world) { w.deposits("R1", "770888888") },
		"a code":    func(w *world) { w.makesCode("R1", "+221770888888") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registers()
			w.Set(`{"notification_delay_ms": 30000}`)
			begin(w)
			w.becomes("R1", "SUCCESS")
			if early := w.Inbox.All(); len(early) != 0 {
				t.Errorf("%d came early", len(early))
			}
			w.Clock.Advance(30 * time.Second)
			w.Notices(3)
		})
	}
}

func TestChangedKeysAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"keys_changed": true}`)
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	}
	if status, reply := w.grant("/oauth/v1/token", form); status != http.StatusUnauthorized ||
		reply["error"] != "unauthorized_client" {
		t.Errorf("the token call answers %d %v", status, reply)
	}
	w.Set(`{"keys_changed": false}`)
	if status, _ := w.grant("/oauth/v1/token", form); status != http.StatusOK {
		t.Errorf("the old key answers %d", status)
	}
}

// TestFailuresTurnOutSuccesses corrects a deposit and a code after an hour.
func TestFailuresTurnOutSuccesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registers()
	w.Set(`{"correct_after_ms": 3600000}`)
	w.deposits("OUT", "770222222")
	w.makesCode("CODE", "+221770222222")
	w.Clock.Advance(2 * time.Second)
	w.becomes("OUT", "FAILED")
	w.becomes("CODE", "FAILED")
	w.Clock.Advance(time.Hour)
	w.becomes("OUT", "SUCCESS")
	w.becomes("CODE", "SUCCESS")
	if book := w.Sim.Book(); len(book) != 2 {
		t.Errorf("the book says %v", book)
	}
	if left := *w.Sim.Switches().Balance; left != 1_000_000_000-50_000 {
		t.Errorf("%d are left of the float", left)
	}
	told := map[string]int{}
	for _, n := range w.Notices(4) {
		told[n.Said.Text("status")]++
	}
	if told["FAILED"] != 2 || told["SUCCESS"] != 2 {
		t.Errorf("told %v", told)
	}
}

// TestCorrectionsThatCannotBe leaves no float for a deposit. It also pays a code by another
// try before the correction of the first.
func TestCorrectionsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"correct_after_ms": 3600000}`)
	w.deposits("OUT", "770222222")
	link := w.makesCode("R1", "").Text("deepLink")
	w.pays(link, "770222222")
	w.becomes("R1", "FAILED")
	w.pays(link, "770543210")
	w.Clock.Advance(2 * time.Second)
	w.Set(`{"balance": 49999}`)
	w.Clock.Advance(2 * time.Hour)
	w.becomes("OUT", "FAILED")
	w.showsBooked(engine.In, 50000)
	if left := *w.Sim.Switches().Balance; left != 49999 {
		t.Errorf("%d are left of the float", left)
	}
}

func TestStatusesInUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registers()
	w.Set(`{"unknown_words": true}`)
	id := w.deposits("OUT", "770123456").Text("transactionId")
	if found := w.search("reference=OUT"); len(found) != 1 || found[0]["status"] != engine.UnknownWord {
		t.Errorf("the search says %v", found)
	}
	if _, reply := w.get(transactions + "/" + id + "/status"); reply["status"] != engine.UnknownWord {
		t.Errorf("the status says %v", reply)
	}
	if told := w.Notices(1); told[0].Said["status"] != "SUCCESS" {
		t.Errorf("the callback says %v", told[0].Said)
	}
}

// TestMangledAnswersAreExecuted makes a deposit with half a response, and a code whose
// response is unreadable: nobody pays that code.
func TestMangledAnswersAreExecuted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deposit := w.deposit("R1", "770123456")
	w.Set(`{"answers": "half"}`)
	resp, err := w.Client.Do(w.call(http.MethodPost, cashins, deposit))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	w.Set(`{"answers": "page"}`)
	if got := w.Fetch(w.codeCall("CODE", "+221770123456")); got.Status != http.StatusOK ||
		!strings.Contains(got.Body, "Wi-Fi") {
		t.Errorf("the code is answered %d %s", got.Status, got.Body)
	}
	w.Set(`{"answers": ""}`)
	w.Clock.Advance(time.Minute)
	w.becomes("R1", "SUCCESS")
	w.becomes("CODE", "")
	w.showsBooked(engine.Out, 50000)
}

// TestSonatelIsMended sets and heals common faults and Sonatel's own.
func TestSonatelIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"down": true, "bare_arrays": false, "wrong_pins": 3, "balance": 0}`)
	settings := w.Sim.Settings()
	if broken, err := settings.Broken(); err != nil ||
		strings.Join(broken, " ") != "bare_arrays=false down=true wrong_pins=3" {
		t.Errorf("broken: %v %v", broken, err)
	}
	if err := settings.Heal(); err != nil {
		t.Fatal(err)
	}
	now := w.Sim.Switches()
	if now.Down || !now.BareArrays || *now.WrongPINs != 0 || *now.Balance != 1_000_000_000 {
		t.Errorf("mended: %+v", now)
	}
	values, err := settings.Values()
	if err != nil {
		t.Fatal(err)
	}
	for name := range settings.Own {
		if _, known := values[name]; !known {
			t.Errorf("%s is explained, and there is no such setting", name)
		}
	}
	common, err := engine.NewFaults(w.Clock).Settings().Values()
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		if _, everybody := common[name]; !everybody && settings.Own[name] == "" {
			t.Errorf("%s is not explained", name)
		}
	}
}
