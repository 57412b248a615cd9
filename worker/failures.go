package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"pirogue"
	"pirogue/activities"
	"pirogue/workflows"
)

// reportTime bounds what is written about a failure, whatever is left of the activity's time.
const reportTime = 3 * time.Second

// waits is the activities that wait by being run again: most of their runs are no failures.
var waits = []string{"Park"}

// Failures sees every run of an activity. One that has failed activities.FailuresToCase
// times is counted, and opens a case about the payment whose workflow waits for it; the
// activity goes on. Its success closes the case. A run that only asks to be run again later
// has not failed.
type Failures struct {
	interceptor.WorkerInterceptorBase

	activities *activities.Activities
	blocked    func(activity string)
}

// WatchFailures returns the interceptor of the workers on our own database. blocked is told
// the name of an activity at every FailuresToCase-th failure.
func WatchFailures(a *activities.Activities, blocked func(activity string)) *Failures {
	return &Failures{activities: a, blocked: blocked}
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (f *Failures) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &failing{
		ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, watch: f,
	}
}

// failing is one run of one activity.
type failing struct {
	interceptor.ActivityInboundInterceptorBase

	watch *Failures
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor. A success is reported
// only when its case is closed: otherwise the activity, which may be run again, is.
func (f *failing) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	defer func() {
		if cause := recover(); cause != nil {
			f.watch.failed(ctx, in.Args, fmt.Errorf("panic: %v", cause))
			panic(cause)
		}
	}()
	out, err := f.Next.ExecuteActivity(ctx, in)
	if err != nil {
		f.watch.failed(ctx, in.Args, err)
		return out, err
	}
	return out, f.watch.succeeded(ctx)
}

// failed reports every FailuresToCase-th failure of an activity.
func (f *Failures) failed(ctx context.Context, args []any, why error) {
	info := activity.GetInfo(ctx)
	var asked *temporal.ApplicationError
	benign := errors.As(why, &asked) && asked.Category() == temporal.ApplicationErrorCategoryBenign
	if benign || slices.Contains(waits, info.ActivityType.Name) || info.Attempt%activities.FailuresToCase != 0 {
		return
	}
	f.blocked(info.ActivityType.Name)
	log := activity.GetLogger(ctx)
	log.Error("an activity fails again and again", "failures", info.Attempt, "error", why)
	id, ok := workflows.PaymentOf(info.WorkflowExecution.ID)
	if !ok {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), reportTime)
	defer stop()
	if err := f.activities.Blocked(ctx, id, activities.BlockedActivity{
		Name: info.ActivityType.Name, Input: args, Failures: int(info.Attempt), Err: why,
	}); err != nil {
		log.Error("no case could be opened about it", "error", err)
	}
}

// succeeded closes the case of an activity that had failed so often.
func (f *Failures) succeeded(ctx context.Context) error {
	info := activity.GetInfo(ctx)
	id, ok := workflows.PaymentOf(info.WorkflowExecution.ID)
	if !ok || info.Attempt <= activities.FailuresToCase {
		return nil
	}
	if err := f.activities.Unblocked(ctx, id); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "close the case of an activity that succeeded: %w", err)
	}
	return nil
}
