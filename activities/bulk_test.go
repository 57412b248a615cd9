package activities_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/bulk"
	"pirogue/operator"
	"pirogue/support"
)

// office is a page of a bulk whose lines are payments already, and what starts their
// workflows.
type office struct {
	activities.BulkStore
	activities.BulkLineStore
	activities.CaseStore

	lines   []pirogue.Payment
	broken  map[pirogue.PaymentID]error // what cannot be started, and why
	sealed  map[pirogue.PaymentID]bool  // what cannot be read
	cases   map[pirogue.PaymentID]bool  // open ones
	started map[pirogue.PaymentID]int
	rate    float64 // calls a second that the operator's contract allows; 0: any number
	full    bool    // so many payments of the bulk are open that no page may begin
	held    bool    // the merchant is suspended
	looks   int
}

func newOffice(lines int) *office {
	o := &office{
		broken: map[pirogue.PaymentID]error{}, sealed: map[pirogue.PaymentID]bool{},
		cases: map[pirogue.PaymentID]bool{}, started: map[pirogue.PaymentID]int{},
	}
	for i := range lines {
		o.lines = append(o.lines, pirogue.Payment{ID: pirogue.PaymentID(fmt.Sprintf("line_%03d", i+1))})
	}
	return o
}

func (o *office) BulkPage(context.Context, pirogue.BulkID, int) (bulk.BulkPageProgress, error) {
	o.looks++
	if o.full {
		return bulk.BulkPageProgress{Waiting: len(o.lines), Open: bulk.BulkPageLines}, nil
	}
	return bulk.BulkPageProgress{Begun: len(o.lines), Open: len(o.lines)}, nil
}

func (o *office) StartLines(
	context.Context, pirogue.BulkID, int, int, func(pirogue.Payment) (pirogue.Attempt, string),
) (int, error) {
	if o.held {
		return 0, pirogue.Errorf(pirogue.MerchantSuspended, "no line begins")
	}
	return 0, nil
}

func (o *office) OpenLines(context.Context, pirogue.BulkID, int) ([]bulk.OpenLine, error) {
	lines := make([]bulk.OpenLine, len(o.lines))
	for i, p := range o.lines {
		lines[i].Payment = p
		if o.sealed[p.ID] {
			lines[i].Err = pirogue.Errorf(pirogue.Internal, "no such key")
		}
	}
	return lines, nil
}

// starter starts the workflows of an office's lines.
type starter struct {
	activities.Workflows

	office *office
}

func (s starter) Launch(_ context.Context, p pirogue.Payment) error {
	o := s.office
	if err := o.broken[p.ID]; err != nil {
		return err
	}
	o.started[p.ID]++
	return nil
}

func (o *office) OpenCase(_ context.Context, c support.Case) (support.Case, error) {
	o.cases[c.PaymentID] = c.Cause == support.CauseLineNotStarted
	return c, nil
}

func (o *office) LineStarted(_ context.Context, id pirogue.PaymentID, _ time.Time) error {
	delete(o.cases, id)
	return nil
}

func (o *office) UnstartedLines(
	ctx context.Context, id pirogue.BulkID, after pirogue.PaymentID, limit int,
) ([]bulk.OpenLine, error) {
	lines, err := o.OpenLines(ctx, id, 1)
	lines = slices.DeleteFunc(lines, func(l bulk.OpenLine) bool { return !o.cases[l.Payment.ID] || l.Payment.ID <= after })
	return lines[:min(len(lines), limit)], err
}

func (o *office) EndUnsentLines(context.Context, pirogue.BulkID, time.Time, int) (int, error) {
	return 0, nil
}

func (o *office) CloseBulk(context.Context, pirogue.BulkID, time.Time) (bulk.BulkProgress, bool, error) {
	return bulk.BulkProgress{}, false, nil
}

// employ returns what runs the office's activities once.
func (o *office) employ() (*testsuite.TestActivityEnvironment, *activities.Activities) {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	a := activities.New(activities.Config{
		Store: activitiestest.Store(o), Workflows: starter{office: o}, Clock: time.Now, Chance: func() float64 { return 0.5 },
		Operators: map[pirogue.OperatorCode]operator.Instance{"": {CallsPerSecond: o.rate}},
	})
	env.RegisterActivity(a)
	return env, a
}

