package activities

import (
	"context"

	"pirogue"
	"pirogue/failpoint"
)

// DeliverFirst makes the first delivery of an event for the workflow of its payment. It does not retry a
// delivery, and never begins a second one. It starts the event's own workflow, which goes on, in three
// cases: the merchant did not take the webhook, has too many under way, or an earlier run was cut off.
func (a *DeliverActivities) DeliverFirst(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	if !a.lanes.enter(in.Owner) {
		event, err := a.Store.Webhooks.Event(ctx, in.EventID)
		if err != nil {
			return DeliverResult{}, encodeRow(err)
		}
		return a.leaveToWorkflow(ctx, event)
	}
	defer a.lanes.leave(in.Owner)

	began := a.Clock.Now()
	event, d, err := a.Store.Webhooks.BeginFirstDelivery(ctx, in.EventID, began)
	if err != nil {
		return DeliverResult{}, encodeRow(err)
	}
	if d.Number == 0 {
		return a.leaveToWorkflow(ctx, event)
	}
	state, wait, err := a.attempt(ctx, event, &d)
	if err != nil { // the delivery has its row, and perhaps an end
		return a.leaveToWorkflow(ctx, event)
	}
	logResult(ctx, "webhook delivery", "event", in.EventID, "delivery", d.Number, "status", d.HTTPStatus, "state", state)
	event.NextAt = d.EndedAt.Add(wait)
	if event.State = state; state == pirogue.EventDelivered {
		a.drain(ctx, in.Owner, began.Add(queuedFor))
	}
	left, err := a.leaveToWorkflow(ctx, event)
	left.Attempts = d.Number
	return left, err
}

// leaveToWorkflow starts the workflow of an event that is WAITING, unless it was started before. It goes
// on by the event's rows, when the event is due.
func (a *DeliverActivities) leaveToWorkflow(ctx context.Context, event pirogue.Event) (DeliverResult, error) {
	if event.State == pirogue.EventWaiting {
		if err := a.Workflows.Deliver(ctx, event); err != nil {
			return DeliverResult{}, activityError(err)
		}
		failpoint.Hit("deliver.left")
	}
	return DeliverResult{State: event.State}, nil
}
