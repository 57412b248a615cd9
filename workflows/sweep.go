package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
	"pirogue/lifecycle"
)

// The sweep runs on a Temporal Schedule, one at a time.
const (
	SweepSchedule = "sweep"
	sweepEvery    = 30 * time.Second
	sweepCatchUp  = time.Minute // older runs are not made up for: the next one finds the same rows
	sweepTimeout  = 25 * time.Second
)

// Sweep moves on what was acknowledged and left behind by a crash, and starts workflows
// again that are gone. One that fails is followed by the next.
func Sweep(ctx workflow.Context) (activities.Swept, error) {
	moving := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, sweeping("sweep")), do.Sweep)
	restarting := start(ctx, sweeping("restart lost workflows"), do.RestartLost, activities.RestartScope{})
	var swept activities.Swept
	err := moving.Get(ctx, &swept)
	restarted, lost := restarting.get(ctx)
	swept.Restarted = restarted
	return swept, errors.Join(err, lost)
}

// Rebuild looks once for workflows that are gone, for support. Unless it only shows them
// it starts them again.
func Rebuild(ctx workflow.Context, scope activities.RestartScope) (lifecycle.Restarted, error) {
	return call(ctx, sweeping("rebuild"), do.RestartLost, scope)
}

// sweeping is for one look at what was left behind.
func sweeping(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              PaymentsQueue,
		StartToCloseTimeout:    sweepTimeout,
		ScheduleToCloseTimeout: 2 * sweepTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 2},
		Summary:                summary,
	}
}
