package worker_test

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/store"
	"pirogue/support"
	"pirogue/vault"
	"pirogue/worker"
	"pirogue/workflows"
)

func TestMain(m *testing.M) { piroguetest.Main(m) }

// settling is a workflow that waits for one activity, as a payment's workflow does when it
// finalizes.
func settling(ctx workflow.Context, ending activities.FinalizeInput) (activities.FinalizeResult, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1, MaximumAttempts: 1000,
		},
	})
	var ended activities.FinalizeResult
	err := workflow.ExecuteActivity(ctx, "Finalize", ending).Get(ctx, &ended)
	return ended, err
}

// told stands for the workflows that activities start; these tests use none.
type told struct{ activities.Workflows }

func (told) Deliver(context.Context, pirogue.Event) error { return nil }

// database is a store with one cash-in that was sent and whose money cannot be booked.
type database struct {
	t       *testing.T
	db      *store.DB
	raw     *sql.DB
	payment pirogue.Payment
	drop    string // the statement that makes the money bookable
}

func newDatabase(t *testing.T, url string) *database {
	t.Helper()
	ring, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(t, err)
	b := &database{t: t}
	b.db, err = store.Open(t.Context(), store.Options{URL: url, Clock: time.Now, Ring: ring})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.db.Close()) })
	require.NoError(t, b.db.Migrate(t.Context()))
	merchant, err := b.db.Merchants.CreateMerchant(
		t.Context(), pirogue.Merchant{Name: "Boutique", NotifyURL: "https://m.example"},
	)
	require.NoError(t, err)
	b.payment = b.cashIn(merchant.ID)
	driver, dsn, create := "pgx", url, `CREATE TRIGGER broken BEFORE INSERT ON ledger_journals
		FOR EACH ROW EXECUTE FUNCTION refuse_change()`
	b.drop = "DROP TRIGGER broken ON ledger_journals"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, dsn, b.drop = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)", "DROP TRIGGER broken"
		create = "CREATE TRIGGER broken BEFORE INSERT ON ledger_journals BEGIN SELECT RAISE(ABORT, 'refused'); END"
	}
	b.raw, err = sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.raw.Close()) })
	b.exec(create)
	return b
}

func (b *database) exec(statement string) {
	b.t.Helper()
	_, err := b.raw.ExecContext(b.t.Context(), statement)
	require.NoError(b.t, err)
}

func (b *database) cashIn(merchant pirogue.MerchantID) pirogue.Payment {
	b.t.Helper()
	now := time.Now()
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: merchant, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: "order_1",
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "ML",
		MSISDN: "+22370001234", Network: pirogue.Orange, Operator: "script-ml",
		StartDeadline: now.Add(operator.StartDeadline), CreatedAt: now, UpdatedAt: now,
	}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: now, UpdatedAt: now,
	}
	_, _, err := b.db.Payments.Accept(b.t.Context(), p, a, operator.CallbackDigest(string(a.Ref)))
	require.NoError(b.t, err)
	sent, err := b.db.Attempts.Send(b.t.Context(), a.ID, operator.SendLimits{}, now)
	require.NoError(b.t, err)
	require.Equal(b.t, lifecycle.SendMarked, sent.Result)
	return p
}

func (b *database) cases() []support.Case {
	b.t.Helper()
	cases, err := b.db.Cases.Cases(b.t.Context(), b.payment.ID)
	require.NoError(b.t, err)
	return cases
}

// settle runs the workflow and calls look after the given number of failures.
func (b *database) settle(failures int, look func()) {
	b.t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	var counted atomic.Int32
	watch := worker.WatchFailures(activities.New(
		activities.Config{Store: activitiestest.Store(activitiestest.NewAllStores(b.db)), Clock: time.Now},
	), func(activity string) {
		require.Equal(b.t, "Finalize", activity)
		counted.Add(1)
	})
	env.SetWorkerOptions(sdk.Options{Interceptors: []interceptor.WorkerInterceptor{watch}})
	env.SetStartWorkflowOptions(
		client.StartWorkflowOptions{ID: workflows.PaymentWorkflowID(b.payment.ID, pirogue.CashIn)},
	)
	env.RegisterActivity(activities.New(
		activities.Config{Store: activitiestest.Store(activitiestest.NewAllStores(b.db)), Clock: time.Now, Workflows: told{}},
	))
	env.RegisterWorkflow(settling)
	env.RegisterDelayedCallback(func() {
		look()
		b.exec(b.drop)
	}, time.Duration(failures)*time.Second-time.Second/2)
	env.ExecuteWorkflow(settling, activities.FinalizeInput{
		PaymentID: b.payment.ID, Status: pirogue.StatusSuccess, ProviderTxID: "MP2604.1",
	})
	require.NoError(b.t, env.GetWorkflowError())
	settled, _, err := b.db.Attempts.Latest(b.t.Context(), b.payment.ID)
	require.NoError(b.t, err)
	require.Equal(b.t, pirogue.StatusSuccess, settled.Status)
	require.Equal(b.t, int32(failures/activities.FailuresToCase), counted.Load(), "the figure")
}

func TestFailingActivity(t *testing.T) {
	t.Parallel()

	for name, row := range map[string]struct {
		failures int
		open     bool
	}{
		"nineteen failures": {activities.FailuresToCase - 1, false},
		"twenty failures":   {activities.FailuresToCase, true},
		"thirty failures":   {activities.FailuresToCase + 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			piroguetest.EachDatabase(t, func(t *testing.T, url string) {
				t.Helper()
				b := newDatabase(t, url)
				var looked atomic.Bool
				b.settle(row.failures, func() {
					looked.Store(true)
					cases := b.cases()
					if !row.open {
						require.Empty(t, cases)
						return
					}
					require.Len(t, cases, 1)
					require.Equal(t, support.CauseNotBooked, cases[0].Cause)
					require.True(t, cases[0].ClosedAt.IsZero())
					require.Contains(t, cases[0].Note, "Finalize has failed 20 times")
					require.Contains(t, cases[0].Note, "refused", "why it fails")
					require.Contains(t, cases[0].Note, "MP2604.1", "the operator's facts")
					require.Empty(t, cases[0].Cause.AllowedActions(), "nobody can do anything meanwhile")
				})
				require.True(t, looked.Load())
				for _, c := range b.cases() {
					require.False(t, c.ClosedAt.IsZero(), "the success has closed it")
				}
			})
		})
	}
}
