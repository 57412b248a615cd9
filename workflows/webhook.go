package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// Webhook delivers one event to a merchant: seven attempts over 31 h 21 min. Each is a run of one
// activity, so the whole schedule is eleven events of history. An endpoint that never responds is a
// result, not a failure. A cancel request is ignored.
func Webhook(ctx workflow.Context, event activities.DeliverInput) (activities.DeliverResult, error) {
	ctx, stop := withoutCancel(ctx)
	defer stop()
	workflow.SetCurrentDetails(ctx, "telling the merchant; the pending activity shows the attempt and the next one")
	delivered, err := call(ctx, webhookOptions(event.Owner.MerchantID), activityNames.Deliver, event)
	if err == nil {
		workflow.SetCurrentDetails(ctx, string(delivered.State))
		workflow.GetLogger(ctx).Info("webhook has ended", "event", event.EventID, "state", delivered.State)
	}
	return delivered, err
}
