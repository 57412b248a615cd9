package digitalpaye_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

func TestSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.SetSwitches(`{"latency_ms": 0}`)
	quirks, isObject := now["quirks"].(map[string]any)
	require.True(t, isObject, now)
	require.Len(t, quirks, 3)
	require.EqualValues(t, 1e9, now["float"])
	for _, name := range []string{"gateway_timeout", "status_by_ref_only", "numbers_without_plus"} {
		on, known := quirks[name]
		require.True(t, known, name)
		require.EqualValues(t, false, on, name)
	}
	status, _ := w.FetchObject(
		w.Request(http.MethodPost, "/switches", `{"quirks": {"made_up": true}}`),
	)
	require.Equal(t, http.StatusBadRequest, status)
}

// TestDown checks that every call of the API and the page answer 503, each
// in its own form. Nothing may be executed.
func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"down": true}`)
	for _, req := range []*http.Request{
		w.opening("v2", "in", "R1", "0700123456"), w.opening("v1", "out", "R2", "0700123456"),
		w.call(http.MethodGet, "/v2/get-status-payment/R1", nil), w.call(http.MethodGet, "/v1/transactions", nil),
		w.call(http.MethodGet, "/v1/balance", nil), w.call(http.MethodGet, "/v1/customers", nil),
		w.auth(digitalpaye.APIKey, digitalpaye.APISecret), w.Request(http.MethodGet, "/nowhere", nil),
	} {
		status, reply := w.FetchObject(req)
		code := "statusCode"
		if strings.HasPrefix(req.URL.Path, "/v2/") {
			code = "code_status"
		}
		require.Equal(t, http.StatusServiceUnavailable, status, reply)
		require.EqualValues(t, 503.0, reply[code])
	}
	require.Equal(t, http.StatusServiceUnavailable, w.Fetch(w.Request(http.MethodGet, "/wave/x", nil)).Status)
	require.Equal(t, 0, w.Sim.Asked())
}

func TestLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"latency_ms": 2000}`)
	require.Equal(t, http.StatusOK, w.ExpectReplyAfter(w.call(http.MethodGet, "/v2/balance", nil), 2*time.Second).Status)
}

// TestDroppedResponses executes orders without a response, and counts down.
func TestDroppedResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"drop_answers": 2}`)
	w.ExpectNoReply(w.opening("v2", "out", "R1", "0700123456"))
	w.ExpectNoReply(w.call(http.MethodGet, "/v2/get-status-payment/R1", nil))
	w.stands("v2", "R1", "SUCCESSFUL")
	w.books(1500)
	w.ExpectNotices(1)
}

func TestMangledResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"answers": "page"}`)
	got := w.Fetch(w.opening("v2", "in", "page", "0700123456"))
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, "<html>")
	w.SetSwitches(`{"answers": ""}`)
	w.stands("v2", "page", "SUCCESSFUL")
}

func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "R1", "0700123456")
	w.SetSwitches(`{"refuse_tokens": true}`)
	for _, path := range []string{"/v2/get-status-payment/R1", "/v2/get-all-transactions", "/v2/balance"} {
		status, reply := w.get(path)
		require.Equal(t, http.StatusUnauthorized, status, "%v %v", path, reply)
		require.Equal(t, "TOKEN_EXPIRED", reply.Text("message"), path)
	}
	status, _ := w.FetchObject(w.opening("v1", "in", "R2", "0700123456"))
	require.Equal(t, http.StatusUnauthorized, status)
	w.books(1500)
}

// TestChangedKeys checks that changed keys get no token, and that earlier tokens
// stay valid.
func TestChangedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"keys_changed": true}`)
	status, reply := w.FetchObject(w.auth(digitalpaye.APIKey, digitalpaye.APISecret))
	require.Equal(t, http.StatusUnauthorized, status, reply)
	require.Equal(t, "UnauthorizedError", reply.Text("message"))
	w.opens("v2", "in", "R1", "0700123456")
}

func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"token_lifetime_s": 5}`)
	w.logsIn()
	w.Clock.Advance(5 * time.Second)
	status, _ := w.get("/v2/balance")
	require.Equal(t, http.StatusUnauthorized, status)
}

