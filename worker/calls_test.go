package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

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
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/support"
	"pirogue/worker"
	"pirogue/workflows"
)

// asking is a workflow that waits for the operator's answer, as a payment's workflow does.
func asking(ctx workflow.Context, q activities.StatusInput) (operator.OperatorResult, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1, MaximumAttempts: 1000,
		},
	})
	var receipt operator.OperatorResult
	err := workflow.ExecuteActivity(ctx, "AskStatus", q).Get(ctx, &receipt)
	return receipt, err
}

// asked is an operator that answers questions as it is told.
type asked struct {
	answer func() (operator.OperatorResult, error)
}

func (asked) Capability() operator.Capability {
	return operator.Capability{
		Reference: operator.StatusByReference, FinalityWindow: time.Hour, Proof: operator.ProofNone,
	}
}

func (a asked) Status(context.Context, operator.StatusQuery) (operator.OperatorResult, error) {
	return a.answer()
}

// Our own errors in the call of an operator open a case; the operator's answers do not, nor that it
// does not answer.
func TestFailingCalls(t *testing.T) {
	t.Parallel()

	pending := operator.OperatorResult{Outcome: pirogue.OutcomePending}
	unknown := pirogue.Errorf(operator.Unknown, "no answer in 10 s")
	ours := pirogue.Errorf(pirogue.Internal, "the key is gone")
	for name, tt := range map[string]struct {
		answer func(n int32) (operator.OperatorResult, error)
		want   int
	}{
		"our own error": {answer: func(int32) (operator.OperatorResult, error) { return pending, ours }, want: 1},
		"our own error, after many polls": {answer: func(n int32) (operator.OperatorResult, error) {
			if n <= 7 {
				return pending, nil
			}
			return pending, ours
		}, want: 1},
		"our own error now and then": {answer: func(n int32) (operator.OperatorResult, error) {
			if n%10 == 0 {
				return pending, ours
			}
			return pending, nil
		}},
		"pending": {answer: func(int32) (operator.OperatorResult, error) { return pending, nil }},
		"the operator does not answer": {
			answer: func(int32) (operator.OperatorResult, error) { return pending, unknown },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			piroguetest.EachDatabase(t, func(t *testing.T, url string) {
				t.Helper()
				b := newDatabase(t, url)
				b.exec(b.drop)
				var n atomic.Int32
				var well atomic.Bool
				o := asked{func() (operator.OperatorResult, error) {
					if well.Load() {
						return operator.OperatorResult{Outcome: pirogue.OutcomePaid}, nil
					}
					return tt.answer(n.Add(1))
				}}
				b.ask(o, func() {
					open := 0
					for _, c := range b.cases() {
						require.Equal(t, support.CauseNotBooked, c.Cause)
						require.Contains(t, c.Note, "AskStatus has failed")
						open++
					}
					require.Equal(t, tt.want, open)
					well.Store(true)
				})
				for _, c := range b.cases() {
					require.False(t, c.ClosedAt.IsZero(), "the answer has closed it")
				}
			})
		})
	}
}

// ask runs the workflow and calls look after a while.
func (b *database) ask(o asked, look func()) {
	b.t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	operators := map[pirogue.OperatorCode]operator.Instance{
		b.payment.Operator: {Code: b.payment.Operator, Operator: o},
	}
	a := activities.New(activities.Config{
		Store: activitiestest.Store(activitiestest.NewAllStores(b.db)), Clock: env.Now, Operators: operators,
	})
	watch := worker.WatchCalls(a, func(string) {})
	env.SetWorkerOptions(sdk.Options{Interceptors: []interceptor.WorkerInterceptor{watch}})
	env.SetStartWorkflowOptions(
		client.StartWorkflowOptions{ID: workflows.PaymentWorkflowID(b.payment.ID, pirogue.CashIn)},
	)
	env.RegisterActivity(a)
	env.RegisterWorkflow(asking)
	looked := false
	env.RegisterDelayedCallback(func() { looked = true; look() }, 4*time.Minute)
	env.ExecuteWorkflow(asking, activities.StatusInput{
		PaymentID: b.payment.ID, Pace: activities.Brisk,
		Candidate: operator.RouteCandidate{Operator: b.payment.Operator},
	})
	require.NoError(b.t, env.GetWorkflowError())
	require.True(b.t, looked)
}
