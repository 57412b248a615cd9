package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// resume is the wait after an attempt that a crash cut off. The waits between
// attempts come from the activity itself.
const resume = 5 * time.Second

// Webhook tells a merchant about one event: seven attempts over 31 h 21 min, each a
// run of one activity, so the whole schedule is eleven events of history. An
// endpoint that never answers is a result, not a failure.
func Webhook(ctx workflow.Context, news activities.News) (activities.Delivered, error) {
	workflow.SetCurrentDetails(ctx, "telling the merchant; the pending activity shows the attempt and the next one")
	delivered, err := call(ctx, workflow.ActivityOptions{
		TaskQueue:           WebhooksQueue,
		StartToCloseTimeout: sendTimeout,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: resume, BackoffCoefficient: 1},
		Summary:             "deliver",
		Priority:            turn(priorityWebhook, news.Owner.MerchantID),
	}, do.Deliver, news)
	if err == nil {
		workflow.SetCurrentDetails(ctx, string(delivered.State))
	}
	return delivered, err
}
