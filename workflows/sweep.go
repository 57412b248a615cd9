package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
	"pirogue/lifecycle"
)

// Sweep goes on with work that a crash left behind after it was acknowledged. It starts workflows
// again that are gone. One that fails is followed by the next.
func Sweep(ctx workflow.Context) (activities.Swept, error) {
	moving := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, sweepOptions("sweep")), activityNames.Sweep)
	restarting := start(ctx, sweepOptions("restart lost workflows"), activityNames.RestartLost, activities.RestartScope{})
	var swept activities.Swept
	sweepErr := moving.Get(ctx, &swept)
	restarted, restartErr := restarting.get(ctx)
	swept.Restarted = restarted
	return swept, errors.Join(sweepErr, restartErr)
}

// Rebuild looks once for workflows that are gone, for support. Unless it only shows them it starts
// them again.
func Rebuild(ctx workflow.Context, scope activities.RestartScope) (lifecycle.Restarted, error) {
	return call(ctx, sweepOptions("rebuild"), activityNames.RestartLost, scope)
}
