package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/activities"
	"pirogue/ids"
	"pirogue/piroguetest"
	"pirogue/store"
	"pirogue/vault"
	"pirogue/workflows"
)

// world is what surrounds one payment: a real database, an operator that plays a
// script, a merchant's endpoint, and a clock that the workflow's test moves.
type world struct {
	t        *testing.T
	env      *testsuite.TestWorkflowEnvironment
	store    *store.DB
	operator *operator
	endpoint *endpoint
	payment  pirogue.Payment
	order    pirogue.Order
	events   []pirogue.EventID // deliveries that were started
}

const instance pirogue.OperatorCode = "script-ml"

func newWorld(t *testing.T, policy pirogue.LatePolicy) *world {
	t.Helper()
	w := &world{t: t, env: quiet().NewTestWorkflowEnvironment()}
	w.env.SetTestTimeout(time.Minute)
	w.operator = &operator{now: w.env.Now, began: w.env.Now()}
	w.endpoint = &endpoint{now: w.env.Now}

	ring, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(t, err)
	w.store, err = store.Open(t.Context(), store.Options{
		URL: piroguetest.SQLite(t), Clock: w.env.Now, Ring: ring, Rate: store.Rate{PerSecond: 1, Burst: 1},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	require.NoError(t, w.store.Migrate(t.Context()))

	instances := map[pirogue.OperatorCode]pirogue.Instance{instance: {
		Code: instance, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
		Window: 5 * time.Minute, CallTimeout: 10 * time.Second, Operator: w.operator,
	}}
	w.accept(policy, instances)
	w.env.RegisterActivity(&activities.Activities{
		Store: w.store, Operators: instances, Workflows: w, Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	})
	return w
}

// quiet is a test suite that prints nothing.
func quiet() *testsuite.WorkflowTestSuite {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite
}

// accept writes the payment as the API does.
func (w *world) accept(policy pirogue.LatePolicy, instances map[pirogue.OperatorCode]pirogue.Instance) {
	ctx, now := w.t.Context(), pirogue.Clock(w.env.Now).Now()
	merchant, err := w.store.CreateMerchant(ctx, pirogue.Merchant{
		Name: "Boutique", NotifyURL: "https://merchant.example/hook", LatePolicy: policy,
	})
	require.NoError(w.t, err)
	_, _, err = w.store.CreateKey(ctx, pirogue.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}, nil)
	require.NoError(w.t, err)
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: "order_1",
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, Country: "ML", MSISDN: "+22370001234", Network: pirogue.Orange,
		Operator: instance, StartDeadline: now.Add(90 * time.Second), CreatedAt: now, UpdatedAt: now,
	}
	ref := ids.Reference(p.Kind)
	var fresh bool
	w.payment, fresh, err = w.store.Accept(ctx, p, pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: instance, Ref: ref,
		State: pirogue.AttemptPrepared, CreatedAt: now,
	}, urls{}.Digest(ref))
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	w.order = pirogue.NewOrder(w.payment, instances[instance])
}

// cashIn tells the story to its end.
func (w *world) cashIn() pirogue.Payment {
	w.t.Helper()
	w.env.ExecuteWorkflow(workflows.CashIn, w.order)
	require.True(w.t, w.env.IsWorkflowCompleted())
	p, _, err := w.store.Latest(w.t.Context(), w.payment.ID)
	require.NoError(w.t, err)
	violations, err := w.store.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, violations)
	return p
}

// ring is the operator calling back after a while.
func (w *world) ring(after time.Duration) {
	w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(workflows.CallbackSignal, nil) }, after)
}

// causes returns the causes of the payment's cases.
func (w *world) causes() []pirogue.Cause {
	w.t.Helper()
	cases, err := w.store.Cases(w.t.Context(), w.payment.ID)
	require.NoError(w.t, err)
	var causes []pirogue.Cause
	for _, c := range cases {
		causes = append(causes, c.Cause)
	}
	return causes
}

// Launch implements activities.Workflows.
func (w *world) Launch(context.Context, pirogue.Payment) error { return nil }

// Deliver implements activities.Workflows.
func (w *world) Deliver(_ context.Context, _ pirogue.Owner, id pirogue.EventID) error {
	w.events = append(w.events, id)
	return nil
}

// Heard implements activities.Workflows.
func (w *world) Heard(context.Context, pirogue.PaymentID, pirogue.Kind) error { return nil }

type urls struct{}

func (urls) URL(_ pirogue.OperatorCode, ref pirogue.OperatorRef) string {
	return "https://pirogue.example/callbacks/" + string(ref)
}

func (urls) Digest(ref pirogue.OperatorRef) string { return pirogue.CallbackDigest(string(ref)) }

// scene is what the operator says from a moment on, counted from the submission.
type scene struct {
	from    time.Duration
	outcome pirogue.Outcome
	amount  int64 // 0: the order's
	err     error
}

// operator plays scenes and counts what it was asked.
type operator struct {
	mu       sync.Mutex
	now      func() time.Time
	began    time.Time
	collects []error       // what the first collections fail with; then it accepts
	upAfter  time.Duration // until then every collection fails, counted from the beginning
	refs     []pirogue.OperatorRef
	scenes   []scene
	asked    int
}

func (o *operator) Capability() pirogue.Capability {
	return pirogue.Capability{
		Reference: pirogue.StatusByReference, Unheard: pirogue.RepeatRenewed, Horizon: 24 * time.Hour,
	}
}

func (o *operator) Collect(_ context.Context, c pirogue.Collection) (pirogue.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs = append(o.refs, c.Ref)
	if o.now().Sub(o.began) < o.upAfter {
		return pirogue.Receipt{}, notSent
	}
	if n := len(o.refs); n <= len(o.collects) && o.collects[n-1] != nil {
		return pirogue.Receipt{}, o.collects[n-1]
	}
	o.began = o.now()
	return pirogue.Receipt{
		Outcome: pirogue.OutcomePending, Handle: pirogue.Handle{"pay_token": "secret"},
		NextAction: pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://operator.example/pay"},
	}, nil
}

func (o *operator) Status(_ context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	if q.Handle["pay_token"] != "secret" {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "asked without the token")
	}
	current := scene{outcome: pirogue.OutcomePending}
	for _, s := range o.scenes {
		if o.now().Sub(o.began) >= s.from {
			current = s
		}
	}
	receipt := pirogue.Receipt{Outcome: current.outcome, ProviderTxID: "MP1"}
	if current.amount != 0 {
		receipt.Amount = pirogue.Money{Minor: current.amount, Currency: pirogue.XOF}
	}
	return receipt, current.err
}

// endpoint is a merchant's server that answers as it is told.
type endpoint struct {
	now     func() time.Time
	answers []int // 0: no answer at all; the last one repeats
	after   time.Duration
	at      []time.Time
}

func (e *endpoint) Send(_ context.Context, m activities.Message, spend func([32]byte) error) (activities.Reply, error) {
	if err := spend([32]byte{byte(len(e.at) + 1)}); err != nil {
		return activities.Reply{}, err
	}
	e.at = append(e.at, e.now())
	answer := http.StatusOK
	if len(e.answers) > 0 {
		answer = e.answers[min(len(e.at), len(e.answers))-1]
	}
	if answer == 0 {
		return activities.Reply{}, errors.New("TIMED_OUT")
	}
	return activities.Reply{HTTPStatus: answer, RetryAfter: e.after}, nil
}
