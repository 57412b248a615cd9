package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/bulk"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/store"
	"pirogue/support"
	"pirogue/vault"
	"pirogue/workflows"
)

// world surrounds one payment: a real database, an operator that plays a
// script, a merchant's endpoint, and a clock that the workflow's test moves.
type world struct {
	restarts

	t         *testing.T
	env       *testsuite.TestWorkflowEnvironment
	store     *activitiestest.AllStores
	operator  *scriptedOperator
	next      *scriptedOperator      // that is tried after it; nil: none
	noStatus  bool                   // the operator cannot be asked
	resends   bool                   // the operator sends its callback again
	refunds   []pirogue.OperatorCode // operators with a refund call, beside a setting's
	rate      float64                // of the operator's contract
	undecided bool                   // the operator decides nothing at once
	otp       string                 // what the customers of later cash-ins gave us; "" for none
	endpoint  *endpoint
	owner     access.Owner
	payment   pirogue.Payment
	input     lifecycle.PaymentInput
	parent    pirogue.Payment         // of a refund: the cash-in that is given back
	earned    []pirogue.Attempt       // of cash-ins that were paid before
	events    []pirogue.EventID       // deliveries that were started
	launching sync.Mutex              // guards launched: runs of an activity overlap
	launched  []pirogue.Payment       // payments whose workflow was started
	bulks     []pirogue.BulkID        // bulks likewise
	returned  []pirogue.Status        // what becomes of returns of stray money, in their order; then SUCCESS
	returns   bool                    // a test tells their workflows itself
	actions   map[string]*askedAction // what support asked, by the act's ID
}

const (
	instance pirogue.OperatorCode = "script-ml"
	another  pirogue.OperatorCode = "second-ml"
	// funds is the merchant's balance before it pays anything out, in minor units.
	funds = 100_000
	// openFor is the time that a test watches a payment that only a person can end: longer
	// than every finality window.
	openFor = 26 * time.Hour
)

// setting holds the variations of a world. Its zero value is a cash-in at an
// operator that can be asked by our reference.
type setting struct {
	kind           pirogue.PaymentKind
	policy         pirogue.LatePolicy
	power          operator.ReferencePower
	finalityWindow time.Duration // 0 means a day
	resend         time.Duration // how long the operator executes a reference once; 0 promises nothing
	proves         bool          // that the operator knows nothing proves, past the finality window
	refunds        bool          // the operator has a refund call
	next           bool          // there is another operator to try
	noStatus       bool          // the operator cannot be asked, and proves its callbacks
	resends        bool          // the operator sends its callback again when it is asked to
	rate           float64       // calls a second that the operator's contract allows; 0: any number
	undecided      bool          // the operator decides nothing at once
	part           int64         // of a refund: minor units; 0 means all of the cash-in
	otp            string        // the customer's one-time password; "" for none
}

func newWorld(t *testing.T, policy pirogue.LatePolicy) *world {
	t.Helper()
	return newWorldOf(t, setting{policy: policy})
}

func newWorldOf(t *testing.T, s setting) *world {
	t.Helper()
	return openDatabase(t).world(t, s)
}

// database is a database and its clock, for one world after the other.
type database struct {
	db    *store.DB
	store *activitiestest.AllStores // of db
	now   pirogue.Clock
	file  string
}

// idleDatabases keeps databases that no test uses: to make one takes longer than most workflows.
var idleDatabases struct {
	sync.Mutex
	folder string
	free   []*database
	all    []*database
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, b := range idleDatabases.all {
		b.db.Close() //nolint:errcheck // its folder is removed next
	}
	if idleDatabases.folder != "" {
		os.RemoveAll(idleDatabases.folder) //nolint:errcheck // nobody is left to tell
	}
	os.Exit(code)
}

// openBooks takes a database from the shelf, or makes one, for as long as the test runs.
func openDatabase(t *testing.T) *database {
	t.Helper()
	idleDatabases.Lock()
	defer idleDatabases.Unlock()
	var b *database
	if last := len(idleDatabases.free) - 1; last >= 0 {
		b, idleDatabases.free = idleDatabases.free[last], idleDatabases.free[:last]
	} else {
		b = createDatabase(t)
		idleDatabases.all = append(idleDatabases.all, b)
	}
	t.Cleanup(func() {
		idleDatabases.Lock()
		defer idleDatabases.Unlock()
		idleDatabases.free = append(idleDatabases.free, b)
	})
	return b
}

