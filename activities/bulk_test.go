package activities_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

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
}

func newOffice(lines int) *office {
	o := &office{broken: map[pirogue.PaymentID]bool{}, started: map[pirogue.PaymentID]int{}}
	for i := range lines {
		o.lines = append(o.lines, pirogue.Payment{ID: pirogue.PaymentID(fmt.Sprint("line_", i+1))})
	}
	return o
}

func (o *office) BulkPage(context.Context, pirogue.BulkID, int) (pirogue.BulkPageStand, error) {
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
	a := &activities.Activities{Store: o, Workflows: o}
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