// page runs the page once.
func (o *office) page(t *testing.T) (activities.BulkPageResult, error) {
	t.Helper()
	env, a := o.employ()
	value, err := env.ExecuteActivity(a.StartPage, activities.BulkPageInput{BulkID: "april", Number: 1})
	var started activities.BulkPageResult
	if err == nil {
		require.NoError(t, value.Get(&started))
	}
	return started, err
}

func TestBulkLineThatCannotStart(t *testing.T) {
	t.Parallel()

	o := newOffice(20)
	for _, p := range o.lines[:10] {
		o.broken[p.ID] = pirogue.Errorf(pirogue.ServiceUnavailable, "temporal is away")
	}
	_, err := o.page(t)
	require.ErrorContains(t, err, "10 of 20 lines are not started")
	require.ErrorContains(t, err, "payment line_005: ")
	require.NotContains(t, err.Error(), "payment line_006: ", "a history has no room for five hundred")
	require.Len(t, o.started, 10)
	require.Empty(t, o.cases, "Temporal comes back by itself")

	clear(o.broken)
	started, err := o.page(t)
	require.NoError(t, err)
	require.Equal(t, 20, started.Launched)
	require.Len(t, o.started, 20)
}

// A line that can never be started is a case: its page ends, and the pages behind it go on.
// What was in its way may go away, so it is tried again as long as its bulk is open.
func TestALineThatCanNeverBeStartedIsACase(t *testing.T) {
	t.Parallel()

	o := newOffice(200)
	for _, p := range o.lines[:100] {
		o.broken[p.ID] = pirogue.Errorf(pirogue.Internal, "its operator is not configured")
	}
	o.sealed["line_150"] = true
	started, err := o.page(t)
	require.NoError(t, err)
	require.Equal(t, activities.BulkPageResult{Launched: 99, Cases: 101}, started)
	require.Len(t, o.cases, 101)

	for _, row := range []struct {
		mended, left int
	}{{0, 101}, {60, 51}, {60, 41}, {100, 1}} {
		for _, p := range o.lines[:row.mended] {
			delete(o.broken, p.ID)
		}
		env, a := o.employ()
		_, err = env.ExecuteActivity(a.CloseBulk, pirogue.BulkID("april"))
		require.True(t, activities.TimedOut(err), "it asks to be run again: %v", err)
		require.Len(t, o.cases, row.left, "fifty in one look")
	}
	require.Len(t, o.started, 199)
	require.True(t, o.cases["line_150"])
}

func TestBulkPageStartsAtTheOperatorsPace(t *testing.T) {
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
	a := activities.New(activities.Config{
		Store: activitiestest.Store(o), Workflows: starter{office: o}, Chance: func() float64 { return 0.5 },
	})
	env.RegisterActivity(a)
	env.RegisterWorkflow(waitingPage)
	var soon int
	env.RegisterDelayedCallback(func() { soon = o.looks }, 6*time.Second)
	env.RegisterDelayedCallback(func() { o.full = false }, time.Hour)
	env.ExecuteWorkflow(waitingPage, activities.BulkPageInput{BulkID: "april", Number: 1})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 2, soon, "a page that ends at once is followed at once")
	require.Equal(t, 64, o.looks, "in an hour")
	require.Len(t, o.started, 1)
}

func TestBulkPageOfASuspendedMerchant(t *testing.T) {
	t.Parallel()

	o := newOffice(1)
	o.held = true
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivity(activities.New(activities.Config{
		Store: activitiestest.Store(o), Workflows: starter{office: o}, Chance: func() float64 { return 0.5 },
	}))
	env.RegisterWorkflow(waitingPage)
	var launched int
	env.RegisterDelayedCallback(func() { launched, o.held = len(o.started), false }, 24*time.Hour)
	env.ExecuteWorkflow(waitingPage, activities.BulkPageInput{BulkID: "april", Number: 1})
	require.NoError(t, env.GetWorkflowError())
	require.Zero(t, launched)
	require.Less(t, o.looks, 160, "in a day")
	require.Len(t, o.started, 1)
}

// waitingPage starts a page, as patiently as a bulk does.
func waitingPage(ctx workflow.Context, in activities.BulkPageInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: math.MaxInt32},
	})
	return workflow.ExecuteActivity(ctx, (*activities.BulkActivities)(nil).StartPage, in).Get(ctx, nil)
}