// freshBooks makes a database that holds nothing else: what sweeps and audits reads all
// that is there.
func freshDatabase(t *testing.T) *database {
	t.Helper()
	idleDatabases.Lock()
	defer idleDatabases.Unlock()
	b := createDatabase(t)
	t.Cleanup(func() { require.NoError(t, errors.Join(b.db.Close(), os.Remove(b.file))) })
	return b
}

// stale is a time without a write to a folder, after which its tests were certainly killed.
const stale = time.Hour

// inMemory makes a folder for databases, on a disk in memory where there is one. It removes
// those that killed tests left there.
func inMemory(t *testing.T) string {
	t.Helper()
	root := "/dev/shm"
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		root = os.TempDir()
	}
	left, err := filepath.Glob(filepath.Join(root, "pirogue-workflows-*"))
	require.NoError(t, err)
	for _, folder := range left {
		if info, err := os.Stat(folder); err == nil && time.Since(info.ModTime()) > stale {
			os.RemoveAll(folder) //nolint:errcheck // the next run tries again
		}
	}
	folder, err := os.MkdirTemp(root, "pirogue-workflows-") //nolint:usetesting // databases outlive their test
	require.NoError(t, err)
	return folder
}

// newBooks makes a database.
func createDatabase(t *testing.T) *database {
	t.Helper()
	if idleDatabases.folder == "" {
		idleDatabases.folder = inMemory(t)
	}
	b := &database{now: time.Now, file: filepath.Join(idleDatabases.folder, ids.New()+".db")}
	callBack, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(t, err)
	b.db, err = store.Open(context.Background(), store.Options{
		URL: "sqlite:" + b.file, Ring: callBack,
		Clock: func() time.Time { return b.now() }, Rate: store.Rate{PerSecond: 1, Burst: 1},
	})
	require.NoError(t, err)
	require.NoError(t, b.db.Migrate(t.Context()))
	b.store = activitiestest.NewAllStores(b.db)
	return b
}

// world makes a merchant with one payment in the books.
func (b *database) world(t *testing.T, s setting) *world {
	t.Helper()
	w := &world{t: t, actions: map[string]*askedAction{}, store: b.store}
	w.operator = &scriptedOperator{power: s.power, finalityWindow: s.finalityWindow, proves: s.proves, resend: s.resend}
	w.noStatus, w.resends, w.rate, w.undecided = s.noStatus, s.resends, s.rate, s.undecided
	if s.next {
		w.next = &scriptedOperator{power: s.power, finalityWindow: s.finalityWindow, proves: s.proves}
	}
	w.renew()
	if s.next {
		w.next.now = w.env.Now
	}
	b.now = func() time.Time { return w.env.Now() }
	w.addMerchant(s.policy)
	w.payment = w.accept(s)
	w.input = w.ordered(s.refunds)
	w.register(s.refunds)
	return w
}

// renew gives the world a Temporal that knows nothing of the payment. Its clock begins where
// the last one ended.
func (w *world) renew() {
	env := quiet().NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	setWorker(env, 0)
	if w.env != nil {
		env.SetStartTime(w.env.Now())
	}
	w.env = env
	w.operator.now, w.endpoint = env.Now, &endpoint{now: env.Now}
}

// register gives the workflows their activities.
func (w *world) register(refunds bool) {
	w.env.RegisterActivity(activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(refunds), Routes: routes{w.instances(refunds)},
		Workflows: w,
		Sender:    w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	}))
}

func (w *world) instances(refunds bool) map[pirogue.OperatorCode]operator.Instance {
	i := operator.Instance{
		Code: instance, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
		Window: 5 * time.Minute, CallTimeout: 10 * time.Second, Operator: w.operator,
	}
	i.CallsPerSecond = w.rate
	i.DecidesAtOnce = operator.AtOnce{CashIn: !w.undecided, MoneyOut: !w.undecided}
	switch {
	case refunds:
		i.Operator = refunder{w.operator}
	case w.noStatus && w.resends:
		i.Operator = resender{noStatus{w.operator}, w.operator, w.operator, w.operator}
	case w.noStatus:
		i.Operator = noStatus{w.operator}
	case w.resends:
		i.Operator = resendsAndAnswers{resender{w.operator, w.operator, w.operator, w.operator}, w.operator}
	}
	all := map[pirogue.OperatorCode]operator.Instance{instance: i}
	if w.next != nil {
		i.Code, i.Operator = another, w.next
		all[another] = i
	}
	for _, code := range w.refunds {
		i := all[code]
		i.Operator = refunder{map[pirogue.OperatorCode]*scriptedOperator{instance: w.operator, another: w.next}[code]}
		all[code] = i
	}
	return all
}

