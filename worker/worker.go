// Package worker runs the workflows and activities. It registers each workflow in one line
// and serves two queues per operator.
package worker

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/workflows"
)

const (
	stopTimeout  = 45 * time.Second // above the longest call to an operator, so that a deploy cuts none off
	callSlots    = 200              // concurrent calls from one operator's queue in one worker
	webhookSlots = 400              // concurrent webhooks in one worker; slow endpoints take most of them
	// slotsPerConnection is the number of activities on our own database for each connection to it.
	// One works on a connection while the other decodes and reports. More would wait for a connection,
	// fail after the store's time-out, and be repeated.
	slotsPerConnection = 2
)

// Pool holds the workers of one process. One serves workflows and our own database, one
// webhooks, and two serve each operator.
type Pool struct {
	workers []worker.Worker
	failed  chan error
}

// PoolOptions holds what the workers of one process serve, and how much at a time.
type PoolOptions struct {
	Instances           map[pirogue.OperatorCode]operator.Instance
	DatabaseConnections int                   // of the process, for payments
	Blocked             func(activity string) // gets the name of an activity of ours that keeps failing
}

// CacheWorkflows sets the number of open workflows that this process keeps in memory. A workflow
// that is not there is replayed from its history. Call it before any worker starts.
func CacheWorkflows(n int) { worker.SetStickyWorkflowCacheSize(n) }

// New returns the workers of every queue. They take no work before Start.
func New(c client.Client, a *activities.Activities, o PoolOptions) *Pool {
	pool := &Pool{failed: make(chan error, 1)}
	slots := DatabaseSlots(o.DatabaseConnections)
	watched := pool.options(slots)
	watched.MaxConcurrentLocalActivityExecutionSize = slots
	watched.Interceptors = []interceptor.WorkerInterceptor{WatchFailures(a, o.Blocked)}
	payments := worker.New(c, workflows.PaymentsQueue, watched)
	payments.RegisterWorkflow(workflows.CashIn)
	payments.RegisterWorkflow(workflows.CashOut)
	payments.RegisterWorkflow(workflows.Refund)
	payments.RegisterWorkflow(workflows.Bulk)
	payments.RegisterWorkflow(workflows.Webhook)
	payments.RegisterWorkflow(workflows.Sweep)
	payments.RegisterWorkflow(workflows.Rebuild)
	payments.RegisterActivity(a)

	webhooks := worker.New(c, workflows.WebhooksQueue, activitiesOnly(pool.options(webhookSlots)))
	webhooks.RegisterActivity(a.Deliver)
	webhooks.RegisterActivity(a.DeliverFirst)

	pool.workers = []worker.Worker{payments, webhooks}
	calls := WatchCalls(a, o.Blocked)
	for code, instance := range o.Instances {
		sends := worker.New(c, workflows.OperatorQueue(code),
			pool.limited(instance.CallsPerSecond*activities.SendShare, calls))
		sends.RegisterActivity(a.Submit)
		sends.RegisterActivity(a.StartPage)
		asks := worker.New(c, workflows.StatusQueue(code),
			pool.limited(instance.CallsPerSecond*(1-activities.SendShare), calls))
		asks.RegisterActivity(a.AskStatus)
		pool.workers = append(pool.workers, sends, asks)
	}
	return pool
}

// DatabaseSlots returns the number of activities on our own database that one process runs at a
// time.
func DatabaseSlots(connections int) int { return slotsPerConnection * connections }

// Start lets every worker take work. If one cannot start, it stops the others and returns
// the error.
func (p *Pool) Start() error {
	for i, w := range p.workers {
		if err := w.Start(); err != nil {
			(&Pool{workers: p.workers[:i]}).Stop()
			return fmt.Errorf("start worker: %w", err)
		}
	}
	return nil
}

// Stop takes no more work and waits at most stopTimeout for the work under way.
func (p *Pool) Stop() {
	done := make(chan struct{})
	for _, w := range p.workers {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range p.workers {
		<-done
	}
}

// Failed returns a channel with the error after which a worker takes no more work. It
// happens when the namespace is missing for too long, as after the loss of Temporal's
// database. Only a new process helps.
func (p *Pool) Failed() <-chan error { return p.failed }

// options returns the options of a worker that runs so many activities at once. A fatal
// error of any worker is reported once, by Failed.
func (p *Pool) options(slots int) worker.Options {
	return worker.Options{
		OnFatalError: func(err error) {
			select {
			case p.failed <- err:
			default: // another worker has reported it
			}
		},
		WorkerStopTimeout:                       stopTimeout,
		MaxConcurrentActivityExecutionSize:      slots,
		MaxConcurrentLocalActivityExecutionSize: slots,
		WorkflowTaskPollerBehavior:              poller(),
		ActivityTaskPollerBehavior:              poller(),
	}
}

// limited returns the options of a queue from which all workers together take perSecond
// calls a second, each under watch. 0 means no limit.
func (p *Pool) limited(perSecond float64, watch *Failures) worker.Options {
	o := activitiesOnly(p.options(callSlots))
	o.Interceptors = []interceptor.WorkerInterceptor{watch}
	o.TaskQueueActivitiesPerSecond = perSecond
	return o
}

// activitiesOnly returns options of a worker that runs no workflows.
func activitiesOnly(o worker.Options) worker.Options {
	o.DisableWorkflowWorker = true
	o.WorkflowTaskPollerBehavior = nil
	return o
}

// poller returns options that start with four pollers and let Temporal ask for more, up to
// 50.
func poller() worker.PollerBehavior {
	return worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 50,
	})
}
