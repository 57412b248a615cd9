package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
	"pirogue/webhook"
)

// resendRoutes serves the repetition of a payment's webhooks.
type resendRoutes struct {
	*actions

	payments  Payments
	events    Events
	workflows Workflows
	log       *zap.Logger
}

// register adds the route.
func (h resendRoutes) register(in routeGroup) { in.post("/payments/:id/resend", h.create) }

// resendBody is the body of POST /payments/{id}/resend.
type resendBody struct {
	reasonBody

	EventID pirogue.EventID `json:"event_id,omitempty"` // "": the latest
}

// create sends a webhook of the payment again: the given event, or the latest.
func (h resendRoutes) create(c *gin.Context, rc *requestContext) error {
	var body resendBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(body.rule(), rule{field: "event_id", good: isLine(string(body.EventID), maxID)}); err != nil {
		return err
	}
	p, err := paymentIn(c, h.payments)
	if err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionResend, needs: support.RoleSupport, payment: p, reason: body.Reason,
		subject: string(body.EventID),
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			return h.resend(ctx, p, body.EventID)
		},
	})
}

// resend starts a further round of an event's deliveries.
func (h resendRoutes) resend(
	ctx context.Context, p pirogue.Payment, only pirogue.EventID,
) (support.ActionResult, error) {
	refused := support.ActionResult{Decision: support.DecisionRefused, Status: p.Status}
	id, err := h.eventOf(ctx, p, only)
	if err != nil || id == "" {
		refused.Reason = "There is no such event: a payment has one for each time it ended."
		return refused, err
	}
	step, cancel := withinStoreTime(ctx)
	defer cancel()
	owner := access.Owner{MerchantID: p.MerchantID, Mode: p.Mode}
	event, err := h.events.Resend(step, owner, id)
	if err != nil {
		return support.ActionResult{}, err
	}
	if event.State != pirogue.EventWaiting {
		refused.Reason = "There is no address to send it to: neither the payment nor its merchant has one."
		return refused, nil
	}
	h.deliver(ctx, event)
	return support.ActionResult{
		Decision: support.DecisionSettled, Status: p.Status,
		Reason: fmt.Sprintf("Event %s is on its way, in round %d.", event.ID, event.Round),
	}, nil
}

// eventOf returns the payment's event with the ID only, or the latest event for "". It returns ""
// when there is none.
func (h resendRoutes) eventOf(ctx context.Context, p pirogue.Payment, only pirogue.EventID) (pirogue.EventID, error) {
	ctx, cancel := withinStoreTime(ctx)
	defer cancel()
	events, err := h.events.EventsOf(ctx, p.ID)
	if err != nil {
		return "", err
	}
	wanted := only
	if wanted == "" {
		wanted = webhook.NewEventID(p.ID, p.Sequence)
	}
	if !slices.ContainsFunc(events, func(e pirogue.Event) bool { return e.ID == wanted }) {
		return "", nil
	}
	return wanted, nil
}

// deliver starts a delivery. When Temporal does not respond the sweep starts it, because the
// event's row is WAITING already.
func (h resendRoutes) deliver(ctx context.Context, e pirogue.Event) {
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	if err := h.workflows.Deliver(ctx, e); err != nil {
		h.log.Warn("the sweep has to start a delivery", zap.String("event_id", string(e.ID)), zap.Error(err))
	}
}
