package novasend_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/novasend"
)

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply := w.makes(sessions, current("R1", number("444444")))
	w.SetSwitches(`{"down": true}`)
	for _, path := range []string{sessions, directPayin, payout, directPayout, "/v1/payin/R1/refund"} {
		w.refused(path, w.write(path, fields{}), 503, "service_unavailable")
	}
	for _, path := range []string{
		"/v1/payin/R1", "/v1/payout/R1", "/v1/direct/payout/R1", "/v1/payin/R1/refund", "/v1/balance",
	} {
		w.refused(path, w.signed(w.Request(http.MethodGet, path, nil)), 503, "service_unavailable")
	}
	page := w.Visit(reply.At("paymentUrl"))
	require.Equal(t, http.StatusServiceUnavailable, page.Status)
	require.Contains(t, page.Body, "Service indisponible")
	w.SetSwitches(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.books(map[string]int64{"R1": 300})
}

func TestLatencyAndSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makes(sessions, current("R1", number("333333")))
	w.SetSwitches(`{"latency_ms": 5000}`)
	for _, path := range []string{"/v1/balance", "/v1/payin/R1"} {
		w.ExpectNoReply(w.signed(w.Request(http.MethodGet, path, nil)))
	}
	got := w.ExpectReplyAfter(
		w.write(sessions, current("R2", number("333333"))), 5*time.Second,
	)
	require.Equal(t, http.StatusCreated, got.Status)
}

func TestDroppedResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"drop_answers": 2}`)
	w.ExpectNoReply(w.writeUnder(someKey, payout, current("R1", number("123456"))))
	w.ExpectNoReply(w.signed(w.Request(http.MethodGet, "/v1/payout/R1", nil)))
	w.shows("/v1/payout/R1", fields{"status": "processed"})
	w.books(map[string]int64{"R1": 300})
}

func TestMangledResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"answers": "page"}`)
	require.Contains(t, w.Fetch(w.write(payout, current("R1", number("123456")))).Body, "<html>")
	w.books(map[string]int64{"R1": 300})
}

func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for switches, want := range map[string]struct {
		status int
		code   string
	}{
		`{"keys_changed": true, "refuse_tokens": false}`: {403, "api_token_invalid"},
		`{"keys_changed": false, "refuse_tokens": true}`: {401, "unauthorized"},
	} {
		w.SetSwitches(switches)
		w.refused(switches, w.write(sessions, current("R1", number("123456"))), want.status, want.code)
		w.refused(switches, w.signed(w.Request(http.MethodGet, "/v1/balance", nil)), want.status, want.code)
	}
	w.SetSwitches(`{"keys_changed": false, "refuse_tokens": false, "token_lifetime_s": 1}`) // no token here expires
	w.Clock.Advance(time.Hour)
	w.makes(sessions, current("R1", number("123456")))
}

func TestUnknownWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"unknown_words": true}`)
	w.makes(sessions, seed("S1", number("123456")))
	w.makes(sessions, current("C1", number("123456")))
	w.makes(directPayin, direct("D1", number("123456"), nil))
	w.makes(directPayout, paysOut("O1", number("444444"), nil))
	reply := w.makes(
		"/v1/payin/S1/refund", fields{"reason": "r", "externalReference": "RF1"},
	)
	require.Equal(t, "completed", reply.At("status"))
	w.shows("/v1/payin/S1", fields{"status": engine.UnknownWord, "transaction.status": engine.UnknownWord})
	w.shows("/v1/payin/C1", fields{"status": engine.UnknownWord, "transaction.status": engine.UnknownWord})
	w.shows("/v1/payin/D1", fields{"status": engine.UnknownWord, "transaction": nil})
	w.shows("/v1/direct/payout/O1", fields{"status": engine.UnknownWord})
	w.shows("/v1/payin/S1/refund", fields{"status": engine.UnknownWord, "transaction.status": engine.UnknownWord})
}

func TestForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"force": "222222"}`)
	w.makes(sessions, current("R1", number("123456")))
	w.Clock.Advance(2 * time.Second)
	w.shows("/v1/payin/R1", fields{"status": "failed", "confirmationStatus": "declined"})
	w.SetSwitches(`{"force": "", "settle_ms": 4000}`)
	w.makes(sessions, current("R2", number("123456")))
	w.shows("/v1/payin/R2", fields{"status": "processing"})
	w.Clock.Advance(4 * time.Second)
	w.shows("/v1/payin/R2", fields{"status": "processed"})
}

