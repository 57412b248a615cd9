package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// resumeSoonest and resumeLatest are the waits after an attempt that a crash or our own
// database cut off: they double. The waits between attempts come from the activity itself.
const (
	resumeSoonest = 5 * time.Second
	resumeLatest  = time.Minute
)

// Webhook tells a merchant about one event: seven attempts over 31 h 21 min, each a
// run of one activity, so the whole schedule is eleven events of history. An
// endpoint that never answers is a result, not a failure. A cancel request is ignored.
func Webhook(ctx workflow.Context, news activities.DeliverInput) (activities.DeliverResult, error) {
	ctx, stop := withoutCancel(ctx)
	defer stop()
	workflow.SetCurrentDetails(ctx, "telling the merchant; the pending activity shows the attempt and the next one")
	delivered, err := call(ctx, workflow.ActivityOptions{
		TaskQueue:           WebhooksQueue,
		StartToCloseTimeout: activities.DeliverTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: resumeSoonest, BackoffCoefficient: 2, MaximumInterval: resumeLatest,
		},
		Summary:  "deliver",
		Priority: turn(priorityWebhook, news.Owner.MerchantID),
	}, do.Deliver, news)
	if err == nil {
		workflow.SetCurrentDetails(ctx, string(delivered.State))
	}
	return delivered, err
}
