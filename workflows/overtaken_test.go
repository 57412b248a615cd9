package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// overtaken is a store where another run marks each attempt just before this one does.
type overtaken struct{ *activitiestest.AllStores }

func (o *overtaken) Send(
	ctx context.Context, id pirogue.AttemptID, limits operator.SendLimits, at time.Time,
) (lifecycle.Sending, error) {
	if _, err := o.AllStores.Send(ctx, id, limits, at); err != nil {
		return lifecycle.Sending{}, err
	}
	return o.AllStores.Send(ctx, id, limits, at)
}

// A run that finds its attempt marked by another one lets no byte leave, and asks instead.
func TestOvertakenRun(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	w.operator.script = paidAtOnce
	env := quiet().NewTestActivityEnvironment()
	a := activities.New(activities.Config{
		Store: activitiestest.Store(&overtaken{w.store}), Operators: w.instances(false), Clock: w.env.Now, Callbacks: urls{},
	})
	env.RegisterActivity(a)
	_, err := env.ExecuteActivity(a.Submit, activities.SubmitInput{PaymentID: w.payment.ID, Candidate: w.input.Current})
	require.ErrorContains(t, err, "taken by another run")
	require.Empty(t, w.operator.refs)
}