// ordered returns the input of the payment's workflow.
func (w *world) ordered(refunds bool) lifecycle.PaymentInput {
	all := w.instances(refunds)
	route := []operator.Instance{all[instance]}
	if w.next != nil {
		route = append(route, all[another])
	}
	return lifecycle.NewPaymentInput(w.payment, route)
}

// quiet is a test suite that prints nothing.
func quiet() *testsuite.WorkflowTestSuite {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return suite
}

// addMerchant makes the merchant.
func (w *world) addMerchant(policy pirogue.LatePolicy) {
	merchant, err := w.store.CreateMerchant(w.t.Context(), pirogue.Merchant{
		Name: "Boutique", NotifyURL: "https://merchant.example/hook", LatePolicy: policy,
	})
	require.NoError(w.t, err)
	w.owner = access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}
	_, _, err = w.store.CreateKey(w.t.Context(), w.owner, nil)
	require.NoError(w.t, err)
}

// accept writes the payment of a setting as the API does.
func (w *world) accept(s setting) pirogue.Payment {
	w.t.Helper()
	switch s.kind {
	case pirogue.CashOut:
		w.collected("funds", funds, 0)
		p, _ := w.write(pirogue.Payment{Kind: s.kind, OrderID: "order_1", Amount: xof(5000), Fee: xof(50)})
		return p
	case pirogue.Refund:
		w.collected("funds", funds-4925, 0)
		w.parent = w.collected("sold", 5000, 75)
		part := s.part
		if part == 0 {
			part = w.parent.Amount.Minor
		}
		p, _ := w.write(pirogue.Payment{
			Kind: s.kind, OrderID: "refund_1", ParentID: w.parent.ID, Amount: xof(part), Fee: xof(0),
		})
		return p
	default:
		w.otp = s.otp
		p, _ := w.write(pirogue.Payment{Kind: pirogue.CashIn, OrderID: "order_1", Amount: xof(5000), Fee: xof(0)})
		return p
	}
}

// write has the database accept a payment with its first attempt.
func (w *world) write(p pirogue.Payment) (pirogue.Payment, pirogue.Attempt) {
	w.t.Helper()
	now := pirogue.Clock(w.env.Now).Now()
	p.ID, p.MerchantID, p.Mode, p.Status = ids.Payment(), w.owner.MerchantID, w.owner.Mode, pirogue.StatusCreated
	p.Country, p.MSISDN, p.Network, p.Operator = "ML", "+22370001234", pirogue.Orange, instance
	p.FeePayer, p.FeeReturns = pirogue.PaidByMerchant, p.Kind == pirogue.CashIn
	p.StartDeadline, p.CreatedAt, p.UpdatedAt = now.Add(operator.StartDeadline), now, now
	attempt := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: instance, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: now, UpdatedAt: now,
	}
	if w.otp != "" {
		attempt.Handle = pirogue.Handle{pirogue.HandleOTP: w.otp}
	}
	p, fresh, err := w.store.Accept(w.t.Context(), p, attempt, urls{}.Digest(attempt.Ref))
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	return p, attempt
}

// sent marks an attempt of a payment as sent.
func (w *world) sent(a pirogue.Attempt) {
	w.t.Helper()
	sent, err := w.store.Send(w.t.Context(), a.ID, operator.SendLimits{}, w.env.Now())
	require.NoError(w.t, err)
	require.Equal(w.t, lifecycle.SendMarked, sent.Result)
}

// collected is a cash-in that was paid some time ago.
func (w *world) collected(input string, amount, fee int64) pirogue.Payment {
	w.t.Helper()
	ctx, now := w.t.Context(), pirogue.Clock(w.env.Now).Now()
	p, a := w.write(pirogue.Payment{Kind: pirogue.CashIn, OrderID: input, Amount: xof(amount), Fee: xof(fee)})
	w.earned = append(w.earned, a)
	w.sent(a)
	_, err := w.store.RecordAttemptResult(ctx, lifecycle.AttemptResult{
		AttemptID: a.ID, Sending: 1, State: pirogue.AttemptAccepted, Handle: token, ExpiresAt: now.Add(time.Minute),
		At: now,
	})
	require.NoError(w.t, err)
	settled, err := w.store.Finalize(
		ctx, lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: now},
	)
	require.NoError(w.t, err)
	return settled.Payment
}

