package workflows

import (
	"context"

	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// activityNames is empty on purpose: workflows use its method names only.
var activityNames = &activities.Activities{}

// start schedules one activity. A wrong argument is a compile error and not a failed payment.
func start[In, Out any](
	ctx workflow.Context, options workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) pendingResult[Out] {
	return pendingResult[Out]{workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, in)}
}

// call runs one activity and returns its typed result.
func call[In, Out any](
	ctx workflow.Context, options workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return start(ctx, options, activity, in).get(ctx)
}

// callLocal runs an activity in the process that runs the workflow, and returns its typed result. It costs
// Temporal one event and no task. The activity runs again where that process dies before its worker
// reports the workflow's task.
func callLocal[In, Out any](
	ctx workflow.Context, options workflow.LocalActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	future := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), activity, in)
	return pendingResult[Out]{future}.get(ctx)
}

// pendingResult is the typed result of an activity that may still run.
type pendingResult[Out any] struct{ future workflow.Future }

// get waits for the activity and returns its result.
func (p pendingResult[Out]) get(ctx workflow.Context) (Out, error) {
	var out Out
	err := p.future.Get(ctx, &out)
	return out, err
}
