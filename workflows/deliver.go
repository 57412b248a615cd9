package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
)

// deliverFirst begins the first delivery of each event and does not wait for it. What a delivery does not
// finish is left to the event's own workflow. So the payment goes on, whatever its merchant's endpoint
// does.
func deliverFirst(ctx workflow.Context, w *paymentWorkflow, events []pirogue.EventID) {
	owner := access.Owner{MerchantID: w.input.MerchantID, Mode: w.input.Mode}
	for _, event := range events {
		w.deliveries = append(w.deliveries, start(ctx, firstDeliveryOptions(owner.MerchantID), activityNames.DeliverFirst,
			activities.DeliverInput{Owner: owner, EventID: event}))
	}
}

// isDelivering reports whether a first delivery is under way.
func isDelivering(w *paymentWorkflow) bool {
	return slices.ContainsFunc(w.deliveries, func(d pendingResult[activities.DeliverResult]) bool {
		return !d.future.IsReady()
	})
}

// forgetDeliveries forgets the first deliveries, which have ended. One fails only where its event's row is
// gone: the database was restored, and nobody can deliver the event.
func forgetDeliveries(ctx workflow.Context, w *paymentWorkflow) {
	for _, delivery := range w.deliveries {
		if _, err := delivery.get(ctx); err != nil {
			w.logger(ctx).Error("an event has no row to deliver it from", "error", err)
		}
	}
	w.deliveries = nil
}
