package orangeweb_test

import (
	"context"
	"encoding/json"
	"errors"
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

	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// morning is when every test begins.
var morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// patience is how long a test waits for what happens in another goroutine.
const patience = 10 * time.Second

// world is one simulator, a merchant who uses it, and a clock the test moves.
type world struct {
	t       *testing.T
	clock   *stage.VirtualClock
	sim     *orangeweb.Simulator
	url     string
	inbox   *inbox
	bearer  string
	client  *http.Client
	serving *atomic.Pointer[http.Handler] // the handler behind url; replaced by a restart
}

// newWorld starts a simulator; change may alter its options first.
func newWorld(t *testing.T, change ...func(*orangeweb.Options)) *world {
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
func (w *world) start(change ...func(*orangeweb.Options)) {
	w.t.Helper()
	options := orangeweb.Options{PublicURL: w.url, Clock: w.clock}
	for _, c := range change {
		c(&options)
	}
	sim, err := orangeweb.New(options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { closeNow(w.t, sim) })
	w.sim = sim
	handler := sim.Handler()
	w.serving.Store(&handler)
	w.bearer = w.token()
}

// closeNow closes a simulator; doing it twice is harmless.
func closeNow(t *testing.T, sim *orangeweb.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := sim.Close(ctx); err != nil {
		t.Errorf("the simulator does not close: %v", err)
	}
}

// notices waits for so many notifications at least, closes the simulator, which
// delivers what is queued, and returns all that arrived.
func (w *world) notices(atLeast int) []notice {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for len(w.inbox.all()) < atLeast && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	closeNow(w.t, w.sim)
	return w.inbox.all()
}

// token asks for an access token with the sandbox's own credentials.
func (w *world) token() string {
	w.t.Helper()
	_, reply := w.grant("/oauth/v3/token", orangeweb.ClientID, orangeweb.ClientSecret, "client_credentials")
	return text(w.t, reply, "access_token")
}

// grant makes one token call.
func (w *world) grant(path, id, secret, grantType string) (int, map[string]any) {
	w.t.Helper()
	form := url.Values{"grant_type": {grantType}}.Encode()
	req := w.request(http.MethodPost, path, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	return w.send(req)
}

// payment is a body of webpayment that Orange accepts.
func (w *world) payment(orderID string) map[string]any {
	return map[string]any{
		"merchant_key": orangeweb.MerchantKey, "currency": "OUV", "order_id": orderID, "amount": 50000,
		"return_url": w.inbox.url + "/return", "cancel_url": w.inbox.url + "/cancel",
		"notif_url": w.inbox.url + "/notif", "lang": "fr", "reference": "Boutique Awa",
	}
}

// session is what a merchant keeps of a webpayment answer, and of what was asked.
type session struct {
	orderID              string
	amount               any
	payToken, notifToken string
	pageURL              string
}

// opened opens a session for a customer and fails the test when Orange refuses.
func (w *world) opened(orderID, msisdn string) session {
	w.t.Helper()
	status, reply := w.webpayment(msisdn, w.payment(orderID))
	if status != http.StatusCreated {
		w.t.Fatalf("webpayment answers %d %v", status, reply)
	}
	return session{
		orderID: orderID, amount: 50000,
		payToken: text(w.t, reply, "pay_token"), notifToken: text(w.t, reply, "notif_token"),
		pageURL: text(w.t, reply, "payment_url"),
	}
}

// webpayment makes one webpayment call on dev.
func (w *world) webpayment(msisdn string, body any) (int, map[string]any) {
	w.t.Helper()
	return w.call("/orange-money-webpay/dev/v1/webpayment", msisdn, body)
}

// status makes one transactionstatus call on dev.
func (w *world) status(s session) map[string]any {
	w.t.Helper()
	code, reply := w.call("/orange-money-webpay/dev/v1/transactionstatus", "",
		map[string]any{"order_id": s.orderID, "amount": s.amount, "pay_token": s.payToken})
	if code != http.StatusCreated {
		w.t.Fatalf("transactionstatus answers %d %v", code, reply)
	}
	return reply
}

// becomes waits until transactionstatus says want.
func (w *world) becomes(s session, want orangeweb.Status) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for got := ""; got != string(want); time.Sleep(2 * time.Millisecond) {
		got = text(w.t, w.status(s), "status")
		if time.Now().After(deadline) {
			w.t.Fatalf("%s is %s, want %s", s.orderID, got, want)
		}
	}
}

// call makes one call with the world's token.
func (w *world) call(path, msisdn string, body any) (int, map[string]any) {
	w.t.Helper()
	return w.send(w.bearerRequest(path, msisdn, body))
}

func (w *world) bearerRequest(path, msisdn string, body any) *http.Request {
	w.t.Helper()
	raw, isRaw := body.(string)
	if !isRaw {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		raw = string(encoded)
	}
	req := w.request(http.MethodPost, path, strings.NewReader(raw))
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	if msisdn != "" {
		req.Header.Set(orangeweb.MSISDNHeader, msisdn)
	}
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

// send returns the status and the JSON object of an answer.
func (w *world) send(req *http.Request) (int, map[string]any) {
	w.t.Helper()
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var reply map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		w.t.Fatalf("the answer %d is not JSON: %v", resp.StatusCode, err)
	}
	return resp.StatusCode, reply
}

// text returns a field of an answer that must be text.
func text(t *testing.T, reply map[string]any, field string) string {
	t.Helper()
	value, isText := reply[field].(string)
	if !isText {
		t.Fatalf("%s is no text in %v", field, reply)
	}
	return value
}

// notice is one notification as it arrived.
type notice struct {
	Status      string `json:"status"`
	NotifToken  string `json:"notif_token"`
	TxnID       string `json:"txnid"`
	contentType string
	fields      int
}

// inbox is the merchant's server: it takes notifications and greets customers
// who come back.
type inbox struct {
	url      string
	answer   atomic.Int64 // the status that notifications get
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
	mux.HandleFunc("GET /return", says("welcome back"))
	mux.HandleFunc("GET /cancel", says("maybe later"))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

// says answers everybody the same.
func says(words string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(words)) }
}

func (in *inbox) take(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var n notice
	var fields map[string]any
	if err := errors.Join(err, json.Unmarshal(raw, &n), json.Unmarshal(raw, &fields)); err != nil {
		n.Status = err.Error() // which no test expects
	}
	n.contentType, n.fields = r.Header.Get("Content-Type"), len(fields)
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
