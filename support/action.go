package support

import (
	"pirogue"
)

// SupportActionKind names an action of support on a payment.
type SupportActionKind string

// The actions on a payment. The payment's own workflow carries out each but ActionResend, one at a time. A repeated
// request so has one effect.
const (
	ActionRecheck SupportActionKind = "recheck" // ask the operator at once
	ActionRedrive SupportActionKind = "redrive" // ask, and submit anew if that can pay nobody twice
	ActionResolve SupportActionKind = "resolve" // decide with evidence what the operator cannot report
	ActionResend  SupportActionKind = "resend"  // send the merchant's webhook again
	ActionCancel  SupportActionKind = "cancel"  // a Temporal client's cancel request, which is recorded and ignored
)

// Resolution is a person's decision about the outcome of a payment.
type Resolution string

// The resolutions. A case of late or wrong incoming money is closed by a return or by a placement
// by hand. An unknown outcome, and outgoing money that differs from the payment, are closed by the
// paid amount.
const (
	ResolvedPaid   Resolution = "paid"   // the operator executed it
	ResolvedUnpaid Resolution = "unpaid" // the operator did not execute it and will not
	// ResolvedInPart means that the money which the operator confirmed moved, and no more will.
	ResolvedInPart Resolution = "paid_in_part"
	ResolvedReturn Resolution = "return" // give the late or wrong money back to its payer
	ResolvedPlaced Resolution = "placed" // the money was placed outside Pirogue
)

// SupportAction is one request of a person to act on a payment.
type SupportAction struct {
	AuditID    string            `json:"audit_id"` // of the audit entry; a repeated request has one effect
	Kind       SupportActionKind `json:"kind"`
	Actor      string            `json:"actor"`
	Resolution Resolution        `json:"resolution,omitempty"` // of ActionResolve
	Evidence   string            `json:"evidence,omitempty"`   // of ActionResolve: where the evidence can be seen
	Case       CaseID            `json:"case,omitempty"`       // of ActionResolve: the case to close; "" for none
}

// Decision is the result of a support action.
type Decision string

// The decisions.
const (
	DecisionSettled     Decision = "SETTLED"     // the payment is terminal, or its case closed
	DecisionResubmitted Decision = "RESUBMITTED" // a new attempt was made
	DecisionWaiting     Decision = "WAITING"     // the operator was asked and has not decided
	DecisionProposed    Decision = "PROPOSED"    // another person must confirm it
	DecisionRefused     Decision = "REFUSED"     // it would not be safe; Reason explains it
)

// ActionResult is the workflow's response to a support action, with its grounds.
type ActionResult struct {
	Decision Decision       `json:"decision"`
	Reason   string         `json:"reason"`
	Evidence string         `json:"evidence,omitempty"` // the operator's message, redacted
	Status   pirogue.Status `json:"status"`             // of the payment, after the action
}

// RequiredRole returns the role that an action requires. Only finance may decide about an outcome.
func (k SupportActionKind) RequiredRole() Role {
	if k == ActionResolve {
		return RoleFinance
	}
	return RoleSupport
}
