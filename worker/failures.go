package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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

// waitingActivities lists the activities that wait by being run again. Most of their errors ask for a
// later run and are no failures.
var waitingActivities = []string{"WaitUntilUnparked"}

// Failures watches every run of an activity. An activity that failed
// activities.FailuresToCase times opens a case for the payment whose workflow waits for it.
// The activity continues, and its success closes the case. An error that only asks for a
// later run is no failure.
type Failures struct {
	interceptor.WorkerInterceptorBase

	activities *activities.Activities
	blocked    func(activity string)
	counts     *failureCounts // nil: each run of an activity but the last has failed
}

// maxCounted bounds how many failing activities failureCounts remembers.
const maxCounted = 10_000

// failureCounts counts the failures in a row of activities that are run again also where they do not fail.
// A process counts for itself.
type failureCounts struct {
	mu     sync.Mutex
	failed map[string]int
}

// countFailure counts a failure and returns how many there were in a row.
func (c *failureCounts) countFailure(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.failed) >= maxCounted {
		clear(c.failed)
	}
	c.failed[key]++
	return c.failed[key]
}

// takeFailures forgets the failures of an activity and returns how many there were in a row.
func (c *failureCounts) takeFailures(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	failed := c.failed[key]
	delete(c.failed, key)
	return failed
}

// WatchFailures returns the interceptor for workers on our own database. It calls blocked
// with the activity's name at every FailuresToCase-th failure.
func WatchFailures(a *activities.Activities, blocked func(activity string)) *Failures {
	return &Failures{activities: a, blocked: blocked}
}

// WatchCalls returns the interceptor for workers on an operator's queues. What an operator answers,
// or that it does not, is no failure; an error of ours is. It counts failures in a row, because
// questions are also run again where they do not fail.
func WatchCalls(a *activities.Activities, blocked func(activity string)) *Failures {
	return &Failures{activities: a, blocked: blocked, counts: &failureCounts{failed: map[string]int{}}}
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
			f.watch.recordFailure(ctx, in.Args, fmt.Errorf("panic: %v", cause))
			panic(cause)
		}
	}()
	out, err := f.Next.ExecuteActivity(ctx, in)
	switch {
	case err == nil:
		return out, f.watch.recordSuccess(ctx, in.Args)
	case isBenign(err):
		f.watch.recordRetry(ctx, in.Args)
	default:
		f.watch.recordFailure(ctx, in.Args, err)
	}
	return out, err
}

// isBenign reports whether an error only asks for a later run.
func isBenign(err error) bool {
	var asked *temporal.ApplicationError
	return errors.As(err, &asked) && asked.Category() == temporal.ApplicationErrorCategoryBenign
}

// recordFailure reports every FailuresToCase-th failure of an activity: it opens a case and calls
// blocked.
func (f *Failures) recordFailure(ctx context.Context, args []any, why error) {
	info := activity.GetInfo(ctx)
	failures := int(info.Attempt)
	if f.counts != nil {
		failures = f.counts.countFailure(runKey(info, args))
	}
	// An activity that only waits is run again by errors that are no failures.
	if slices.Contains(waitingActivities, info.ActivityType.Name) || failures%activities.FailuresToCase != 0 {
		return
	}
	f.blocked(info.ActivityType.Name)
	log := activity.GetLogger(ctx)
	log.Error("an activity fails again and again", "failures", failures, "error", why)
	id, ok := workflows.PaymentOf(info.WorkflowExecution.ID)
	if !ok {
		return
	}
	// The activity may have failed because its own time is over.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), reportTime)
	defer stop()
	if err := f.activities.Blocked(ctx, id, activities.BlockedActivity{
		Name: info.ActivityType.Name, Input: args, Failures: failures, Err: why,
	}); err != nil {
		log.Error("no case could be opened about it", "error", err)
	}
}

// runKey names what fails: an activity of a payment, and the attempt that it asks about. A question
// is put again by another activity, so an activity's own ID does not.
func runKey(info activity.Info, args []any) string {
	key := info.WorkflowExecution.ID + "/" + info.ActivityType.Name
	if len(args) == 1 {
		if q, asks := args[0].(activities.StatusInput); asks {
			key += fmt.Sprintf("/%d", q.Number)
		}
	}
	return key
}

// recordSuccess closes the case of an activity that failed FailuresToCase times before.
func (f *Failures) recordSuccess(ctx context.Context, args []any) error {
	info := activity.GetInfo(ctx)
	failures := int(info.Attempt) - 1
	if f.counts != nil {
		failures = max(failures, f.counts.takeFailures(runKey(info, args)))
	}
	id, ok := workflows.PaymentOf(info.WorkflowExecution.ID)
	if !ok || failures < activities.FailuresToCase {
		return nil
	}
	if err := f.activities.Unblocked(ctx, id); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "close the case of an activity that succeeded: %w", err)
	}
	return nil
}

// recordRetry closes the case of an activity that failed FailuresToCase times and works again. The
// activity asks for a later run.
func (f *Failures) recordRetry(ctx context.Context, args []any) {
	if f.counts == nil {
		return
	}
	info := activity.GetInfo(ctx)
	id, ok := workflows.PaymentOf(info.WorkflowExecution.ID)
	if f.counts.takeFailures(runKey(info, args)) < activities.FailuresToCase || !ok {
		return
	}
	if err := f.activities.Unblocked(ctx, id); err != nil { // the success of a later run closes it
		activity.GetLogger(ctx).Error("the case of an activity that works again stays open", "error", err)
	}
}
