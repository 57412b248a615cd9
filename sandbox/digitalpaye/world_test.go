package digitalpaye_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// morning is when every test begins.
var morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// patience is how long a test waits for what happens in another goroutine.
const patience = 10 * time.Second

// fields is a JSON object, asked or answered.
type fields map[string]any

// text returns a field that is text, and says so when it is not.
func (f fields) text(name string) string {
	if value, isText := f[name].(string); isText {
		return value
	}
	return "(no text)"
}

// data is the object under data, nil when there is none.
func (f fields) data() fields {
	value, isObject := f["data"].(map[string]any)
	if !isObject {
		return nil
	}
	return value
}

// listed is the objects under data.
func (f fields) listed() []fields {
	all, isList := f["data"].([]any)
	if !isList {
		return nil
	}
	objects := make([]fields, len(all))
	for i := range all {
		objects[i], _ = all[i].(map[string]any) //nolint:errcheck // what is no object is nil
	}
	return objects
}

// dialect is one shape of the API as a caller speaks it.
type dialect struct {
	collect, transfer, status, list, balance string // paths

	id, receive, total, kind, operator string            // names of an answer's fields
	out                                string            // the type of a transfer
	words                              map[string]string // of the networks
}

var dialects = map[string]dialect{
	"v2": {
		collect: "/v2/collecte/mobile-money", transfer: "/v2/transfers/mobile-money",
		status: "/v2/get-status-payment/", list: "/v2/get-all-transactions", balance: "/v2/balance",
		id: "transaction_id", receive: "amount_receive", total: "amount_total", kind: "type_transaction",
		operator: "type_payment", out: "transfert",
		words: map[string]string{"orange": "ORANGE_MONEY_CI", "mtn": "MTN_MONEY_CI", "moov": "MOOV_MONEY_CI", "wave": "WAVE_MONEY_CI"},
	},
	"sdk": {
		collect: "/v1/collecte/mobile-money", transfer: "/v1/transfers/mobile-money",
		status: "/v1/get-status-payment/", list: "/v1/get-all-transactions", balance: "/v1/balance",
		id: "transaction_id", receive: "amount_receive", total: "amount_total", kind: "type_transaction",
		operator: "type_payment", out: "transfert",
		words: map[string]string{"orange": "ORANGE_MONEY_CI", "mtn": "MTN_MONEY_CI", "moov": "MOOV_MONEY_CI", "wave": "WAVE_CI"},
	},
	"v1": {
		collect: "/v1/collecte/mobile-money", transfer: "/v1/transfer/mobile-money",
		status: "/v1/transaction/", list: "/v1/transactions", balance: "/v1/balance",
		id: "transactionId", receive: "amountReceive", total: "amountTotal", kind: "typeTransaction",
		operator: "operator", out: "transfer",
		words: map[string]string{"orange": "ORANGE_MONEY_CI", "mtn": "MTN_MONEY_CI", "moov": "FLOOZ_MONEY_CI", "wave": "WAVE_MONEY_CI"},
	},
}

// inEveryShape runs a test once in each shape.
func inEveryShape(t *testing.T, run func(t *testing.T, shape string)) {
	t.Helper()
	for shape := range dialects {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			run(t, shape)
		})
	}
}

// body is an order on MTN that Digitalpaye takes; change replaces fields of it.
func body(shape, way, id, number string, change ...fields) fields {
	b := fields{
		"code_country": "CI", "currency": "XOF", "customer_id": number, "amount": 1500, "operator": "MTN_MONEY_CI",
		"transaction_id": id, "name_user": "KOUASSI Awa",
	}
	if shape == "v1" {
		b = fields{
			"transactionId": id, "payer": number, "currency": "XOF", "amount": "1500", "operator": "MTN_MONEY_CI",
			"customer": fields{
				"lastName": "KOUASSI", "firstName": "Awa", "phone": number,
				"address": fields{"countryCode": "CI", "city": "Abidjan", "streetAddress": "Cocody"},
			},
		}
	}
	if way == "out" {
		b["name"], b["recipient"] = b["name_user"], b["payer"]
		delete(b, "name_user")
		delete(b, "payer")
	}
	maps.DeleteFunc(b, func(_ string, v any) bool { return v == nil })
	for _, c := range change {
		maps.Copy(b, c)
	}
	return b
}

// world is one simulator, a merchant who uses it, and a clock the test moves.
type world struct {
	t       *testing.T
	clock   *stage.VirtualClock
	sim     *digitalpaye.Simulator
	url     string
	inbox   *inbox
	bearer  string
	granted time.Time // when bearer was
	client  *http.Client
	serving *atomic.Pointer[http.Handler] // the handler behind url; replaced by a restart
}

// newWorld starts a simulator that posts to the world's inbox; change may alter its options.
func newWorld(t *testing.T, change ...func(*digitalpaye.Options)) *world {
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
	w.registers(w.inbox.url)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*digitalpaye.Options)) {
	w.t.Helper()
	options := digitalpaye.Options{PublicURL: w.url, Clock: w.clock}
	for _, c := range change {
		c(&options)
	}
	sim, err := digitalpaye.New(options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { closeNow(w.t, sim) })
	w.sim = sim
	handler := sim.Handler()
	w.serving.Store(&handler)
	w.logsIn()
}

// closeNow closes a simulator; doing it twice is harmless.
func closeNow(t *testing.T, sim *digitalpaye.Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := sim.Close(ctx); err != nil {
		t.Errorf("the simulator does not close: %v", err)
	}
}

