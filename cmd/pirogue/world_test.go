package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/inbox"
	"pirogue/vault"
)

// world is Pirogue in one process: a real database, a real Temporal and the simulators over HTTP.
// The API, the workers and a merchant with a webhook endpoint run there too.
type world struct {
	t       testing.TB
	parts   *parts
	api     *httptest.Server
	sandbox *sandbox.Sandbox
	inbox   *inbox.Inbox
	account devAccount
	refuses atomic.Int32 // webhooks that the merchant's endpoint refuses next

	operatorTime atomic.Int64        // nanoseconds that the simulators took to answer
	onCall       func(*http.Request) // gets every call to them; nil: nothing does
	between      func(http.Handler) http.Handler
}

// setup holds the options of a world.
type setup struct {
	database string
	settings []string
	play     float64 // speed of the simulators' clock; 0 is real time
	dial     []grpc.DialOption
	tune     func(*config.Operator)
	onCall   func(*http.Request)
	promises string // of the simulators: "" or engine.PromisesLive
	temporal string // the address of a server; "" starts one
	// between wraps the simulators' handler; nil: nothing does.
	between func(simulators http.Handler) http.Handler
}

// newWorld starts every part.
func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	simulators := httptest.NewUnstartedServer(nil)
	api := httptest.NewUnstartedServer(nil)
	apiURL, sandboxURL := "http://"+api.Listener.Addr().String(), "http://"+simulators.Listener.Addr().String()

	if s.temporal == "" {
		s.temporal = piroguetest.Temporal(t)
	}
	conf, err := config.Load(append([]string{
		"DATABASE_URL=" + s.database, "PIROGUE_KEYS=" + vault.NewRing("test"), "PIROGUE_PUBLIC_URL=" + apiURL,
		"PIROGUE_SANDBOX_URL=" + sandboxURL, "PIROGUE_LOOPBACK_WEBHOOKS=true", "PIROGUE_LOG_LEVEL=warn",
		"PIROGUE_DATA_DIR=" + piroguetest.Folder(t), "TEMPORAL_ADDRESS=" + s.temporal,
	}, s.settings...))
	require.NoError(t, err)
	for i := range conf.Operators {
		if s.tune != nil {
			s.tune(&conf.Operators[i])
		}
	}
	p, err := newParts(conf)
	require.NoError(t, err)
	p.log = zap.NewNop()
	p.dial = s.dial
	require.NoError(t, p.openStore(t.Context()))
	require.NoError(t, p.openTemporal())
	require.NoError(t, p.store.Migrate(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Close()) })

	w := &world{t: t, parts: p, api: api, onCall: s.onCall, between: s.between}
	w.account, err = p.devAccount(t.Context())
	require.NoError(t, err)
	w.inbox = inbox.New(w.account.Secret)
	w.startSandbox(simulators, sandboxURL, s.play)
	require.NoError(t, promise(w.sandbox, s.promises))

	server, err := p.newAPI()
	require.NoError(t, err)
	api.Config.Handler = server.Handler()
	api.Start()
	t.Cleanup(api.Close)

	require.NoError(t, p.registerSimulators(t.Context()))

	pool, err := p.newPool()
	require.NoError(t, err)
	require.NoError(t, p.starter.Schedule(t.Context()))
	require.NoError(t, pool.Start())
	t.Cleanup(pool.Stop)
	require.Eventually(t, func() bool { return p.starter.Ready(t.Context()) == nil }, patience, 50*time.Millisecond,
		"nobody polls for payments")
	return w
}

func (w *world) startSandbox(server *httptest.Server, url string, play float64) {
	options := sandbox.Options{PublicURL: url}
	if play > 0 {
		options.Clock = engine.NewVirtualClock(time.Now(), play)
	}
	simulators, err := sandbox.New(options)
	require.NoError(w.t, err)
	w.sandbox = simulators
	played := simulators.Handler()
	if w.between != nil {
		played = w.between(played)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if w.onCall != nil {
			w.onCall(r)
		}
		began := time.Now()
		played.ServeHTTP(rw, r)
		w.operatorTime.Add(int64(time.Since(began)))
	})
	mux.HandleFunc(inboxPath, func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && w.refuses.Add(-1) >= 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.inbox.ServeHTTP(rw, r)
	})
	server.Config.Handler = mux
	server.Start()
	w.t.Cleanup(server.Close)
	w.t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), drainTimeout)
		defer stop()
		require.NoError(w.t, simulators.Close(ctx))
	})
}

// promise sets the promises of every simulator.
func promise(simulators *sandbox.Sandbox, promises string) error {
	var failed []error
	for _, code := range []string{"orange-web", "sonatel", "novasend", "digitalpaye", "taramoney"} {
		failed = append(failed, simulators.Simulator(code).Settings().Set(fmt.Appendf(nil, `{"promises": %q}`, promises)))
	}
	return errors.Join(failed...)
}

// payment holds the fields of a payment that the tests read from the merchant API.
type payment struct {
	ID       string `json:"transaction_id"`
	OrderID  string `json:"merchant_order_id"`
	Status   string `json:"status"`
	URL      string `json:"payment_url"`
	Waiting  string `json:"waiting_for"`
	Poll     int    `json:"poll_after_ms"`
	Deadline string `json:"expires_at"`
	Amount   int64  `json:"amount"`
	Refunded int64  `json:"refunded_amount"`
	RefundID string `json:"refund_id"`
	Failure  struct {
		Code string `json:"code"`
	} `json:"failure"`
}

