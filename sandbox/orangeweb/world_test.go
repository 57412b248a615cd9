package orangeweb_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// fields is a JSON object of a request or response.
type fields = enginetest.Fields

// world is the simulator and a merchant with a token.
type world struct {
	*enginetest.World[*orangeweb.Simulator]

	bearer string
}

// newWorld starts a simulator. change may modify its options first.
func newWorld(t *testing.T, change ...func(*orangeweb.Options)) *world {
	t.Helper()
	w := &world{World: enginetest.NewWorld[*orangeweb.Simulator](t)}
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*orangeweb.Options)) {
	w.T.Helper()
	enginetest.Run(w.World, orangeweb.New, orangeweb.Options{Options: w.Options()}, change)
	w.bearer = w.token()
}

// token requests an access token with the sandbox's own credentials.
func (w *world) token() string {
	w.T.Helper()
	_, reply := w.grant("/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials")
	return text(w.T, reply, "access_token")
}

// grant makes one token call.
func (w *world) grant(path, id, secret, grantType string) (int, fields) {
	w.T.Helper()
	req := w.Form(path, "grant_type", grantType)
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	return w.FetchObject(req)
}

// payment returns a body of webpayment that Orange accepts.
func (w *world) payment(orderID string) fields {
	return fields{
		"merchant_key": orangeweb.MerchantKey, "currency": "OUV", "order_id": orderID, "amount": 50000,
		"return_url": w.Inbox.URL + "/return", "cancel_url": w.Inbox.URL + "/cancel",
		"notif_url": w.Inbox.NotifyURL(), "lang": "fr", "reference": "Boutique Awa",
	}
}

// session holds the fields of a webpayment response and of its order that a merchant keeps.
type session struct {
	orderID              string
	amount               any
	payToken, notifToken string
	pageURL              string
}

// open opens a session for a customer and fails the test if Orange refuses.
func (w *world) open(orderID, msisdn string) session {
	w.T.Helper()
	status, reply := w.webpayment(msisdn, w.payment(orderID))
	require.Equal(w.T, http.StatusCreated, status, reply)
	return session{
		orderID: orderID, amount: 50000,
		payToken: text(w.T, reply, "pay_token"), notifToken: text(w.T, reply, "notif_token"),
		pageURL: text(w.T, reply, "payment_url"),
	}
}

// webpayment makes one webpayment call on dev.
func (w *world) webpayment(msisdn string, body any) (int, fields) {
	w.T.Helper()
	return w.call("/orange-money-webpay/dev/v1/webpayment", msisdn, body)
}

// status makes one transactionstatus call on dev.
func (w *world) status(s session) fields {
	w.T.Helper()
	code, reply := w.call("/orange-money-webpay/dev/v1/transactionstatus", "",
		fields{"order_id": s.orderID, "amount": s.amount, "pay_token": s.payToken})
	require.Equal(w.T, http.StatusCreated, code)
	return reply
}

// awaitStatus waits until transactionstatus returns want.
func (w *world) awaitStatus(s session, want orangeweb.Status) {
	w.T.Helper()
	got := ""
	require.True(w.T, enginetest.Eventually(func() bool {
		got = text(w.T, w.status(s), "status")
		return got == string(want)
	}), "%s is %s, want %s", s.orderID, got, want)
}

// call makes one call with the world's token.
func (w *world) call(path, msisdn string, body any) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.bearerRequest(path, msisdn, body))
}

func (w *world) bearerRequest(path, msisdn string, body any) *http.Request {
	w.T.Helper()
	req := w.Request(http.MethodPost, path, body)
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	if msisdn != "" {
		req.Header.Set(orangeweb.MSISDNHeader, msisdn)
	}
	return req
}

// text returns a field of a response that must be text.
func text(t *testing.T, reply fields, field string) string {
	t.Helper()
	value, isText := reply[field].(string)
	require.True(t, isText, "%s is no text in %v", field, reply)
	return value
}
