package admin_test

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/support"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		log.Printf("the tests leave goroutines behind: %v", err)
		code = 1
	}
	os.Exit(code)
}

// The people of the tests. Each token's secret is the person's name.
const (
	reader       = "rokia"
	supportToken = "seydou"
	finance      = "fatou"
)

// merchantID is the only merchant with a contract.
const merchantID pirogue.MerchantID = "018f3b1e-7c1a-7def-8abc-0123456789ab"

// bulkID is that merchant's only bulk, of three lines.
const bulkID pirogue.BulkID = "018f3b1e-7c1a-7def-8abc-0123456789ef"

// fakeWorkflows plays the payments' workflows. Like Temporal it keeps ten updates of one workflow
// in flight and refuses the eleventh.
type fakeWorkflows struct {
	mu        sync.Mutex
	act       func(context.Context, pirogue.Payment, string) (support.ActionResult, error)
	waiting   func(context.Context) (lifecycle.WaitState, error)
	requests  []string // the actions that reached a workflow
	inFlight  int
	most      int // largest number in flight together
	delivered []string
	away      error
	again     []lifecycle.Restart // payments whose workflow was started again
	unfit     error               // error of a start that the rows do not allow
	lost      lifecycle.Restarted // lost workflows
	rebuilt   int
	blocked   []lifecycle.LostWorkflow // workflows that cannot continue
}

// ActOnRestarted implements admin.Workflows. The workflow settles the payment.
func (w *fakeWorkflows) ActOnRestarted(_ context.Context, r lifecycle.Restart, _ string) (support.ActionResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unfit != nil {
		return support.ActionResult{}, w.unfit
	}
	w.again = append(w.again, r)
	return support.ActionResult{Decision: support.DecisionSettled, Reason: "asked"}, nil
}

// Rebuild implements admin.Workflows.
func (w *fakeWorkflows) Rebuild(_ context.Context, dryRun bool) (lifecycle.Restarted, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !dryRun {
		w.rebuilt++
	}
	return w.lost, w.away
}

// Blocked implements admin.Workflows.
func (w *fakeWorkflows) Blocked(context.Context) ([]lifecycle.LostWorkflow, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocked, w.away
}

// Restart implements admin.Workflows.
func (w *fakeWorkflows) Restart(_ context.Context, r lifecycle.Restart) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = append(w.again, r)
	return w.unfit
}

// inFlightLimit is Temporal's default limit of updates in flight for one workflow.
const inFlightLimit = 10

// Act implements admin.Workflows, with Temporal's limit of updates in flight.
func (w *fakeWorkflows) Act(ctx context.Context, p pirogue.Payment, auditID string) (support.ActionResult, error) {
	w.mu.Lock()
	w.inFlight++
	w.most = max(w.most, w.inFlight)
	w.requests = append(w.requests, auditID)
	act, full := w.act, w.inFlight > inFlightLimit
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.inFlight--
	}()
	if full {
		return support.ActionResult{}, pirogue.Errorf(pirogue.ServiceUnavailable, "too many updates in flight")
	}
	return act(ctx, p, auditID)
}

// Waiting implements admin.Workflows.
func (w *fakeWorkflows) Waiting(
	ctx context.Context, _ pirogue.PaymentID, _ pirogue.PaymentKind, now time.Time,
) (lifecycle.WaitState, error) {
	if w.waiting != nil {
		return w.waiting(ctx)
	}
	return lifecycle.WaitState{For: "customer", NextPoll: now.Add(5 * time.Second)}, nil
}

// Deliver implements admin.Workflows.
func (w *fakeWorkflows) Deliver(_ context.Context, e pirogue.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away != nil {
		return w.away
	}
	w.delivered = append(w.delivered, string(e.ID)+" "+string(rune('0'+e.Round)))
	return nil
}

// asked returns the actions that reached a workflow.
func (w *fakeWorkflows) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// world is a server over fakes, with one pending payment and three people.
type world struct {
	t         *testing.T
	store     *fakeStore
	workflows *fakeWorkflows
	server    *admin.Server
	payment   pirogue.Payment
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: newFakeStore(), workflows: &fakeWorkflows{}}
	w.workflows.act = says(support.ActionResult{
		Decision: support.DecisionWaiting, Reason: "asked", Evidence: "PENDING",
	})
	for name, role := range map[string]support.Role{
		reader: support.RoleReader, supportToken: support.RoleSupport, finance: support.RoleFinance, "retired": "",
	} {
		w.store.tokens[name] = holder{name, role}
	}
	w.payment = pirogue.Payment{
		ID: ids.Payment(), MerchantID: merchantID, Mode: pirogue.Test, Kind: pirogue.CashOut, OrderID: "order_001",
		Status: pirogue.StatusPending, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF}, Country: "ML",
		MSISDN: "+22376123456", Operator: "sonatel-ml-test", CreatedAt: time.Now().Add(-time.Hour),
	}
	w.change(func(*pirogue.Payment) {})
	server, err := admin.New(admin.Options{
		Operators: []pirogue.OperatorCode{"orange-web-ml", "sonatel-sn"},
		PublicURL: "https://pay.example",
		Store:     w.store.parts(), Workflows: w.workflows, Clock: time.Now, Log: zap.NewNop(),
		WorkflowID: func(id pirogue.PaymentID, k pirogue.PaymentKind) string {
			return strings.ToLower(string(k)) + "-" + string(id)
		},
	})
	require.NoError(t, err)
	w.server = server
	return w
}

// change changes the payment, and its row in the database too.
func (w *world) change(how func(*pirogue.Payment)) {
	how(&w.payment)
	w.store.change(func() { w.store.payments[w.payment.ID] = w.payment })
}

// says plays a workflow that always responds with one result.
func says(v support.ActionResult) func(context.Context, pirogue.Payment, string) (support.ActionResult, error) {
	return func(context.Context, pirogue.Payment, string) (support.ActionResult, error) { return v, nil }
}

// fails plays a workflow whose call fails with a code.
func fails(code pirogue.Code) func(context.Context, pirogue.Payment, string) (support.ActionResult, error) {
	return func(context.Context, pirogue.Payment, string) (support.ActionResult, error) {
		return support.ActionResult{}, pirogue.Errorf(code, "something with a secret in it")
	}
}

// reply is a recorded response.
type reply struct {
	*httptest.ResponseRecorder
	Error  string          `json:"error"`
	Code   pirogue.Code    `json:"code"`
	Params []pirogue.Param `json:"params"`
	Data   json.RawMessage `json:"data"`
}

// request returns a request with one person's token.
func request(who, method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+who)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// do sends a request.
func (w *world) do(r *http.Request) reply {
	got := reply{ResponseRecorder: httptest.NewRecorder()}
	w.server.Handler().ServeHTTP(got, r)
	if err := json.Unmarshal(got.Body.Bytes(), &got); err != nil {
		w.t.Errorf("%s %s answers %d %s", r.Method, r.URL, got.ResponseRecorder.Code, got.Body)
	}
	return got
}

// status returns the response's HTTP status.
func (r reply) status() int { return r.ResponseRecorder.Code }

// entry returns the audit entry in a response.
func (r reply) entry(t *testing.T) admin.AuditEntry {
	t.Helper()
	var entry admin.AuditEntry
	require.NoError(t, json.Unmarshal(r.Data, &entry), "%s", r.Body)
	return entry
}

// requestAction sends one action on the payment, with Seydou's token.
func (w *world) requestAction(kind support.SupportActionKind, body string) reply {
	return w.do(request(supportToken, http.MethodPost, "/payments/"+string(w.payment.ID)+"/"+string(kind), body))
}
