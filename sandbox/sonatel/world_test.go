package sonatel_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// The paths of the API that most tests call.
const (
	cashins      = "/api/eWallet/v1/cashins"
	bulkCashins  = "/api/eWallet/v1/bulkcashins"
	qrcode       = "/api/eWallet/v4/qrcode"
	oneStep      = "/api/eWallet/v1/payments/onestep"
	payments     = "/api/eWallet/v1/payments"
	otpPath      = "/api/eWallet/v1/payments/otp"
	transactions = "/api/eWallet/v1/transactions"
	balancePath  = "/api/eWallet/v1/account/retailer/balance"
	accountPath  = "/api/eWallet/v1/account"
	callbackPath = "/api/notification/v1/merchantcallback"
)

// fields is a JSON object of a request or response.
type fields = enginetest.Fields

// world is the simulator and a merchant with a token.
type world struct {
	*enginetest.World[*sonatel.Simulator]

	bearer  string
	granted time.Time // time at which bearer was issued
}

// newWorld starts a simulator. change may modify its options first.
func newWorld(t *testing.T, change ...func(*sonatel.Options)) *world {
	t.Helper()
	w := &world{World: enginetest.NewWorld[*sonatel.Simulator](t)}
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*sonatel.Options)) {
	w.T.Helper()
	enginetest.Run(w.World, sonatel.New, sonatel.Options{Options: w.Options()}, change)
	w.authorize()
}

// authorize requests an access token with the sandbox's own credentials.
func (w *world) authorize() {
	w.T.Helper()
	_, reply := w.grant("/oauth/v1/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	})
	w.bearer, w.granted = reply.Text("access_token"), w.Clock.Now()
}

// grant makes one token call with the credentials in the form.
func (w *world) grant(path string, form url.Values) (int, fields) {
	w.T.Helper()
	req := w.Request(http.MethodPost, path, form.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.FetchObject(req)
}

// encryptPIN returns a PIN encrypted with the served key, as Sonatel's own starter does it.
func (w *world) encryptPIN(pin string) string {
	w.T.Helper()
	_, reply := w.get("/api/account/v1/publicKeys")
	raw, err := base64.StdEncoding.DecodeString(reply.Text("key"))
	require.NoError(w.T, err)
	key, err := x509.ParsePKIXPublicKey(raw)
	require.NoError(w.T, err)
	public, isRSA := key.(*rsa.PublicKey)
	require.True(w.T, isRSA, "the key is no RSA key")
	//nolint:staticcheck // what Sonatel's own starter encrypts with
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, []byte(pin))
	require.NoError(w.T, err)
	return base64.StdEncoding.EncodeToString(sealed)
}

// depositBody returns a body of cashins that Sonatel accepts. change replaces fields of it.
func (w *world) depositBody(reference, customer string, change ...fields) fields {
	w.T.Helper()
	return fields{
		"partner": fields{
			"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encryptPIN(sonatel.PIN),
		},
		"customer": fields{"idType": "MSISDN", "id": customer}, "reference": reference,
		"amount": fields{"value": 50000, "unit": "XOF"}, "receiveNotification": false,
		"metadata": fields{"order": "42"},
	}.Over(change...)
}

// codeBody returns a body of qrcode that Sonatel accepts.
func (w *world) codeBody(reference string, change ...fields) fields {
	return fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "reference": reference, "validity": 300,
		"amount": fields{"value": 50000, "unit": "XOF"}, "metadata": fields{"order": "42"},
		"callbackSuccessUrl": w.Inbox.URL + "/return", "callbackCancelUrl": w.Inbox.URL + "/cancel",
		"restrictions": fields{"isSingleUse": true},
	}.Over(change...)
}

// paymentBody returns a body of onestep and of payments that Sonatel accepts.
func (w *world) paymentBody(reference, customer string, change ...fields) fields {
	return fields{
		"partner":  fields{"idType": "CODE", "id": sonatel.MerchantCode},
		"customer": fields{"idType": "MSISDN", "id": customer, "otp": sonatel.OTP},
		"amount":   fields{"value": 50000, "unit": "XOF"}, "reference": reference, "method": "CLASSIC",
	}.Over(change...)
}

