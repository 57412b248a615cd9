package sonatel_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// morning is when every test begins.
var morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// patience is how long a test waits for what happens in another goroutine.
const patience = 10 * time.Second

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

// world is one simulator, a merchant who uses it, and a clock the test moves.
type world struct {
	t       *testing.T
	clock   *stage.VirtualClock
	sim     *sonatel.Simulator
	url     string
	inbox   *inbox
	bearer  string
	granted time.Time // when bearer was
	client  *http.Client
	serving *atomic.Pointer[http.Handler] // the handler behind url; replaced by a restart
}

// newWorld starts a simulator; change may alter its options first.
func newWorld(t *testing.T, change ...func(*sonatel.Options)) *world {
	t.Helper()
	serving := &atomic.Pointer[http.Handler]{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*serving.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	w := &world{
		t: t, clock: stage.NewVirtualClock(morning, 0), url: server.URL, inbox: newInbox(t), serving: serving,
		client: &http.Client{
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	t.Cleanup(w.client.CloseIdleConnections)
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*sonatel.Options)) {
	w.t.Helper()
	options := sonatel.Options{PublicURL: w.url, Clock: w.clock}
	for _, c := range change {
		c(&options)
	}
	sim, err := sonatel.New(options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { closeNow(w.t, sim) })
	w.sim = sim
	handler := sim.Handler()
	w.serving.Store(&handler)
	w.logsIn()
}

// logsIn asks for an access token with the sandbox's own credentials.
func (w *world) logsIn() {
	w.t.Helper()
	_, reply := w.grant("/oauth/v1/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	})
	w.bearer, w.granted = reply.text("access_token"), w.clock.Now()
}

// closeNow closes a simulator; doing it twice is harmless.
func closeNow(t *testing.T, sim *sonatel.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := sim.Close(ctx); err != nil {
		t.Errorf("the simulator does not close: %v", err)
	}
}

// fields is a JSON object, asked or answered.
type fields map[string]any

// text returns a field that is text, and says so when it is not.
func (f fields) text(name string) string {
	if value, isText := f[name].(string); isText {
		return value
	}
	return "(no text)"
}

// object returns a field that is an object, nil when it is none.
func (f fields) object(name string) map[string]any {
	value, isObject := f[name].(map[string]any)
	if !isObject {
		return nil
	}
	return value
}

// grant makes one token call with the credentials in the form.
func (w *world) grant(path string, form url.Values) (int, fields) {
	w.t.Helper()
	req := w.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.object(req)
}

// encrypted is a PIN under the key that is served, as Sonatel's own starter does it.
func (w *world) encrypted(pin string) string {
	w.t.Helper()
	_, reply := w.get("/api/account/v1/publicKeys")
	raw, err := base64.StdEncoding.DecodeString(reply.text("key"))
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(raw)
	public, isRSA := key.(*rsa.PublicKey)
	if err != nil || !isRSA {
		w.t.Fatalf("the key is no RSA key: %v", err)
	}
	//nolint:staticcheck // what Sonatel's own starter encrypts with
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, []byte(pin))
	if err != nil {
		w.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

// deposit is a body of cashins that Sonatel accepts; change replaces fields of it.
func (w *world) deposit(reference, customer string, change ...fields) fields {
	w.t.Helper()
	return changed(fields{
		"partner": fields{
			"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted(sonatel.PIN),
		},
		"customer": fields{"idType": "MSISDN", "id": customer}, "reference": reference,
		"amount": fields{"value": 50000, "unit": "XOF"}, "receiveNotification": false,
		"metadata": fields{"order": "42"},
	}, change)
}

// code is a body of qrcode that Sonatel accepts.
func (w *world) code(reference string, change ...fields) fields {
	return changed(fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "reference": reference, "validity": 300,
		"amount": fields{"value": 50000, "unit": "XOF"}, "metadata": fields{"order": "42"},
		"callbackSuccessUrl": w.inbox.url + "/return", "callbackCancelUrl": w.inbox.url + "/cancel",
		"restrictions": fields{"isSingleUse": true},
	}, change)
}

// payment is a body of onestep and of payments that Sonatel accepts.
func (w *world) payment(reference, customer string, change ...fields) fields {
	return changed(fields{
		"partner":  fields{"idType": "CODE", "id": sonatel.MerchantCode},
		"customer": fields{"idType": "MSISDN", "id": customer, "otp": sonatel.OTP},
		"amount":   fields{"value": 50000, "unit": "XOF"}, "reference": reference, "method": "CLASSIC",
	}, change)
}

func changed(body fields, change []fields) fields {
	for _, c := range change {
		for name, value := range c {
			body[name] = value
		}
	}
	return body
}

// deposits makes one cashins call that must be accepted.
func (w *world) deposits(reference, customer string) fields {
	w.t.Helper()
	status, reply := w.post(cashins, w.deposit(reference, customer))
	if status != http.StatusOK {
		w.t.Fatalf("cashins answers %d %v", status, reply)
	}
	return reply
}

// makesCode makes one qrcode call for a customer, which must be accepted.
func (w *world) makesCode(reference, msisdn string, change ...fields) fields {
	w.t.Helper()
	status, reply := w.object(w.codeCall(reference, msisdn, change...))
	if status != http.StatusOK {
		w.t.Fatalf("qrcode answers %d %v", status, reply)
	}
	return reply
}

// codeCall is a qrcode call whose callback comes to the inbox.
func (w *world) codeCall(reference, msisdn string, change ...fields) *http.Request {
	w.t.Helper()
	req := w.call(http.MethodPost, qrcode, w.code(reference, change...))
	req.Header.Set("X-Callback-Url", w.inbox.url+"/notif")
	if msisdn != "" {
		req.Header.Set(sonatel.MSISDNHeader, msisdn)
	}
	return req
}

// search finds transactions by what the query says.
func (w *world) search(query string) []fields {
	w.t.Helper()
	var found []fields
	if status := w.send(w.call(http.MethodGet, transactions+"?"+query, nil), &found); status != http.StatusOK {
		w.t.Fatalf("the search answers %d", status)
	}
	return found
}

// becomes waits until the only transaction with a reference says want; an empty one
// is that there is none.
func (w *world) becomes(reference, want string) fields {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		found, got := w.search("reference="+reference), ""
		if len(found) > 0 {
			got = found[0].text("status")
		}
		switch {
		case len(found) > 1:
			w.t.Fatalf("%s is found %d times", reference, len(found))
		case got == want && len(found) == 0:
			return nil
		case got == want:
			return found[0]
		case time.Now().After(deadline):
			w.t.Fatalf("%s is %q, want %q", reference, got, want)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// registers names the inbox as the merchant's address for callbacks, with a key.
func (w *world) registers() {
	w.t.Helper()
	status, _ := w.post(callbackPath, fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": w.inbox.url + "/notif", "apiKey": "key",
	})
	if status != http.StatusCreated {
		w.t.Fatalf("the registration answers %d", status)
	}
}

func (w *world) get(path string) (int, fields) {
	w.t.Helper()
	return w.object(w.call(http.MethodGet, path, nil))
}

func (w *world) post(path string, body any) (int, fields) {
	w.t.Helper()
	return w.object(w.call(http.MethodPost, path, body))
}

// tokenLife is how long the world uses a token that lives 299 s.
const tokenLife = 4 * time.Minute

// call is a request with the world's token, a fresh one if need be; a body that is text is sent as it is.
func (w *world) call(method, path string, body any) *http.Request {
	w.t.Helper()
	raw, isRaw := body.(string)
	if !isRaw && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		raw = string(encoded)
	}
	if w.clock.Now().Sub(w.granted) > tokenLife {
		w.logsIn()
	}
	req := w.request(method, path, strings.NewReader(raw))
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	return req
}

func (w *world) request(method, path string, body io.Reader) *http.Request {
	w.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = w.url + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return req
}

// object returns the status and the JSON object of an answer, nil for an empty body.
func (w *world) object(req *http.Request) (int, fields) {
	w.t.Helper()
	var reply fields
	status := w.send(req, &reply)
	return status, reply
}

// send decodes the JSON of an answer and returns its status.
func (w *world) send(req *http.Request, reply any) int {
	w.t.Helper()
	got := w.fetch(req)
	if got.body == "" {
		return got.status
	}
	if err := json.Unmarshal([]byte(got.body), reply); err != nil {
		w.t.Fatalf("the answer %d is not what it should be: %v\n%s", got.status, err, got.body)
	}
	return got.status
}

// answered is one answer as it came.
type answered struct {
	status int
	header http.Header
	body   string
}

func (w *world) fetch(req *http.Request) answered {
	w.t.Helper()
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}

// set turns switches over HTTP.
func (w *world) set(switches string) fields {
	w.t.Helper()
	status, now := w.object(w.request(http.MethodPost, "/switches", strings.NewReader(switches)))
	if status != http.StatusOK {
		w.t.Fatalf("setting %s answers %d %v", switches, status, now)
	}
	return now
}

// givesUp makes a call whose answer does not come.
func (w *world) givesUp(req *http.Request) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 300*time.Millisecond)
	defer cancel()
	if resp, err := w.client.Do(req.WithContext(ctx)); err == nil {
		resp.Body.Close()
		w.t.Fatalf("%s is answered %d", req.URL.Path, resp.StatusCode)
	}
}

// notice is one callback as it arrived.
type notice struct {
	header http.Header
	raw    string
	said   fields
}

// inbox is the merchant's server: it takes callbacks and greets customers who come
// back.
type inbox struct {
	url      string
	answer   atomic.Int64 // the status that callbacks get
	onNotice func(notice)
	mu       sync.Mutex
	notices  []notice
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.answer.Store(http.StatusOK)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /notif", in.take)
	mux.HandleFunc("GET /return", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("welcome back")) })
	mux.HandleFunc("GET /cancel", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("maybe later")) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) take(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	n := notice{header: r.Header, raw: string(raw)}
	if err != nil || json.Unmarshal(raw, &n.said) != nil {
		n.said = fields{"status": "unreadable"} // which no test expects
	}
	in.mu.Lock()
	in.notices = append(in.notices, n)
	in.mu.Unlock()
	if in.onNotice != nil {
		in.onNotice(n)
	}
	w.WriteHeader(int(in.answer.Load()))
}

func (in *inbox) all() []notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.notices
}

// waitsFor waits until so many callbacks have arrived.
func (w *world) waitsFor(count int) []notice {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for len(w.inbox.all()) < count {
		if time.Now().After(deadline) {
			w.t.Fatalf("%d callbacks arrived, want %d", len(w.inbox.all()), count)
		}
		time.Sleep(time.Millisecond)
	}
	return w.inbox.all()
}

// notices waits for so many callbacks at least, closes the simulator, which delivers
// what is queued, and returns all that arrived.
func (w *world) notices(atLeast int) []notice {
	w.t.Helper()
	w.waitsFor(atLeast)
	closeNow(w.t, w.sim)
	return w.inbox.all()
}
