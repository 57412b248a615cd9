package activities_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// office is a page of a bulk whose lines are payments already, and what starts their
// workflows.
type office struct {
	activities.Store
	activities.Workflows

	lines   []pirogue.Payment
	broken  map[pirogue.PaymentID]bool // what cannot be started
	started map[pirogue.PaymentID]int
	rate    float64 // calls a second that the operator's contract allows; 0: any number
	full    bool    // so many payments of the bulk are open that no page may begin
	looks   int
}

func newOffice(lines int) *office {
	o := &office{broken: map[pirogue.PaymentID]bool{}, started: map[pirogue.PaymentID]int{}}
	for i := range lines {
		o.lines = append(o.lines, pirogue.Payment{ID: pirogue.PaymentID(fmt.Sprint("line_", i+1))})
	}
	return o
}

func (o *office) BulkPage(context.Context, pirogue.BulkID, int) (pirogue.BulkPageStand, error) {
	o.looks++
	if o.full {
		return pirogue.BulkPageStand{Waiting: len(o.lines), Open: pirogue.BulkPageLines}, nil
	}
	return pirogue.BulkPageStand{Begun: len(o.lines), Open: len(o.lines)}, nil
}

func (o *office) StartLines(
	context.Context, pirogue.BulkID, int, int, func(pirogue.Payment) (pirogue.Attempt, string),
) (int, error) {
	return 0, nil
}

func (o *office) OpenLines(context.Context, pirogue.BulkID, int) ([]pirogue.Payment, error) {
	return o.lines, nil
}

func (o *office) Launch(_ context.Context, p pirogue.Payment) error {
	if o.broken[p.ID] {
		return pirogue.Errorf(pirogue.Internal, "its operator is not configured")
	}
	o.started[p.ID]++
	return nil
}

// page runs the page once.
func (o *office) page(t *testing.T) (activities.PageStarted, error) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	a := &activities.Activities{Store: o, Workflows: o, Operators: map[pirogue.OperatorCode]pirogue.Instance{
		"": {CallsPerSecond: o.rate},
	}}
	env.RegisterActivity(a)
	value, err := env.ExecuteActivity(a.StartPage, activities.PageOrder{BulkID: "april", Number: 1})
	var started activities.PageStarted
	if err == nil {
		require.NoError(t, value.Get(&started))
	}
	return started, err
}

func TestALineThatCannotBeStartedHoldsUpNoOtherOfItsPage(t *testing.T) {
	t.Parallel()

	o := newOffice(20)
	for _, p := range o.lines[:10] {
		o.broken[p.ID] = true
	}
	_, err := o.page(t)
	require.ErrorContains(t, err, "10 of 20 lines are not started")
	require.ErrorContains(t, err, "payment line_5: ")
	require.NotContains(t, err.Error(), "payment line_6: ", "a history has no room for five hundred")
	require.Len(t, o.started, 10)

	clear(o.broken)
	started, err := o.page(t)
	require.NoError(t, err)
	require.Equal(t, 20, started.Launched)
	require.Len(t, o.started, 20)
}

func TestAPageStartsNoFasterThanItsOperatorTakesPayments(t *testing.T) {
	t.Parallel()

	o := newOffice(11)
	o.rate = 100
	began := time.Now()
	_, err := o.page(t)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond, "half of the contract's hundred a second")
}

// Each look for room is made in the queue of the operator, out of what its contract allows.
func TestABulkThatWaitsForRoomLooksSoonAndThenSeldom(t *testing.T) {
	t.Parallel()

	o := newOffice(1)
	o.full = true
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	a := &activities.Activities{Store: o, Workflows: o, Chance: func() float64 { return 0.5 }}
	env.RegisterActivity(a)
	env.RegisterWorkflow(waitingPage)
	var soon int
	env.RegisterDelayedCallback(func() { soon = o.looks }, 6*time.Second)
	env.RegisterDelayedCallback(func() { o.full = false }, time.Hour)
	env.ExecuteWorkflow(waitingPage, activities.PageOrder{BulkID: "april", Number: 1})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 2, soon, "a page that ends at once is followed at once")
	require.Equal(t, 64, o.looks, "in an hour")
	require.Len(t, o.started, 1)
}

// waitingPage starts a page, as patiently as a bulk does.
func waitingPage(ctx workflow.Context, in activities.PageOrder) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: math.MaxInt32},
	})
	return workflow.ExecuteActivity(ctx, (*activities.Activities)(nil).StartPage, in).Get(ctx, nil)
}
