package workflows

import (
	"math"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// The task queues. Operators have two each, so that the limit or the outage of one does not slow
// another: see OperatorQueue and StatusQueue.
const (
	PaymentsQueue = "payments" // workflows and our own database
	WebhooksQueue = "webhooks" // merchants' endpoints
)

// OperatorQueue returns the queue of the submissions to one operator instance.
func OperatorQueue(o pirogue.OperatorCode) string { return "op-" + string(o) }

// StatusQueue returns the queue of the status calls to one operator instance. It and OperatorQueue
// share the contract's calls, so that submissions never starve status calls.
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
	// statusPatience limits the wait for one status call, on top of the call itself. Nobody takes
	// work from the queue of an operator that left the configuration.
	statusPatience = 2 * time.Minute
)

// The time limits of a bulk's activities.
const (
	pageTimeout  = 15 * time.Minute // of one page: some hundred transactions and starts
	countTimeout = 25 * time.Second // of counting ten thousand lines on a busy day
	pageSilence  = 10 * time.Second // between two signs of life, on top of a call to an operator
	queueTime    = 30 * time.Minute // of a page in its operator's queue, behind everything interactive
)

// The waits after a delivery that a crash or our own database cut off: they double. The waits between
// deliveries come from the activity itself.
const (
	deliverRetryMin = 5 * time.Second
	deliverRetryMax = time.Minute
)

// sweepTimeout limits one sweep.
const sweepTimeout = 25 * time.Second

// priorityOf returns the urgency of a piece of work and the merchant that it is for.
func priorityOf(priority int, m pirogue.MerchantID) temporal.Priority {
	return temporal.Priority{PriorityKey: priority, FairnessKey: string(m)}
}

// ours returns the options of an activity on our own database. It is retried without an end, because
// the database always comes back: nothing that a customer paid for is ever given up.
func ours(m pirogue.MerchantID, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           PaymentsQueue,
		StartToCloseTimeout: dbTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
		},
		Summary:  summary,
		Priority: priorityOf(priorityVerify, m),
	}
}

// localTry limits the one try of a local activity. It is well below the time of a workflow's task, so that
// the try costs the task nothing.
const localTry = 3 * time.Second

// oneTry returns the options of a local activity on our own database. It is tried once. Whatever it fails
// with, the caller runs the activity with the options of ours.
func oneTry(summary string) workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: localTry, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, Summary: summary,
	}
}

// theirs returns the options of an activity that calls the payment's operator. Such an activity is
// safe to run again: the attempt's row says whether it was perhaps sent. So only our own trouble,
// or a worker that died, makes it run again. Everything but a submission is a status call. Work
// that belongs to a bulk gives way to everything else.
func theirs(input lifecycle.PaymentInput, priority int, summary string) workflow.ActivityOptions {
	queue := StatusQueue(input.Current.Operator)
	if priority == prioritySubmit {
		queue = OperatorQueue(input.Current.Operator)
		if input.Kind == pirogue.Refund {
			priority = priorityVerify
		}
	}
	if input.Bulk {
		priority = priorityBulk
	}
	return workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: input.Current.CallTimeout + callMargin,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
			MaximumAttempts: noEnd,
		},
		Summary:  summary,
		Priority: priorityOf(priority, input.MerchantID),
	}
}

// single returns theirs for one call that a payment waits for.
func single(input lifecycle.PaymentInput, priority int, summary string) workflow.ActivityOptions {
	return within(theirs(input, priority, summary), input.Current.CallTimeout+statusPatience)
}

// submitOptions returns theirs for a submission. A collection waits as long as it may be sent, and
// its last call has its full time. So a worker that dies in the first call does not end the
// payment. Money that leaves us waits as long as it would for an operator that is out of service. A
// bulk's line waits for all the lines before it.
func submitOptions(input lifecycle.PaymentInput, summary string) workflow.ActivityOptions {
	limit := operator.ParkFor
	switch {
	case !input.Kind.MoneyOut() && len(input.Fallbacks) > 0: // the next candidate needs the rest of the time
		limit = input.Current.CallTimeout + statusPatience
	case !input.Kind.MoneyOut():
		limit = input.Current.CollectWithin() + input.Current.CallTimeout + callMargin
	case input.Bulk:
		limit = pollRound
	}
	return within(theirs(input, prioritySubmit, summary), limit)
}

// pollOptions returns theirs for polls at a pace.
func pollOptions(input lifecycle.PaymentInput, pace activities.Pace) workflow.ActivityOptions {
	if pace.Watches() {
		return theirs(input, priorityWatch, "watch for late money")
	}
	return theirs(input, priorityPoll, "poll status")
}

// within limits the time of all runs of an activity together.
func within(options workflow.ActivityOptions, limit time.Duration) workflow.ActivityOptions {
	options.ScheduleToCloseTimeout = limit
	return options
}

// parkOptions returns ours for a wait that reads our own database now and then, up to limit.
func parkOptions(m pirogue.MerchantID, limit time.Duration) workflow.ActivityOptions {
	options := within(ours(m, "parked"), limit)
	options.RetryPolicy.MaximumAttempts = noEnd
	options.Priority = priorityOf(priorityPoll, m)
	return options
}

// returnOptions returns ours for the wait until money is back with its payer. The activity reads our
// own database now and then, without an end.
func returnOptions(m pirogue.MerchantID) workflow.ActivityOptions {
	options := ours(m, "money goes back")
	options.RetryPolicy.MaximumAttempts = noEnd
	options.Priority = priorityOf(priorityPoll, m)
	return options
}

// pageOptions returns the options for starting a page of a bulk. The page runs in its operator's
// queue when it calls the operator.
func pageOptions(input bulk.BulkInput, page bulk.BulkPage, summary string) workflow.ActivityOptions {
	options := bulkOptions(input, summary)
	options.StartToCloseTimeout = pageTimeout
	options.HeartbeatTimeout = pageSilence + time.Duration(page.CallTimeout)
	if page.Operator != "" {
		options.TaskQueue, options.ScheduleToStartTimeout = OperatorQueue(page.Operator), queueTime
	}
	return options
}

// bulkOptions returns the options of a bulk's own activities. They are retried without an end,
// because the bulk's money is set aside.
func bulkOptions(input bulk.BulkInput, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           PaymentsQueue,
		StartToCloseTimeout: countTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
			MaximumAttempts: math.MaxInt32,
		},
		Summary:  summary,
		Priority: priorityOf(priorityBulk, input.MerchantID),
	}
}

// webhookOptions returns the options of an event's delivery.
func webhookOptions(m pirogue.MerchantID) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:           WebhooksQueue,
		StartToCloseTimeout: activities.DeliverTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: deliverRetryMin, BackoffCoefficient: 2, MaximumInterval: deliverRetryMax,
		},
		Summary:  "deliver",
		Priority: priorityOf(priorityWebhook, m),
	}
}

// firstDeliveryOptions returns ours for the first delivery of an event in its payment's workflow. The
// activity retries no delivery: what is retried is our own database and Temporal.
func firstDeliveryOptions(m pirogue.MerchantID) workflow.ActivityOptions {
	options := ours(m, "deliver")
	options.TaskQueue, options.StartToCloseTimeout = WebhooksQueue, activities.DeliverTimeout
	options.Priority = priorityOf(priorityWebhook, m)
	return options
}

// sweepOptions returns the options of one search for work that was left behind.
func sweepOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              PaymentsQueue,
		StartToCloseTimeout:    sweepTimeout,
		ScheduleToCloseTimeout: 2 * sweepTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 2},
		Summary:                summary,
	}
}
