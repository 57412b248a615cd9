package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/support"
)

// CancelRequest is a Temporal client's request to cancel a payment's workflow.
type CancelRequest struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	At        time.Time         `json:"at"`
}

// RecordCancel writes a cancel request into the audit log, with the decision that it is
// ignored. One payment has one such entry, however often a client asks.
func (a *ActionActivities) RecordCancel(ctx context.Context, in CancelRequest) (bool, error) {
	act := support.AuditEntry{
		ID: "cancel-" + string(in.PaymentID), At: in.At, Actor: "temporal", Role: support.RoleReader,
		Action: support.ActionCancel, PaymentID: in.PaymentID,
		Reason: "a Temporal client asked for the workflow to be cancelled",
	}
	if err := a.Store.AuditLog.BeginAuditEntry(ctx, act); err != nil {
		return false, activityError(err)
	}
	err := a.Store.AuditLog.EndAuditEntry(ctx, act.ID, support.ActionResult{
		Decision: support.DecisionRefused, Reason: "a cancel request decides nothing: the payment goes on",
	}, a.Clock.Now())
	return err == nil, activityError(err)
}
