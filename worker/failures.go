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

// reportTime bounds the report of a failure, even when the activity's own time is over.
const reportTime = 3 * time.Second

// waits lists the activities that wait by being run again. Most of their errors ask for a
// later run and are no failures.
var waits = []string{"Park"}

// Failures watches every run of an activity. An activity that failed
// activities.FailuresToCase times opens a case for the payment whose workflow waits for it.
// The activity continues, and its success closes the case. An error that only asks for a
// later run is no failure.
type Failures struct {
	interceptor.WorkerInterceptorBase

	activities *activities.Activities
	blocked    func(activity string)
}

// WatchFailures returns the interceptor for workers on our own database. It calls blocked
// with the activity's name at every FailuresToCase-th failure.
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

// failing intercepts one run of one activity.
type failing struct {
	interceptor.ActivityInboundInterceptorBase

	watch *Failures
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor. It reports a success
// only after it closed the case. Otherwise the activity runs again, and no case stays open
// for a payment that went on.
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

// failed reports every FailuresToCase-th failure of an activity: it opens a case and calls
// blocked.
func (f *Failures) failed(ctx context.Context, args []any, why error) {
	info := activity.GetInfo(ctx)
	var asked *temporal.ApplicationError
	benign := errors.As(why, &asked) && asked.Category() == temporal.ApplicationErrorCategoryBenign
	// A benign error or a waiting activity only asks for a later run.
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
	// The activity may have failed because its own time is over.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), reportTime)
	defer stop()
	if err := f.activities.Blocked(ctx, id, activities.BlockedActivity{
		Name: info.ActivityType.Name, Input: args, Failures: int(info.Attempt), Err: why,
	}); err != nil {
		log.Error("no case could be opened about it", "error", err)
	}
}

// succeeded closes the case of an activity that failed FailuresToCase times before.
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
