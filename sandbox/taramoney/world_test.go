package taramoney_test

import (
	"context"
	"encoding/json"
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

	"pirogue/sandbox/stage"
	"pirogue/sandbox/taramoney"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// morning is when every test begins.
var morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// patience is how long a test waits for what happens in another goroutine.
const patience = 10 * time.Second

// The paths of the API.
const (
	cmmobile   = taramoney.APIPath + "/cmmobile"
	mobilepay  = taramoney.APIPath + "/mobilepay"
	payouts    = taramoney.APIPath + "/payout/create"
	statusPath = taramoney.APIPath + "/transactions/status"
	resendPath = taramoney.APIPath + "/resend-webhook"
	listPath   = taramoney.APIPath + "/transactionlist"
	paidPath   = taramoney.APIPath + "/paid/transactionlist"
)

// fields is a JSON object, asked or answered.
type fields map[string]any

// text returns a field that is text, and says so when it is not.
func (f fields) text(name string) string {
	if value, isText := f[name].(string); isText {
		return value
	}
	return "(no text)"
}

// inner decodes a field that is a JSON object written as text.
func (f fields) inner(t *testing.T, name string) fields {
	t.Helper()
	var object fields
	if err := json.Unmarshal([]byte(f.text(name)), &object); err != nil {
		t.Fatalf("%s is %v: %v", name, f[name], err)
	}
	return object
}

// has reports every wanted field that is not as wanted.
func (f fields) has(t *testing.T, what string, want fields) {
	t.Helper()
	for name, value := range want {
		if f[name] != value {
			t.Errorf("%s: %s is %v, want %v", what, name, f[name], value)
		}
	}
}

// world is one simulator, a merchant who uses it, and a clock the test moves.
type world struct {
	t       *testing.T
	clock   *stage.VirtualClock
	sim     *taramoney.Simulator
	url     string
	inbox   *inbox
	client  *http.Client
	serving *atomic.Pointer[http.Handler] // the handler behind url; replaced by a restart
	busy    *atomic.Int64                 // calls that the handler has not returned from
}

// newWorld starts a simulator; change may alter its options first.
func newWorld(t *testing.T, change ...func(*taramoney.Options)) *world {
	t.Helper()
	serving, busy := &atomic.Pointer[http.Handler]{}, &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		busy.Add(1)
		defer busy.Add(-1)
		(*serving.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	w := &world{
		t: t, clock: stage.NewVirtualClock(morning, 0), url: server.URL, inbox: newInbox(t), serving: serving, busy: busy,
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
func (w *world) start(change ...func(*taramoney.Options)) {
	w.t.Helper()
	options := taramoney.Options{PublicURL: w.url + "/", Clock: w.clock}
	for _, c := range change {
		c(&options)
	}
	sim, err := taramoney.New(options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { closeNow(w.t, sim) })
	w.sim = sim
	handler := sim.Handler()
	w.serving.Store(&handler)
}

// closeNow closes a simulator; doing it twice is harmless.
func closeNow(t *testing.T, sim *taramoney.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := sim.Close(ctx); err != nil {
		t.Errorf("the simulator does not close: %v", err)
	}
}

// signed is a body with our credentials; change replaces fields of it, and takes out
// those that are nil.
func signed(body fields, change ...fields) fields {
	whole := fields{"apiKey": taramoney.APIKey, "businessId": taramoney.BusinessID}
	maps.Copy(whole, body)
	for _, c := range change {
		maps.Copy(whole, c)
	}
	maps.DeleteFunc(whole, func(_ string, value any) bool { return value == nil })
	return whole
}

// collection is a body of cmmobile and mobilepay that Tara accepts.
func (w *world) collection(product, phone string, change ...fields) fields {
	return signed(fields{
		"productId": product, "productName": "Sac de riz", "productPrice": 1000, "phoneNumber": phone,
		"webHookUrl": w.inbox.url + "/hook",
	}, change...)
}

// payout is a body of payout/create that Tara accepts.
func (w *world) payout(receiver, phone string, change ...fields) fields {
	return signed(fields{
		"receiverName": "Awa", "paymentMethod": "ORANGE_CAMEROON", "receiverPhoneNumber": phone,
		"receiverId": receiver, "amount": 1000,
	}, change...)
}

// collects makes one mobilepay call that must be accepted.
func (w *world) collects(product, phone string, change ...fields) fields {
	w.t.Helper()
	return w.accepted(mobilepay, w.collection(product, phone, change...))
}

// pays makes one payout call that must be accepted.
func (w *world) pays(receiver, phone string, change ...fields) fields {
	w.t.Helper()
	return w.accepted(payouts, w.payout(receiver, phone, change...))
}

func (w *world) accepted(path string, body fields) fields {
	w.t.Helper()
	status, reply := w.post(path, body)
	if status != http.StatusOK || reply["status"] != "SUCCESS" {
		w.t.Fatalf("%s answers %d %v", path, status, reply)
	}
	return reply
}

// status asks for the status of one payment; the call must be answered 200.
func (w *world) status(product string) fields {
	w.t.Helper()
	status, reply := w.post(statusPath, signed(fields{"productId": product}))
	if status != http.StatusOK {
		w.t.Fatalf("the status answers %d %v", status, reply)
	}
	return reply
}

// stands checks what the status of a payment says.
func (w *world) stands(product, want, message string) fields {
	w.t.Helper()
	reply := w.status(product)
	reply.has(w.t, product, fields{"status": want, "message": message})
	return reply
}

// booked checks the amounts in the book, oldest first; those that went out are negative.
func (w *world) booked(want ...int64) {
	w.t.Helper()
	var got []int64
	for _, line := range w.sim.Book() {
		amount := line.Amount
		if line.Direction == stage.Out {
			amount = -amount
		}
		got = append(got, amount)
	}
	if len(got) != len(want) {
		w.t.Fatalf("the book says %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			w.t.Errorf("the book says %v, want %v", got, want)
		}
	}
}

// post makes one call; a body that is text is sent as it is.
func (w *world) post(path string, body any) (int, fields) {
	w.t.Helper()
	var reply fields
	return w.send(w.call(path, body), &reply), reply
}

func (w *world) call(path string, body any) *http.Request {
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

// send decodes the JSON of an answer and returns its status.
func (w *world) send(req *http.Request, reply any) int {
	w.t.Helper()
	got := w.fetch(req)
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
	w.rests()
	return answered{resp.StatusCode, resp.Header, string(body)}
}

// rests waits until every call has returned: what a call arranges, it arranges after its
// answer has left, and the clock must not be moved before.
func (w *world) rests() {
	w.t.Helper()
	for deadline := time.Now().Add(patience); w.busy.Load() > 0; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("a call does not return")
		}
	}
}

// set turns switches over HTTP.
func (w *world) set(switches string) {
	w.t.Helper()
	var now fields
	if status := w.send(w.request(http.MethodPost, "/switches", strings.NewReader(switches)), &now); status != http.StatusOK {
		w.t.Fatalf("setting %s answers %d %v", switches, status, now)
	}
}

// givesUp makes a call whose answer does not come, and hangs up when enough is true.
func (w *world) givesUp(req *http.Request, enough func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for ctx.Err() == nil && !enough() {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	resp, err := w.client.Do(req.WithContext(ctx))
	cancel()
	<-watching
	if err == nil {
		resp.Body.Close()
		w.t.Fatalf("%s is answered %d", req.URL.Path, resp.StatusCode)
	}
	w.rests()
}

// asked is true once so many orders were opened.
func (w *world) asked(count int) func() bool {
	return func() bool { return w.sim.Asked() >= count }
}

// never leaves hanging up to the operator.
func never() bool { return false }

// notice is one webhook as it arrived.
type notice struct {
	header http.Header
	said   fields
}

// inbox is the merchant's server, which takes webhooks.
type inbox struct {
	url     string
	answer  atomic.Int64 // the status that webhooks get
	mu      sync.Mutex
	notices []notice
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.answer.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(in.take))
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) take(w http.ResponseWriter, r *http.Request) {
	n := notice{header: r.Header}
	if json.NewDecoder(r.Body).Decode(&n.said) != nil {
		n.said = fields{"status": "unreadable"} // which no test expects
	}
	in.mu.Lock()
	in.notices = append(in.notices, n)
	in.mu.Unlock()
	w.WriteHeader(int(in.answer.Load()))
}

func (in *inbox) all() []notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.notices
}

// waitsFor waits until so many webhooks have arrived.
func (w *world) waitsFor(count int) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for len(w.inbox.all()) < count {
		if time.Now().After(deadline) {
			w.t.Fatalf("%d webhooks arrived, want %d", len(w.inbox.all()), count)
		}
		time.Sleep(time.Millisecond)
	}
}

// told closes the simulator, which delivers what is queued, and returns all webhooks that
// arrived; there must be so many.
func (w *world) told(count int) []notice {
	w.t.Helper()
	w.waitsFor(count)
	closeNow(w.t, w.sim)
	all := w.inbox.all()
	if len(all) != count {
		w.t.Fatalf("%d webhooks arrived, want %d", len(all), count)
	}
	return all
}
