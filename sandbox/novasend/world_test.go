package novasend_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pirogue/sandbox/novasend"
	"pirogue/sandbox/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// morning is when every test begins.
var morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// patience is how long a test waits for what happens in another goroutine.
const patience = 10 * time.Second

// The paths that most tests call.
const (
	sessions     = "/v1/payin/sessions"
	directPayin  = "/v1/direct/payin"
	payout       = "/v1/payout"
	directPayout = "/v1/direct/payout"
)

// world is one simulator, a merchant who uses it, and a clock the test moves.
type world struct {
	t       *testing.T
	clock   *stage.VirtualClock
	sim     *novasend.Simulator
	url     string
	country string // of the account that calls
	inbox   *inbox
	client  *http.Client
	serving *atomic.Pointer[http.Handler] // the handler behind url; replaced by a restart
	keys    int                           // given out so far
}

// newWorld starts a simulator and names the inbox in its portal.
func newWorld(t *testing.T, change ...func(*novasend.Options)) *world {
	t.Helper()
	serving := &atomic.Pointer[http.Handler]{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*serving.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	w := &world{
		t: t, clock: stage.NewVirtualClock(morning, 0), url: server.URL, country: "CI", inbox: newInbox(t), serving: serving,
		client: &http.Client{
			Timeout: patience,
			// On a connection used before, net/http repeats a write with X-Idempotency-Key by itself.
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	t.Cleanup(w.client.CloseIdleConnections)
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*novasend.Options)) {
	w.t.Helper()
	options := novasend.Options{PublicURL: w.url, Clock: w.clock}
	for _, c := range change {
		c(&options)
	}
	sim, err := novasend.New(options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { closeNow(w.t, sim) })
	w.sim = sim
	handler := sim.Handler()
	w.serving.Store(&handler)
	if status, reply := w.names(novasend.APIKeyPrefix+"ci", w.inbox.url); status != http.StatusOK {
		w.t.Fatalf("the portal answers %d %v", status, reply)
	}
}

// names types an address into the portal.
func (w *world) names(key, address string) (int, fields) {
	w.t.Helper()
	return w.object(w.request(http.MethodPost, "/portal/webhook", fields{"key": key, "url": address}))
}

// closeNow closes a simulator; doing it twice is harmless.
func closeNow(t *testing.T, sim *novasend.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := sim.Close(ctx); err != nil {
		t.Errorf("the simulator does not close: %v", err)
	}
}

// fields is a JSON object, asked or answered.
type fields map[string]any

// at returns a field of a field, by a path with dots, as text; "<nil>" for null and none.
func (f fields) at(path string) string {
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return fmt.Sprint(f[first])
	}
	inner, isObject := f[first].(map[string]any)
	if !isObject {
		return "<nil>"
	}
	return fields(inner).at(rest)
}

// with returns the fields with some replaced; a nil takes one away.
func (f fields) with(change fields) fields {
	changed := maps.Clone(f)
	for name, value := range change {
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
	}
	return changed
}

var action = fields{"successUrl": "https://m.example/ok", "failureUrl": "https://m.example/no"}

// seed is the body of a session in the shape of the seed document.
func seed(reference, msisdn string) fields {
	return fields{
		"reference": reference, "accountId": "sandbox-account-ci", "amount": 300, "msisdn": msisdn,
		"customerName": "Awa Koné", "country": "CI",
	}
}

// current is the same in the current shape.
func current(reference, msisdn string) fields {
	return seed(reference, msisdn).with(fields{"accountId": nil, "action": action})
}

// direct is a collection that goes by a named operator.
func direct(reference, msisdn string, change fields) fields {
	return fields{
		"reference": reference, "customerName": "Awa Koné", "action": action,
		"payin": fields{"amount": 300, "msisdn": msisdn, "provider": "MOMO", "country": "CI"}.with(change),
	}
}

// paysOut is the body of a payout by a named operator.
func paysOut(reference, msisdn string, change fields) fields {
	return fields{
		"reference": reference, "customerName": "Awa Koné",
		"payout": fields{"amount": 300, "msisdn": msisdn, "provider": "MOMO", "country": "CI"}.with(change),
	}
}

// number is a customer of Côte d'Ivoire whose last six digits decide.
func number(digits string) string { return "+2250700" + digits }

// makes makes one write that must be accepted, and returns its answer.
func (w *world) makes(path string, body fields) fields {
	w.t.Helper()
	status, reply := w.object(w.write(path, body))
	if status != http.StatusCreated {
		w.t.Fatalf("%s answers %d %v", path, status, reply)
	}
	return reply
}

// write is a write with a key of its own.
func (w *world) write(path string, body any) *http.Request {
	w.t.Helper()
	return w.writeUnder(w.key(), path, body)
}

// key is an idempotency key that was not used yet.
func (w *world) key() string {
	w.keys++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", w.keys)
}

func (w *world) writeUnder(key, path string, body any) *http.Request {
	w.t.Helper()
	req := w.signed(w.request(http.MethodPost, path, body))
	req.Header.Set("X-Idempotency-Key", key)
	return req
}

// signed adds the credentials of the world's account.
func (w *world) signed(req *http.Request) *http.Request {
	req.SetBasicAuth(novasend.APIKeyPrefix+strings.ToLower(w.country), novasend.APIClient)
	return req
}

func (w *world) get(path string) (int, fields) {
	w.t.Helper()
	return w.object(w.signed(w.request(http.MethodGet, path, nil)))
}

// reads returns a status that must be found.
func (w *world) reads(path string) fields {
	w.t.Helper()
	status, reply := w.get(path)
	if status != http.StatusOK {
		w.t.Fatalf("%s answers %d %v", path, status, reply)
	}
	return reply
}

// shows checks what a status says at several paths.
func (w *world) shows(path string, want fields) {
	w.t.Helper()
	says := w.reads(path)
	for name, value := range want {
		if got := says.at(name); got != fmt.Sprint(value) {
			w.t.Errorf("%s says that %s is %s, want %v\n%v", path, name, got, value, says)
		}
	}
}

// request is a request with a JSON body; text is sent as it is.
func (w *world) request(method, path string, body any) *http.Request {
	w.t.Helper()
	raw, isRaw := body.(string)
	if !isRaw && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		raw = string(encoded)
	}
	if strings.HasPrefix(path, "/") {
		path = w.url + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// object returns the status and the JSON object of an answer.
func (w *world) object(req *http.Request) (int, fields) {
	w.t.Helper()
	got := w.fetch(req)
	var reply fields
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil {
		w.t.Fatalf("%s answers %d and no object: %v\n%s", req.URL.Path, got.status, err, got.body)
	}
	return got.status, reply
}

// refused checks that a call is refused in Novasend's words.
func (w *world) refused(name string, req *http.Request, status int, code string) {
	w.t.Helper()
	got, reply := w.object(req)
	if got != status || reply.at("code") != code || reply.at("statusCode") != fmt.Sprint(status) || reply.at("message") == "" {
		w.t.Errorf("%s: the answer is %d %v, want %d %s", name, got, reply, status, code)
	}
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

// set turns switches over HTTP.
func (w *world) set(switches string) {
	w.t.Helper()
	if status, now := w.object(w.request(http.MethodPost, "/switches", switches)); status != http.StatusOK {
		w.t.Fatalf("setting %s answers %d %v", switches, status, now)
	}
}

// books checks the book: one line for each reference, with the amount that moved.
func (w *world) books(want map[string]int64) {
	w.t.Helper()
	got := map[string]int64{}
	for _, line := range w.sim.Book() {
		got[line.OrderID] += line.Amount
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("the book says %v, want %v", got, want)
	}
}

// notice is one webhook as it arrived.
type notice struct {
	raw       string
	signature string
	said      fields
}

// inbox is the merchant's server, which takes webhooks.
type inbox struct {
	url     string
	mu      sync.Mutex
	notices []notice
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	server := httptest.NewServer(in)
	t.Cleanup(server.Close)
	in.url = server.URL + "/hook"
	return in
}

func (in *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	n := notice{raw: string(raw), signature: r.Header.Get("X-Signature-Value")}
	if err != nil || json.Unmarshal(raw, &n.said) != nil {
		n.said = fields{"status": "unreadable"} // which no test expects
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.notices = append(in.notices, n)
}

func (in *inbox) all() []notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.notices
}

// notices waits for so many webhooks, closes the simulator, which delivers what is
// queued, and returns all that arrived.
func (w *world) notices(count int) []notice {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for len(w.inbox.all()) < count && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	closeNow(w.t, w.sim)
	all := w.inbox.all()
	if len(all) != count {
		w.t.Fatalf("%d webhooks arrived, want %d: %v", len(all), count, all)
	}
	return all
}

// signature is that of a body under the sandbox's secret.
func signature(body string) string {
	mac := hmac.New(sha256.New, []byte(novasend.WebhookSecret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}