// expire ends the payment as the sweep does when nobody started it.
func (w *world) expire() lifecycle.Finalized {
	w.t.Helper()
	settled, err := w.store.Finalize(w.t.Context(), lifecycle.Finalization{
		PaymentID: w.payment.ID, From: pirogue.StatusCreated, Status: pirogue.StatusExpired, At: w.env.Now(),
		Failure: pirogue.Failure{Code: pirogue.FailedNotStarted},
	})
	require.NoError(w.t, err)
	return settled
}

// runAndAudit runs the payment's workflow to its end, and audits the books.
func (w *world) runAndAudit() pirogue.Payment {
	w.t.Helper()
	p := w.run()
	w.audit()
	return p
}

// run runs the payment's workflow to its end.
func (w *world) run() pirogue.Payment {
	w.t.Helper()
	stories := map[pirogue.PaymentKind]paymentFunc{
		pirogue.CashIn: workflows.CashIn, pirogue.CashOut: workflows.CashOut, pirogue.Refund: workflows.Refund,
	}
	w.env.ExecuteWorkflow(withLosableHistory(stories[w.payment.Kind]), w.input)
	require.True(w.t, w.env.IsWorkflowCompleted())
	p, _ := w.latest()
	return p
}

// audit proves that the books balance and that every status is what it says.
func (w *world) audit() {
	w.t.Helper()
	violations, err := w.store.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, violations)
}

// latest returns the payment as it stands, with its latest attempt.
func (w *world) latest() (pirogue.Payment, pirogue.Attempt) {
	w.t.Helper()
	p, a, err := w.store.Latest(w.t.Context(), w.payment.ID)
	require.NoError(w.t, err)
	return p, a
}

// callBack is the operator calling back after a while.
func (w *world) callBack(after time.Duration) {
	w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(workflows.CallbackSignal, nil) }, after)
}

// cases returns the causes of a payment's cases that are open, and of those that are
// closed.
func (w *world) cases(id pirogue.PaymentID) (open, closed []support.Cause) {
	w.t.Helper()
	cases, err := w.store.Cases(w.t.Context(), id)
	require.NoError(w.t, err)
	for _, c := range cases {
		if c.ClosedAt.IsZero() {
			open = append(open, c.Cause)
		} else {
			closed = append(closed, c.Cause)
		}
	}
	return open, closed
}

// balance returns the merchant's only balance.
func (w *world) balance() listing.Balance {
	w.t.Helper()
	balances, err := w.store.Balances(w.t.Context(), w.owner)
	require.NoError(w.t, err)
	require.Len(w.t, balances, 1)
	return balances[0]
}

// finalizeCashOut returns what our books say left us under a reference, in minor units.
func (w *world) paidOut(ref pirogue.OperatorRef) int64 {
	w.t.Helper()
	_, out, err := w.store.OperatorBook(w.t.Context(), instance)
	require.NoError(w.t, err)
	return out[string(ref)]
}

// LaunchBulk implements activities.Workflows.
func (w *world) LaunchBulk(_ context.Context, b bulk.Bulk) error {
	w.bulks = append(w.bulks, b.ID)
	return nil
}

// Deliver implements activities.Workflows.
func (w *world) Deliver(_ context.Context, e pirogue.Event) error {
	w.events = append(w.events, e.ID)
	return nil
}

// SignalCallback implements activities.Workflows.
func (w *world) SignalCallback(context.Context, pirogue.PaymentID, pirogue.PaymentKind) error {
	return nil
}

// xof is an amount of francs.
func xof(minor int64) pirogue.Money { return pirogue.Money{Minor: minor, Currency: pirogue.XOF} }

// urls makes callback addresses that nobody calls.
type urls struct{}

func (urls) URL(_ pirogue.OperatorCode, ref pirogue.OperatorRef) string {
	return "https://pirogue.example/callbacks/" + string(ref)
}

func (urls) Digest(ref pirogue.OperatorRef) string { return operator.CallbackDigest(string(ref)) }

// routes leads every payment to the one operator there is.
type routes struct {
	instances map[pirogue.OperatorCode]operator.Instance
}

func (r routes) Route(
	pirogue.Mode, pirogue.CountryCode, pirogue.Network, pirogue.PaymentKind,
) ([]operator.Instance, error) {
	return []operator.Instance{r.instances[instance]}, nil
}