// TestCorrection turns a failure into a success, as Novasend does within 48 h. Both
// have a webhook.
func TestCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"correct_after_ms": 172800000}`)
	w.makes(sessions, current("R1", number("111111")))
	w.Clock.Advance(2 * time.Second)
	w.shows("/v1/payin/R1", fields{"status": "failed"})
	w.Clock.Advance(48*time.Hour - time.Millisecond)
	w.shows("/v1/payin/R1", fields{"status": "failed"})
	w.Clock.Advance(time.Millisecond)
	w.shows("/v1/payin/R1", paid("300.00"))
	w.books(map[string]int64{"R1": 300})
	statuses := map[string]int{}
	for _, n := range w.ExpectNotices(2) {
		statuses[n.Fields.At("status")]++
	}
	require.Equal(t, 1, statuses["failed"])
	require.Equal(t, 1, statuses["processed"])
}

// TestProcessedWord checks a refusal that only the transaction shows.
func TestProcessedWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"quirks": {"processed_but_failed": true}}`)
	w.makes(sessions, seed("S1", number("222222")))
	w.makes(sessions, current("C1", number("111111")))
	w.makes(directPayin, direct("D1", number("222222"), nil))
	w.makes(payout, current("O1", number("222222")))
	w.makes(directPayin, direct("OK", number("123456"), nil))
	w.Clock.Advance(2 * time.Second)
	for _, path := range []string{"/v1/payin/S1", "/v1/payin/C1", "/v1/payin/D1", "/v1/payout/O1"} {
		w.shows(path, fields{"status": "processed", "transaction.status": "failed"})
	}
	w.shows("/v1/payin/OK", fields{"status": "success", "transaction": nil})
	w.SetSwitches(`{"quirks": {"processed_but_failed": false}}`)
	w.shows("/v1/payin/S1", fields{"status": "failed"})
	w.shows("/v1/payin/D1", fields{"status": "failed", "transaction": nil})
}

func TestUnknownSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, reply := w.FetchObject(w.Request(http.MethodPost, "/switches", `{"quirks": {"current_shape_answers": true}}`))
	require.Equal(t, http.StatusBadRequest, status, reply)
	_, now := w.FetchObject(w.Request(http.MethodGet, "/switches", nil))
	got := now.At("quirks")
	require.Equal(t, "map[escaped_slashes:false processed_but_failed:false signs_reserialised:false]", got)
}

func TestStart(t *testing.T) {
	t.Parallel()
	enginetest.ExpectInvalidURLsRefused(t, func(address string) (*novasend.Simulator, error) {
		return novasend.New(engine.Config{Options: engine.Options{PublicURL: address}})
	})
	_, err := novasend.New(engine.Config{Options: engine.Options{PublicURL: "http://host", JournalPath: t.TempDir()}})
	require.Error(t, err, "a folder in place of a journal")
}

// TestMounted calls the simulator through the sandbox's public address.
func TestMounted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	all, err := sandbox.New(sandbox.Options{PublicURL: base, JournalDir: t.TempDir()})
	require.NoError(t, err)
	server.Config.Handler = all.Handler()
	server.Start()
	t.Cleanup(server.Close)
	defer func() {
		require.NoError(t, all.Close(t.Context()))
	}()
	w := newWorld(t)
	w.URL = base + "/novasend"
	reply := w.makes(sessions, current("R1", number("333333")))
	require.Equal(t, http.StatusOK, w.Visit(reply.At("paymentUrl")).Status)
	require.Contains(t, w.Visit(base+"/").Body, "Novasend")
	require.Equal(t, 1, all.Simulator("novasend").Asked())
}
