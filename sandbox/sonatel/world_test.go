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
	w.logsIn()
}

// logsIn requests an access token with the sandbox's own credentials.
func (w *world) logsIn() {
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
	return w.Object(req)
}

// encrypted returns a PIN encrypted with the served key, as Sonatel's own starter does it.
func (w *world) encrypted(pin string) string {
	w.T.Helper()
	_, reply := w.get("/api/account/v1/publicKeys")
	raw, err := base64.StdEncoding.DecodeString(reply.Text("key"))
	if err != nil {
		w.T.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(raw)
	public, isRSA := key.(*rsa.PublicKey)
	if err != nil || !isRSA {
		w.T.Fatalf("the key is no RSA key: %v", err)
	}
	//nolint:staticcheck // what Sonatel's own starter encrypts with
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, []byte(pin))
	if err != nil {
		w.T.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

// deposit returns a body of cashins that Sonatel accepts. change replaces fields of it.
func (w *world) deposit(reference, customer string, change ...fields) fields {
	w.T.Helper()
	return fields{
		"partner": fields{
			"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted(sonatel.PIN),
		},
		"customer": fields{"idType": "MSISDN", "id": customer}, "reference": reference,
		"amount": fields{"value": 50000, "unit": "XOF"}, "receiveNotification": false,
		"metadata": fields{"order": "42"},
	}.Over(change...)
}

// code returns a body of qrcode that Sonatel accepts.
func (w *world) code(reference string, change ...fields) fields {
	return fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "reference": reference, "validity": 300,
		"amount": fields{"value": 50000, "unit": "XOF"}, "metadata": fields{"order": "42"},
		"callbackSuccessUrl": w.Inbox.URL + "/return", "callbackCancelUrl": w.Inbox.URL + "/cancel",
		"restrictions": fields{"isSingleUse": true},
	}.Over(change...)
}

// payment returns a body of onestep and of payments that Sonatel accepts.
func (w *world) payment(reference, customer string, change ...fields) fields {
	return fields{
		"partner":  fields{"idType": "CODE", "id": sonatel.MerchantCode},
		"customer": fields{"idType": "MSISDN", "id": customer, "otp": sonatel.OTP},
		"amount":   fields{"value": 50000, "unit": "XOF"}, "reference": reference, "method": "CLASSIC",
	}.Over(change...)
}

// deposits makes one cashins call that must be accepted.
func (w *world) deposits(reference, customer string) fields {
	w.T.Helper()
	status, reply := w.post(cashins, w.deposit(reference, customer))
	if status != http.StatusOK {
		w.T.Fatalf("cashins answers %d %v", status, reply)
	}
	return reply
}

// makesCode makes one qrcode call for a customer, which must be accepted.
func (w *world) makesCode(reference, msisdn string, change ...fields) fields {
	w.T.Helper()
	status, reply := w.Object(w.codeCall(reference, msisdn, change...))
	if status != http.StatusOK {
		w.T.Fatalf("qrcode answers %d %v", status, reply)
	}
	return reply
}

// codeCall returns a qrcode call whose callback goes to the inbox.
func (w *world) codeCall(reference, msisdn string, change ...fields) *http.Request {
	w.T.Helper()
	req := w.call(http.MethodPost, qrcode, w.code(reference, change...))
	req.Header.Set("X-Callback-Url", w.Inbox.Hook())
	if msisdn != "" {
		req.Header.Set(sonatel.MSISDNHeader, msisdn)
	}
	return req
}

// search returns the transactions that a query finds.
func (w *world) search(query string) []fields {
	w.T.Helper()
	var found []fields
	if status := w.Send(w.call(http.MethodGet, transactions+"?"+query, nil), &found); status != http.StatusOK {
		w.T.Fatalf("the search answers %d", status)
	}
	return found
}

// becomes waits until the only transaction with a reference has the status want; "" waits
// until there is none.
func (w *world) becomes(reference, want string) fields {
	w.T.Helper()
	deadline := time.Now().Add(enginetest.Patience)
	for {
		found, got := w.search("reference="+reference), ""
		if len(found) > 0 {
			got = found[0].Text("status")
		}
		switch {
		case len(found) > 1:
			w.T.Fatalf("%s is found %d times", reference, len(found))
		case got == want && len(found) == 0:
			return nil
		case got == want:
			return found[0]
		case time.Now().After(deadline):
			w.T.Fatalf("%s is %q, want %q", reference, got, want)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// registers registers the inbox as the merchant's address for callbacks, with a key.
func (w *world) registers() {
	w.T.Helper()
	w.Answers(w.call(http.MethodPost, callbackPath, fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": w.Inbox.Hook(), "apiKey": "key",
	}), "201 ")
}

func (w *world) get(path string) (int, fields) {
	w.T.Helper()
	return w.Object(w.call(http.MethodGet, path, nil))
}

func (w *world) post(path string, body any) (int, fields) {
	w.T.Helper()
	return w.Object(w.call(http.MethodPost, path, body))
}

// tokenLife is the time for which the world uses a token that lives 299 s.
const tokenLife = 4 * time.Minute

// call returns a request with the world's token, a fresh one if needed. A text body is sent
// unchanged.
func (w *world) call(method, path string, body any) *http.Request {
	w.T.Helper()
	if w.Clock.Now().Sub(w.granted) > tokenLife {
		w.logsIn()
	}
	req := w.Request(method, path, body)
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	return req
}