// TestUnknownWords checks that the words of status and list change, but not the result of
// the order.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.SetSwitches(`{"unknown_words": true}`)
		opened := w.opens(shape, "in", "R1", "0700123456")
		require.Equal(t, "SUCCESSFUL", opened.Text("status"))
		w.stands(shape, "R1", engine.UnknownWord)
		_, reply := w.get(dialects[shape].list)
		require.Equal(t, engine.UnknownWord, reply.List("data")[0].Text("status"))
		require.Equal(t, "SUCCESSFUL", w.ExpectNotices(1)[0].Fields.Text("status"))
	})
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"correct_after_ms": 60000, "settle_ms": 0}`)
	w.opens("v2", "out", "R1", "0700222222")
	w.Clock.Advance(2 * time.Second)
	w.stands("v2", "R1", "FAILED")
	enginetest.Eventually(func() bool { return len(w.Inbox.All()) == 1 })
	w.Clock.Advance(time.Minute)
	w.stands("v2", "R1", "SUCCESSFUL")
	w.books(1500)
	w.ExpectNotices(2)
}

func TestSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"settle_ms": 5000}`)
	opened := w.opens("v2", "in", "R1", "0700123456")
	require.Equal(t, "PENDING", opened.Text("status"))
	w.Clock.Advance(5 * time.Second)
	w.stands("v2", "R1", "SUCCESSFUL")
}

// TestGatewayTimeout checks that an order answers 504 with FAILED and still takes its
// course. A call that opens no order answers as usual.
func TestGatewayTimeout(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.SetSwitches(`{"quirks": {"gateway_timeout": true}}`)
		for id, number := range map[string]string{"PAID": "0700123456", "WAITS": "0701020304"} {
			status, reply := w.FetchObject(w.opening(shape, "out", id, number))
			require.Equal(t, http.StatusGatewayTimeout, status, "%v %v", id, reply)
			require.Equal(t, "PAYMENT_FAILED_TRY_AGAINST", reply.Text("message"), id)
			require.Equal(t, "FAILED", reply.Object("data").Text("status"), id)
			require.Equal(t, id, reply.Object("data").Text(dialects[shape].id))
			require.NotEmpty(t, reply.Object("data").Text("ref"), id)
		}
		status, reply := w.FetchObject(w.opening(shape, "out", "PAID", "0700123456"))
		require.Equal(t, usedTwice[shape], status, reply)
		status, _ = w.FetchObject(w.opening(shape, "out", "POOR", "0700111111"))
		require.Equal(t, http.StatusBadRequest, status)
		w.stands(shape, "PAID", "SUCCESSFUL")
		w.stands(shape, "WAITS", "PENDING")
		w.books(1500)
		w.Clock.Advance(10 * time.Second)
		w.stands(shape, "WAITS", "SUCCESSFUL")
		w.books(1500, 1500)
		for _, n := range w.ExpectNotices(2) {
			require.Equal(t, "SUCCESSFUL", n.Fields.Text("status"))
		}
	})
}

// TestStatusByOwnReference checks that only the list finds an order by our id.
func TestStatusByOwnReference(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.SetSwitches(`{"quirks": {"status_by_ref_only": true}}`)
		opened := w.opens(shape, "in", "R1", "0700123456")
		status, reply := w.get(dialects[shape].status + "R1")
		require.Equal(t, http.StatusNotFound, status, reply)
		require.Equal(t, "NotFoundError", reply.Text("message"))
		w.stands(shape, opened.Text("ref"), "SUCCESSFUL")
		require.Equal(t, "R1", w.ids(shape, ""))
	})
}

func TestNumberWithoutPlus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"quirks": {"numbers_without_plus": true}}`)
	opened := w.opens("sdk", "in", "R1", "0700123456")
	require.Equal(t, "2250700123456", opened.Text("number_user"))
	require.Equal(t, "0700123456", w.reads("v1", "R1").Text("phone"))
	require.Equal(t, "2250700123456", w.ExpectNotices(1)[0].Fields.Text("number_user"))
}

func TestMaxOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	w.opens("v2", "in", "R1", "0700123456")
	for _, number := range []string{"0700123456", "0701020304"} {
		status, reply := w.FetchObject(w.opening("v2", "in", "R2", number))
		require.Equal(t, http.StatusServiceUnavailable, status, reply)
	}
	another := fields{
		"firstName": "Awa", "lastName": "KOUASSI", "phoneNumber": "0709080706", "address": fields{"countryCode": "CI"},
	}
	status, reply := w.post("/v1/customers/create", another)
	require.Equal(t, http.StatusServiceUnavailable, status, reply)
	w.books(1500)
}

func TestBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v1", "in", "R1", "0700123456")
	status, book := w.FetchObject(w.Request(http.MethodGet, "/book", nil))
	paid, isList := book["paid"].([]any)
	require.Equal(t, http.StatusOK, status)
	require.True(t, isList, book)
	require.Len(t, paid, 1)
}

// TestCloseReleasesHangingCall closes the simulator during a call whose response
// is lost.
func TestCloseReleasesHangingCall(t *testing.T) {
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
	err := <-ended
	require.Error(t, err)
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	enginetest.ExpectInvalidURLsRefused(t, func(address string) (*digitalpaye.Simulator, error) {
		return digitalpaye.New(engine.Config{Options: engine.Options{PublicURL: address}})
	})
}
