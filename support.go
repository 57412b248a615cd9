package pirogue

import "time"

// SupportActionKind names an action of support on a payment.
type SupportActionKind string

// The verbs. The payment's own workflow carries out each but ActionResend, one at a time. Pressing a
// button twice so has one effect.
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

// SupportAction is one request of a person to apply a verb to a payment.
type SupportAction struct {
	AuditID    string            `json:"act"` // the ID of the audit entry; a repeated request with the same ID has one effect
	Kind       SupportActionKind `json:"verb"`
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
	Decision Decision `json:"decision"`
	Reason   string   `json:"reason"`
	Evidence string   `json:"evidence,omitempty"` // the operator's message, redacted
	Status   Status   `json:"status"`             // of the payment, after the action
}

// AuditEntry is one action of a person, or an attempt at one: a row of the audit log. It is written before
// the action and completed with the verdict afterwards, so no action escapes the log.
type AuditEntry struct {
	ID        string
	At        time.Time
	Actor     string
	Role      Role
	Action    SupportActionKind
	PaymentID PaymentID // "" when the action concerns no payment
	Subject   string    // another object of the action, such as a merchant or an event
	Reason    string    // the reason, in the actor's words
	// Resolution, Evidence and Case belong to ActionResolve. They hold the outcome of the payment,
	// where it can be seen, and the case to close, "" for none.
	Resolution Resolution
	Evidence   string
	Case       CaseID
	Result     ActionResult // zero: under way, or interrupted
	EndedAt    time.Time
}

// RequiredRole returns the role that a verb requires. Only finance may decide about an outcome.
func (v SupportActionKind) RequiredRole() Role {
	if v == ActionResolve {
		return RoleFinance
	}
	return RoleSupport
}

// Role is the set of permissions of an admin token.
type Role string

// The roles. Each includes the permissions of the one before.
const (
	RoleReader  Role = "reader"  // find, list, read
	RoleSupport Role = "support" // recheck, redrive, resend
	RoleFinance Role = "finance" // resolve, settle merchants, change fees
)

// May reports whether r includes the permissions of other.
func (r Role) May(other Role) bool {
	rank := map[Role]int{RoleReader: 1, RoleSupport: 2, RoleFinance: 3}
	return rank[r] > 0 && rank[r] >= rank[other]
}

// StuckCause is the reason why an open payment has not ended.
type StuckCause string

// The reasons why a payment is stuck. Support works through a list of such payments.
const (
	StuckUnstarted  StuckCause = "NOT_STARTED"        // accepted, and no workflow has started
	StuckUnsent     StuckCause = "OPERATOR_DOWN"      // the operator cannot be reached
	StuckSuspended  StuckCause = "MERCHANT_SUSPENDED" // it is sent when its merchant's suspension ends
	StuckUnknown    StuckCause = "ANSWER_UNKNOWN"     // sent, and the outcome is not known
	StuckUndecided  StuckCause = "OPERATOR_SLOW"      // the operator has accepted it and does not decide
	StuckCase       StuckCause = "CASE_OPEN"          // a person must settle a case
	StuckUnreported StuckCause = "WEBHOOK_FAILING"    // it ended, and its webhook keeps failing
)

// Stuck is a payment that support should look at.
type Stuck struct {
	Payment         Payment
	Cause           StuckCause
	Since           time.Time
	OperatorMessage string // the operator's latest message, redacted
	Allowed         []SupportActionKind
	// Unreadable holds the reason why a sealed part of the payment's row, such as its number, cannot
	// be decrypted. It is "" when all parts can.
	Unreadable string
}

// AllowedActions returns the actions of support on a payment of one kind that is stuck for this cause. For
// StuckCase it is Cause.Verbs. A payment that is not started has no workflow to act; the sweep
// starts it or ends it. People may decide the outcome of outgoing money only: incoming money is the
// operator's to confirm. Another attempt is offered only while it is not known whether the last one
// arrived.
func (c StuckCause) AllowedActions(k PaymentKind) []SupportActionKind {
	switch {
	case c == StuckUnknown && k.MoneyOut():
		return []SupportActionKind{ActionRecheck, ActionRedrive, ActionResolve}
	case c == StuckUndecided && k.MoneyOut():
		return []SupportActionKind{ActionRecheck, ActionResolve}
	case c == StuckUnknown, c == StuckUndecided, c == StuckUnsent, c == StuckSuspended:
		return []SupportActionKind{ActionRecheck}
	case c == StuckUnreported:
		return []SupportActionKind{ActionResend}
	default:
		return []SupportActionKind{}
	}
}

// AllowedActions returns the actions of support on a payment with an open case of this cause. After the
// FinalityWindow the operator is asked, and people decide what it cannot report. CauseNotBooked has
// none: the payment's workflow waits for its own write and answers no action before that.
func (c Cause) AllowedActions() []SupportActionKind {
	switch c {
	case CauseUnknown:
		return []SupportActionKind{ActionRecheck, ActionResolve}
	case CauseWorkflowLost: // support starts it by hand once its rows are readable again
		return []SupportActionKind{ActionRecheck}
	case CauseLineNotStarted, CauseNotBooked: // a line's operator is configured again, or its bulk is cancelled
		return []SupportActionKind{}
	default:
		return []SupportActionKind{ActionResolve}
	}
}

// CaseView is an open case with its payment and the allowed actions.
type CaseView struct {
	Case

	Payment    Payment
	Allowed    []SupportActionKind
	Unreadable string // as in Stuck
}

// PaymentView is a payment of any merchant, for support.
type PaymentView struct {
	Payment

	Unreadable string // as in Stuck
}

// AdminToken lets a person use the admin API. Its secret is shown once, when it is made, and stored
// nowhere.
type AdminToken struct {
	Name      string // the person, as the audit log names them
	Role      Role
	CreatedAt time.Time
	RevokedAt time.Time // zero: in force
}
