package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// The sweep runs on a Temporal Schedule, one at a time.
const (
	SweepSchedule = "sweep"
	sweepEvery    = 30 * time.Second
	sweepCatchUp  = time.Minute // older runs are not made up for: the next one finds the same rows
	sweepTimeout  = 25 * time.Second
)

// Sweep moves on what was acknowledged and left behind by a crash. One that fails
// is followed by the next.
func Sweep(ctx workflow.Context) (activities.Swept, error) {
	var swept activities.Swept
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              PaymentsQueue,
		StartToCloseTimeout:    sweepTimeout,
		ScheduleToCloseTimeout: 2 * sweepTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 2},
		Summary:                "sweep",
	}), do.Sweep).Get(ctx, &swept)
	return swept, err
}