// answer is a response of the merchant API.
type answer struct {
	Status int
	Code   string  `json:"code"`
	Data   payment `json:"data"`
	Raw    string
}

// merchant signs requests by the rule of the merchant's document.
type merchant struct {
	base    string
	account devAccount
}

func (w *world) merchant() merchant { return merchant{w.api.URL + "/api/v1", w.account} }

var orders atomic.Int64

// order returns a cash-in with an unused merchant_order_id.
func order(number string) string {
	return fmt.Sprintf(`{"merchant_order_id":"order_%d_%d","amount":5000,"customer_msisdn":%q}`,
		time.Now().UnixNano(), orders.Add(1), number)
}

// cashOut returns a cash-out with an unused merchant_order_id.
func cashOut(number string, amount int64) string {
	return fmt.Sprintf(`{"merchant_order_id":"out_%d_%d","amount":%d,"beneficiary_msisdn":%q}`,
		time.Now().UnixNano(), orders.Add(1), amount, number)
}

// refund returns a refund of a payment with an unused merchant_refund_id; amount 0 refunds the
// rest.
func refund(id string, amount int64) string {
	body := fmt.Sprintf(`{"transaction_id":%q,"merchant_refund_id":"refund_%d_%d"`,
		id, time.Now().UnixNano(), orders.Add(1))
	if amount > 0 {
		body += fmt.Sprintf(`,"amount":%d`, amount)
	}
	return body + "}"
}

// send requests a cash-out or refund.
func (m merchant) send(t testing.TB, path, body string) answer {
	t.Helper()
	got, err := m.do(t.Context(), http.MethodPost, path, body)
	require.NoError(t, err)
	return got
}

// fund has a customer pay an amount to the merchant.
func (m merchant) fund(t testing.TB, amount int64) payment {
	t.Helper()
	got := m.pay(t, strings.Replace(order("+22376123456"), "5000", fmt.Sprint(amount), 1))
	require.Equal(t, http.StatusAccepted, got.Status, got.Raw)
	return m.until(t, got.Data.ID, "SUCCESS", time.Minute)
}

// pay requests a cash-in.
func (m merchant) pay(t testing.TB, body string) answer {
	t.Helper()
	got, err := m.insist(t.Context(), "/payments/cashin", body)
	require.NoError(t, err)
	return got
}

// insist posts a request and retries a 503 without a payment, as a client does: such a response
// left nothing behind.
func (m merchant) insist(ctx context.Context, path, body string) (answer, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		got, err := m.do(ctx, http.MethodPost, path, body)
		away := got.Status == http.StatusServiceUnavailable && got.Data.ID == ""
		if err != nil || !away || time.Now().After(deadline) {
			return got, err
		}
	}
}

// do signs a request by the rule of the document and sends it.
func (m merchant) do(ctx context.Context, method, path, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, m.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(m.account.Secret))
	mac.Write([]byte(at + body))
	req.Header.Set("X-NekaPay-Key", m.account.Key)
	req.Header.Set("X-NekaPay-Timestamp", at)
	req.Header.Set("X-NekaPay-Signature", hex.EncodeToString(mac.Sum(nil)))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{Status: resp.StatusCode, Raw: string(raw)}
	return got, json.NewDecoder(bytes.NewReader(raw)).Decode(&got)
}

// until reads a payment until it has the status. It fails after patience.
func (m merchant) until(t testing.TB, id, status string, patience time.Duration) payment {
	t.Helper()
	last := m.last(t, id, status, patience)
	require.Equal(t, status, last.Status, "payment %s after %s", id, patience)
	return last
}

// last reads a payment until it has the status or patience has passed, and returns the last
// reading.
func (m merchant) last(t testing.TB, id, status string, patience time.Duration) payment {
	t.Helper()
	var last payment
	deadline := time.Now().Add(patience)
	for last.Status != status && time.Now().Before(deadline) {
		if got, err := m.do(t.Context(), http.MethodGet, "/payments/"+id, ""); err == nil {
			last = got.Data
		}
		time.Sleep(100 * time.Millisecond)
	}
	return last
}

// webhooks returns the statuses in the webhooks about a payment, oldest first. It fails on a
// webhook whose signature does not verify.
func (w *world) webhooks(id string) []string {
	w.t.Helper()
	var told []string
	for _, letter := range w.inbox.Webhooks() {
		var body struct {
			ID     string `json:"transaction_id"`
			Status string `json:"status"`
		}
		require.NoError(w.t, json.Unmarshal(letter.Body, &body))
		if body.ID == id {
			require.True(w.t, letter.Verified)
			told = append([]string{body.Status}, told...)
		}
	}
	return told
}

// freePorts returns addresses on which nothing listens.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	addrs := make([]string, n)
	for i := range addrs {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addrs[i] = listener.Addr().String()
		defer listener.Close()
	}
	return addrs
}

// listen serves h on this machine and returns its address.
func (w *world) listen(h http.Handler) string {
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	return server.URL
}

// describe returns Temporal's description of a workflow.
func (w *world) describe(id string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return w.parts.temporal.DescribeWorkflowExecution(w.t.Context(), id, "")
}

// compact returns an identifier without its dashes, as event IDs contain it.
func compact(id string) string { return strings.ReplaceAll(id, "-", "") }
