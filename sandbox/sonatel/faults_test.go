package sonatel_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/sonatel"
)

// TestForce forces the behaviour of a number on everybody.
func TestForce(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"force": "222222"}`)
		w.makeDeposit("OUT", "770123456")
		w.createCode("CODE", "+221770123456")
		for path, reference := range map[string]string{oneStep: "ONE", payments: "TWO"} {
			w.expectAccepted(w.call(http.MethodPost, path, w.paymentBody(reference, "770123456")), path)
		}
		w.SetSwitches(`{"force": ""}`) // an open payment continues as it began
		w.Clock.Advance(time.Minute)
		for reference, end := range map[string]string{
			"OUT": "FAILED", "CODE": "FAILED", "ONE": "FAILED", "TWO": "CANCELLED",
		} {
			w.awaitStatus(reference, end)
		}
		require.Empty(t, w.Sim.Book())
		require.Equal(t, 4, w.Sim.Asked())
	})
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"force": "555555"}`)
		for path, body := range map[string]any{
			cashins: w.depositBody("OUT", "770123456"), bulkCashins: []fields{w.depositBody("B1", "770123456")},
			oneStep: w.paymentBody("ONE", "770123456"), payments: w.paymentBody("TWO", "770123456"), qrcode: w.codeBody("CODE"),
			otpPath: w.customer("770123456", sonatel.CustomerPIN),
		} {
			w.expectRefused(w.call(http.MethodPost, path, body), http.StatusServiceUnavailable, "5", path)
		}
	})
	t.Run("ceiling", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"force": "111111"}`)
		deposit := w.depositBody("OUT", "770123456")
		w.expectRefused(w.call(http.MethodPost, cashins, deposit), http.StatusBadRequest, "2025", cashins)
		bulk := []fields{w.depositBody("B1", "770123456")}
		w.expectAccepted(w.call(http.MethodPost, bulkCashins, bulk), bulkCashins)
		w.awaitStatus("B1", "REJECTED")
	})
	t.Run("person_on_the_page", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "").Text("deepLink")
		w.SetSwitches(`{"force": "999999"}`)
		w.payOnPage(link, "770543210")
		w.awaitStatus("R1", "SUCCESS")
		w.expectBooked(engine.In, 25000)
	})
}

// TestDelayedCallback delays even the callback that otherwise arrives before the response.
func TestDelayedCallback(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*world){
		"deposit": func(w *world) { w.makeDeposit("R1", "770888888") },
		"qr_code": func(w *world) { w.createCode("R1", "+221770888888") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registerCallback()
			w.SetSwitches(`{"notification_delay_ms": 30000}`)
			begin(w)
			w.awaitStatus("R1", "SUCCESS")
			require.Empty(t, w.Inbox.All())
			w.Clock.Advance(30 * time.Second)
			w.ExpectNotices(3)
		})
	}
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"keys_changed": true}`)
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	}
	status, reply := w.grant("/oauth/v1/token", form)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "unauthorized_client", reply["error"])
	w.SetSwitches(`{"keys_changed": false}`)
	status, reply = w.grant("/oauth/v1/token", form)
	require.Equal(t, http.StatusOK, status, reply)
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	t.Run("after_an_hour", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.registerCallback()
		w.SetSwitches(`{"correct_after_ms": 3600000}`)
		w.makeDeposit("OUT", "770222222")
		w.createCode("CODE", "+221770222222")
		w.Clock.Advance(2 * time.Second)
		w.awaitStatus("OUT", "FAILED")
		w.awaitStatus("CODE", "FAILED")
		w.Clock.Advance(time.Hour)
		w.awaitStatus("OUT", "SUCCESS")
		w.awaitStatus("CODE", "SUCCESS")
		require.Len(t, w.Sim.Book(), 2)
		require.Equal(t, int64(1_000_000_000-50_000), *w.Sim.Switches().Balance)
		statuses := map[string]int{}
		for _, n := range w.ExpectNotices(4) {
			statuses[n.Fields.Text("status")]++
		}
		require.Equal(t, map[string]int{"FAILED": 2, "SUCCESS": 2}, statuses)
	})
	t.Run("two_steps_not_confirmed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"correct_after_ms": 3600000}`)
		w.expectAccepted(w.call(http.MethodPost, payments, w.paymentBody("R1", "770333333")), payments)
		w.Clock.Advance(24 * time.Hour)
		w.awaitStatus("R1", "CANCELLED")
		w.Clock.Advance(time.Hour)
		w.awaitStatus("R1", "SUCCESS")
	})
	// There is no float for the deposit, and another try paid the code.
	t.Run("not_possible", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"correct_after_ms": 3600000}`)
		w.makeDeposit("OUT", "770222222")
		link := w.createCode("R1", "").Text("deepLink")
		w.payOnPage(link, "770222222")
		w.awaitStatus("R1", "FAILED")
		w.payOnPage(link, "770543210")
		w.Clock.Advance(2 * time.Second)
		w.SetSwitches(`{"balance": 49999}`)
		w.Clock.Advance(2 * time.Hour)
		w.awaitStatus("OUT", "FAILED")
		w.expectBooked(engine.In, 50000)
		require.Equal(t, int64(49999), *w.Sim.Switches().Balance)
	})
}

func TestUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registerCallback()
	w.SetSwitches(`{"unknown_words": true}`)
	id := w.makeDeposit("OUT", "770123456").Text("transactionId")
	w.awaitStatus("OUT", engine.UnknownWord)
	require.Equal(t, fields{"status": engine.UnknownWord}, w.statusOf(id))
	require.Equal(t, "SUCCESS", w.ExpectNotices(1)[0].Fields["status"])
}

// TestMangledAnswers makes a deposit with half a response, and a code whose response is
// unreadable. The deposit is executed, and nobody pays the code.
func TestMangledAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deposit := w.depositBody("R1", "770123456")
	w.SetSwitches(`{"answers": "half"}`)
	resp, err := w.Client.Do(w.call(http.MethodPost, cashins, deposit))
	require.NoError(t, err)
	resp.Body.Close()
	w.SetSwitches(`{"answers": "page"}`)
	got := w.Fetch(w.codeCall("CODE", "+221770123456"))
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, "Wi-Fi")
	w.SetSwitches(`{"answers": ""}`)
	w.Clock.Advance(time.Minute)
	w.awaitStatus("R1", "SUCCESS")
	w.awaitStatus("CODE", "")
	w.expectBooked(engine.Out, 50000)
}