// registers enters an address in the portal.
func (w *world) registers(address string) {
	w.t.Helper()
	raw := `{"key": "` + digitalpaye.APIKey + `", "url": "` + address + `"}`
	if status, reply := w.object(w.request(http.MethodPost, "/portal/webhook", raw)); status != http.StatusOK {
		w.t.Fatalf("the portal answers %d %v", status, reply)
	}
}

// auth is a token call with these credentials.
func (w *world) auth(key, secret string) *http.Request {
	w.t.Helper()
	req := w.request(http.MethodPost, "/v1/auth", "")
	req.SetBasicAuth(key, secret)
	req.Header.Set("X-Environment", digitalpaye.Environment)
	return req
}

func (w *world) logsIn() {
	w.t.Helper()
	_, reply := w.object(w.auth(digitalpaye.APIKey, digitalpaye.APISecret))
	w.bearer, w.granted = reply.data().text("token"), w.clock.Now()
}

// tokenLife is how long the world uses a token that lives 600 s.
const tokenLife = 9 * time.Minute

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
	req := w.request(method, path, raw)
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("X-Environment", digitalpaye.Environment)
	return req
}

func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = w.url + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (w *world) get(path string) (int, fields) {
	w.t.Helper()
	return w.object(w.call(http.MethodGet, path, nil))
}

func (w *world) post(path string, body any) (int, fields) {
	w.t.Helper()
	return w.object(w.call(http.MethodPost, path, body))
}

// opening is the call that opens an order in a shape.
func (w *world) opening(shape, way, id, number string, change ...fields) *http.Request {
	w.t.Helper()
	path := dialects[shape].collect
	if way == "out" {
		path = dialects[shape].transfer
	}
	return w.call(http.MethodPost, path, body(shape, way, id, number, change...))
}

// opens opens an order, which must be accepted.
func (w *world) opens(shape, way, id, number string, change ...fields) fields {
	w.t.Helper()
	status, reply := w.object(w.opening(shape, way, id, number, change...))
	if status != http.StatusOK && status != http.StatusAccepted {
		w.t.Fatalf("the order answers %d %v", status, reply)
	}
	return reply.data()
}

// reads is the transaction as a status call by ref or id shows it.
func (w *world) reads(shape, id string) fields {
	w.t.Helper()
	status, reply := w.get(dialects[shape].status + id)
	if status != http.StatusOK {
		w.t.Fatalf("the status of %s answers %d %v", id, status, reply)
	}
	return reply.data()
}

// eventually waits until right holds: what a call arranges is arranged a moment after
// its answer. It reports whether that came.
func eventually(right func() bool) bool {
	for deadline := time.Now().Add(patience); !right(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// stands fails unless a transaction comes to have the wanted status.
func (w *world) stands(shape, id, want string) {
	w.t.Helper()
	got := ""
	if !eventually(func() bool { got = w.reads(shape, id).text("status"); return got == want }) {
		w.t.Errorf("at %s %s is %s, want %s", w.clock.Now().Format(time.TimeOnly), id, got, want)
	}
}

// object returns the status and the JSON object of an answer.
func (w *world) object(req *http.Request) (int, fields) {
	w.t.Helper()
	got := w.fetch(req)
	var reply fields
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil {
		w.t.Fatalf("the answer %d is not what it should be: %v\n%s", got.status, err, got.body)
	}
	return got.status, reply
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
func (w *world) set(switches string) fields {
	w.t.Helper()
	status, now := w.object(w.request(http.MethodPost, "/switches", switches))
	if status != http.StatusOK {
		w.t.Fatalf("setting %s answers %d %v", switches, status, now)
	}
	return now
}

// books fails unless the book comes to have these amounts, in this order.
func (w *world) books(want ...int64) []stage.Paid {
	w.t.Helper()
	var book []stage.Paid
	if !eventually(func() bool {
		book = w.sim.Book()
		return slices.EqualFunc(book, want, func(p stage.Paid, amount int64) bool { return p.Amount == amount })
	}) {
		w.t.Fatalf("the book says %+v, want amounts %v", book, want)
	}
	return book
}

// notice is one webhook as it arrived.
type notice struct {
	header http.Header
	said   fields
}

// inbox is the merchant's server.
type inbox struct {
	url      string
	onNotice func(notice)
	mu       sync.Mutex
	notices  []notice
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	server := httptest.NewServer(http.HandlerFunc(in.take))
	t.Cleanup(server.Close)
	in.url = server.URL + "/webhook/secret"
	return in
}

func (in *inbox) take(_ http.ResponseWriter, r *http.Request) {
	n := notice{header: r.Header}
	if r.Method != http.MethodPost || r.URL.Path != "/webhook/secret" || json.NewDecoder(r.Body).Decode(&n.said) != nil {
		n.said = fields{"status": "unreadable"} // which no test expects
	}
	in.mu.Lock()
	in.notices = append(in.notices, n)
	in.mu.Unlock()
	if in.onNotice != nil {
		in.onNotice(n)
	}
}

func (in *inbox) all() []notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.notices
}

// notices waits for so many webhooks at least, closes the simulator, which delivers
// what is queued, and fails unless exactly that many arrived.
func (w *world) notices(want int) []notice {
	w.t.Helper()
	eventually(func() bool { return len(w.inbox.all()) >= want })
	closeNow(w.t, w.sim)
	if told := w.inbox.all(); len(told) != want {
		w.t.Fatalf("%d webhooks arrived, want %d", len(told), want)
	}
	return w.inbox.all()
}
