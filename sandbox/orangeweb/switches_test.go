package orangeweb_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

func TestSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.EqualValues(t, 5, w.SetSwitches(`{"latency_ms": 5}`)["latency_ms"])
	w.SetSwitches(`{"latency_ms": 0, "refuse_tokens": true}`)
	_, now := w.FetchObject(w.Request(http.MethodGet, "/switches", nil))
	now.Expect(t, "the switches", fields{"refuse_tokens": true, "notification_copies": 1, "down": false})
	w.ExpectReplies(nil, [][2]string{
		{`POST /switches {"latency": 5}`, `400 {"error":"`},
		{`POST /switches {"latency_ms": 3600000}`, `400 {"error":"`},
		{`POST /switches {"notification_copies": 0}`, `400 {"error":"`},
		{`POST /switches {"drop_answers": -1}`, `400 {"error":"`},
		{`POST /switches down`, `400 {"error":"`},
		{`POST /switches {} {}`, `400 {"error":"`},
		{`DELETE /switches`, `405`},
	})
	after := w.Sim.Faults.Read()
	require.True(t, after.RefuseTokens)
	require.Equal(t, 0, after.LatencyMS)
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "+22376444444")
	w.SetSwitches(`{"down": true}`)
	for _, path := range []string{
		"/oauth/v3/token", "/orange-money-webpay/dev/v1/webpayment", "/orange-money-webpay/dev/v1/transactionstatus",
	} {
		status, reply := w.call(path, "", w.payment("ORDER-2"))
		require.Equal(t, http.StatusServiceUnavailable, status, "%v %v", path, reply)
		require.EqualValues(t, 5.0, reply["code"], path)
	}
	page := w.Visit(s.pageURL)
	require.Equal(t, http.StatusServiceUnavailable, page.Status)
	require.Contains(t, page.Body, "Service indisponible")
	w.SetSwitches(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.awaitStatus(s, orangeweb.Success)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"latency_ms": 30000}`)
	req := w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "", w.payment("ORDER-1"))
	require.Equal(t, http.StatusCreated, w.ExpectReplyAfter(req, 30*time.Second).Status)
}

// TestDroppedResponses executes two calls without a response. Nobody saw those pages, so even
// a number that pays at once pays nothing on them.
func TestDroppedResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"drop_answers": 2}`)
	for _, order := range []string{"ORDER-1", "ORDER-2"} {
		w.expectLostWebpayment("+22376123456", order)
	}
	s := w.open("ORDER-3", "+22376123456")
	w.awaitStatus(s, orangeweb.Success)
	kept, book := w.Sim.Sessions(), w.Sim.Book()
	require.Len(t, kept, 3)
	require.Len(t, book, 1)
	require.Equal(t, "ORDER-3", book[0].OrderID)
	require.Equal(t, 0, w.Sim.Faults.Read().DropResponses)
}

func TestNotificationSwitches(t *testing.T) {
	t.Parallel()
	for name, row := range enginetest.NotificationSwitches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(row.Switches)
			s := w.open("ORDER-1", "+22376"+row.Digits)
			w.awaitStatus(s, orangeweb.Success)
			w.expectNotifications(s, orangeweb.Success, row.Want)
		})
	}
}

func TestSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"settle_ms": 4000}`)
	s := w.open("ORDER-1", "+22376543210")
	w.Clock.Advance(10 * time.Second)
	w.awaitStatus(s, orangeweb.Pending)
	require.Empty(t, w.Sim.Book())
	w.Clock.Advance(4 * time.Second)
	w.awaitStatus(s, orangeweb.Success)
	w.expectNotifications(s, orangeweb.Success, 1)
}

func TestTokenSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"token_lifetime_s": 60}`)
	_, grant := w.grant("/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials")
	require.EqualValues(t, 60.0, grant["expires_in"])
	w.bearer = text(t, grant, "access_token")
	w.open("ORDER-1", "")
	w.Clock.Advance(time.Minute)
	status, _ := w.webpayment("", w.payment("ORDER-2"))
	require.Equal(t, http.StatusUnauthorized, status)
	w.bearer = w.token()
	w.SetSwitches(`{"refuse_tokens": true}`)
	status, reply := w.webpayment("", w.payment("ORDER-3"))
	require.Equal(t, http.StatusUnauthorized, status, reply)
	require.EqualValues(t, 41.0, reply["code"])
}

// TestNotificationWithoutRetry lets the merchant's server fail: Orange never tries
// again.
func TestNotificationWithoutRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Inbox.Status.Store(http.StatusInternalServerError)
	s := w.open("ORDER-1", "+22376123456")
	w.awaitStatus(s, orangeweb.Success)
	w.Clock.Advance(24 * time.Hour)
	w.expectNotifications(s, orangeweb.Success, 1)
}

func TestBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty := w.Visit(w.URL + "/book")
	require.Contains(t, empty.Body, `"sessions":[]`)
	require.Contains(t, empty.Body, `"paid":[]`)
	s := w.open("ORDER-1", "+22376123456")
	w.awaitStatus(s, orangeweb.Success)
	shown := w.Visit(w.URL + "/book")
	for _, secret := range []string{s.payToken, s.notifToken, orangeweb.MerchantKey} {
		require.NotContains(t, shown.Body, secret)
	}
	var book struct {
		Sessions []orangeweb.Session
		Paid     []fields
	}
	require.NoError(t, json.Unmarshal([]byte(shown.Body), &book))
	require.Len(t, book.Sessions, 1)
	require.Len(t, book.Paid, 1)
	require.EqualValues(t, "+22376123456", book.Paid[0]["msisdn"])
}
