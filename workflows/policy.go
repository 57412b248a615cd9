package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// The task queues. Operators have two each, so that one operator's limit or outage
// is nobody else's; see OperatorQueue and StatusQueue.
const (
	PaymentsQueue = "payments" // workflows and our own database
	WebhooksQueue = "webhooks" // merchants' endpoints
)

// OperatorQueue is the queue of what is sent to one operator instance.
func OperatorQueue(o pirogue.OperatorCode) string { return "op-" + string(o) }

// StatusQueue is the queue of the questions to one operator instance. It and OperatorQueue
// share the contract's calls, so that what is sent never starves what is asked.
func StatusQueue(o pirogue.OperatorCode) string { return OperatorQueue(o) + "-status" }

// Priorities, most urgent first. Within one priority, merchants take turns.
const (
	prioritySubmit  = 1 // somebody waits at a checkout
	priorityVerify  = 2 // a callback says that something happened; a refund
	priorityPoll    = 3
	priorityWebhook = 4
	priorityBulk    = 5 // many at once, for which nobody waits at a checkout
	priorityWatch   = 5 // the payment has ended
)

const (
	dbTimeout  = 10 * time.Second // one transaction of ours, retries on a conflict included
	callMargin = 5 * time.Second  // on top of an operator's call: our own rows before and after it
	noEnd      = 100_000          // attempts; more than any window has room for
)

// questionPatience bounds the wait for the answer to one question, on top of the call
// itself. Nobody takes work from the queue of an operator that left the configuration.
const questionPatience = 2 * time.Minute

// turn is who a piece of work is for and how urgent it is.
func turn(priority int, m pirogue.MerchantID) temporal.Priority {
	return temporal.Priority{PriorityKey: priority, FairnessKey: string(m)}
}

// ours is for our own database. It always comes back, so nothing that a customer
// already paid for is ever given up on.
func ours(m pirogue.MerchantID, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           PaymentsQueue,
		StartToCloseTimeout: dbTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
		},
		Summary:  summary,
		Priority: turn(priorityVerify, m),
	}
}

// theirs is for a call to the operator of an order. An activity that makes one is
// safe to run again at any point, because the attempt's row says what was perhaps
// sent; so only our own trouble, or a worker that died, makes it run again. What is not a
// submission is a question. What belongs to a bulk gives way to everything else.
func theirs(o lifecycle.PaymentInput, priority int, summary string) workflow.ActivityOptions {
	queue := StatusQueue(o.Current.Operator)
	if priority == prioritySubmit {
		queue = OperatorQueue(o.Current.Operator)
		if o.Kind == pirogue.Refund {
			priority = priorityVerify
		}
	}
	if o.Bulk {
		priority = priorityBulk
	}
	return workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: o.Current.CallTimeout + callMargin,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second, MaximumAttempts: noEnd,
		},
		Summary:  summary,
		Priority: turn(priority, o.MerchantID),
	}
}

// single is theirs for one question that a payment waits for.
func single(o lifecycle.PaymentInput, priority int, summary string) workflow.ActivityOptions {
	return within(theirs(o, priority, summary), o.Current.CallTimeout+questionPatience)
}

// submitting is theirs for a submission. A collection waits as long as it may leave, and the call that
// leaves last has its time: a worker that dies in the first call must not end the payment. Money that
// leaves us waits as long as it would for an operator that is out of service, and a bulk's line
// for all the lines before it.
func submitting(o lifecycle.PaymentInput, summary string) workflow.ActivityOptions {
	limit := operator.ParkFor
	switch {
	case !o.Kind.MoneyOut() && len(o.Fallbacks) > 0: // the next operator needs the rest of the time
		limit = o.Current.CallTimeout + questionPatience
	case !o.Kind.MoneyOut():
		limit = o.Current.CollectWithin() + o.Current.CallTimeout + callMargin
	case o.Bulk:
		limit = pollingRound
	}
	return within(theirs(o, prioritySubmit, summary), limit)
}

// polling is theirs for questions at a pace.
func polling(o lifecycle.PaymentInput, pace activities.Pace) workflow.ActivityOptions {
	if pace.Watches() {
		return theirs(o, priorityWatch, "watch for late money")
	}
	return theirs(o, priorityPoll, "poll status")
}

// within bounds how long theirs may go on altogether.
func within(options workflow.ActivityOptions, limit time.Duration) workflow.ActivityOptions {
	options.ScheduleToCloseTimeout = limit
	return options
}

// parking is for a wait that looks at our own database now and then, up to limit.
func parking(m pirogue.MerchantID, limit time.Duration) workflow.ActivityOptions {
	options := within(ours(m, "parked"), limit)
	options.RetryPolicy.MaximumAttempts = noEnd
	options.Priority = turn(priorityPoll, m)
	return options
}

// returning is for the wait until stray money is back with its payer: it looks at our own database
// now and then, for as long as it takes.
func returning(m pirogue.MerchantID) workflow.ActivityOptions {
	options := ours(m, "money goes back")
	options.RetryPolicy.MaximumAttempts = noEnd
	options.Priority = turn(priorityPoll, m)
	return options
}

// do is nil on purpose: workflows use its method names only.
var do *activities.Activities

// start schedules one activity, so that a wrong argument is a compile error and not
// a failed payment.
func start[In, Out any](
	ctx workflow.Context, options workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) promise[Out] {
	return promise[Out]{workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, in)}
}

// call runs one activity and returns its typed result.
func call[In, Out any](
	ctx workflow.Context, options workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return start(ctx, options, activity, in).get(ctx)
}

// promise is the typed result of an activity that may still run.
type promise[Out any] struct{ future workflow.Future }

func (p promise[Out]) get(ctx workflow.Context) (Out, error) {
	var out Out
	err := p.future.Get(ctx, &out)
	return out, err
}