// customer returns a customer with a PIN, encrypted.
func (w *world) customer(id, pin string) fields {
	w.T.Helper()
	return fields{"idType": "MSISDN", "id": id, "encryptedPinCode": w.encryptPIN(pin)}
}

// makeDeposit makes one cashins call, which must be accepted.
func (w *world) makeDeposit(reference, customer string) fields {
	w.T.Helper()
	return w.expectAccepted(w.call(http.MethodPost, cashins, w.depositBody(reference, customer)), cashins)
}

// createCode makes one qrcode call for a customer, which must be accepted.
func (w *world) createCode(reference, msisdn string, change ...fields) fields {
	w.T.Helper()
	return w.expectAccepted(w.codeCall(reference, msisdn, change...), qrcode)
}

// expectAccepted makes a call that must be answered 200.
func (w *world) expectAccepted(req *http.Request, name string) fields {
	w.T.Helper()
	status, reply := w.FetchObject(req)
	require.Equal(w.T, http.StatusOK, status, "%s: %v", name, reply)
	return reply
}

// expectRefused makes a call that must be answered with a status and the code of a problem.
func (w *world) expectRefused(req *http.Request, status int, code, name string) {
	w.T.Helper()
	got, reply := w.FetchObject(req)
	require.Equal(w.T, status, got, "%s: %v", name, reply)
	require.Equal(w.T, code, reply["code"], "%s: %v", name, reply)
}

// expectCode makes a call that must be refused with status 400 and the code of a problem. An
// empty code means that it must be accepted.
func (w *world) expectCode(req *http.Request, code, name string) {
	w.T.Helper()
	if code == "" {
		w.expectAccepted(req, name)
		return
	}
	w.expectRefused(req, http.StatusBadRequest, code, name)
}

// codeCall returns a qrcode call whose callback goes to the inbox.
func (w *world) codeCall(reference, msisdn string, change ...fields) *http.Request {
	w.T.Helper()
	req := w.call(http.MethodPost, qrcode, w.codeBody(reference, change...))
	req.Header.Set("X-Callback-Url", w.Inbox.NotifyURL())
	if msisdn != "" {
		req.Header.Set(sonatel.MSISDNHeader, msisdn)
	}
	return req
}

// search returns the transactions that a query finds.
func (w *world) search(query string) []fields {
	w.T.Helper()
	var found []fields
	status := w.FetchJSON(w.call(http.MethodGet, transactions+"?"+query, nil), &found)
	require.Equal(w.T, http.StatusOK, status, "search %s", query)
	return found
}

// awaitStatus waits until the only transaction with a reference has the status want; "" waits
// until there is none. It returns the transaction.
func (w *world) awaitStatus(reference, want string) fields {
	w.T.Helper()
	var found []fields
	got := ""
	enginetest.Eventually(func() bool {
		found, got = w.search("reference="+reference), ""
		if len(found) == 1 {
			got = found[0].Text("status")
		}
		return got == want && len(found) < 2
	})
	require.Less(w.T, len(found), 2, "transactions of %s", reference)
	require.Equal(w.T, want, got, reference)
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// registerCallback registers the inbox as the merchant's address for callbacks, with a key.
func (w *world) registerCallback() {
	w.T.Helper()
	w.ExpectReply(w.call(http.MethodPost, callbackPath, fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": w.Inbox.NotifyURL(), "apiKey": "key",
	}), "201 ")
}

func (w *world) get(path string) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.call(http.MethodGet, path, nil))
}

func (w *world) post(path string, body any) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.call(http.MethodPost, path, body))
}

// tokenLife is the time for which the world uses a token that lives 299 s.
const tokenLife = 4 * time.Minute

// call returns a request with the world's token, a fresh one if needed. A text body is sent
// unchanged.
func (w *world) call(method, path string, body any) *http.Request {
	w.T.Helper()
	if w.Clock.Now().Sub(w.granted) > tokenLife {
		w.authorize()
	}
	req := w.Request(method, path, body)
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	return req
}
