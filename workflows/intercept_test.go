package workflows_test

import (
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// unhurried gives local activities as much time as they need: their limit is of the machine's clock, and
// not of the clock that the test moves. It holds first deliveries back, one longer than the other.
type unhurried struct {
	interceptor.WorkerInterceptorBase

	holdBack time.Duration // before each first delivery; 0: none is held back
}

// noHurry is more than the time between the machine's clock and that of a test.
const noHurry = 100 * 365 * 24 * time.Hour

// setWorker sets the worker of env. Nothing in it depends on the speed of the machine.
func setWorker(env *testsuite.TestWorkflowEnvironment, holdBack time.Duration) {
	env.SetWorkerOptions(worker.Options{
		DeadlockDetectionTimeout: time.Minute,
		Interceptors:             []interceptor.WorkerInterceptor{&unhurried{holdBack: holdBack}},
	})
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (u *unhurried) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &unhurriedInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, u.holdBack}
}

type unhurriedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	holdBack time.Duration
}

// Init implements interceptor.WorkflowInboundInterceptor.
func (i *unhurriedInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&unhurriedOutbound{
		WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, holdBack: i.holdBack,
	})
}

type unhurriedOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	holdBack time.Duration
	held     int // deliveries
}

// ExecuteLocalActivity implements interceptor.WorkflowOutboundInterceptor.
func (o *unhurriedOutbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	options := workflow.GetLocalActivityOptions(ctx)
	options.ScheduleToCloseTimeout, options.StartToCloseTimeout = noHurry, noHurry
	return o.Next.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), name, args...)
}

// ExecuteActivity implements interceptor.WorkflowOutboundInterceptor.
func (o *unhurriedOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if o.holdBack == 0 || name != "DeliverFirst" {
		return o.Next.ExecuteActivity(ctx, name, args...)
	}
	o.held++
	wait := time.Duration(o.held) * o.holdBack
	future, result := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		var delivered activities.DeliverResult
		if err := workflow.Sleep(ctx, wait); err != nil {
			result.SetError(err)
			return
		}
		err := o.Next.ExecuteActivity(ctx, name, args...).Get(ctx, &delivered)
		result.Set(delivered, err)
	})
	return future
}
