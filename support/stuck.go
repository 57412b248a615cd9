package support

import (
	"time"

	"pirogue"
)

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
	Payment         pirogue.Payment
	Cause           StuckCause
	Since           time.Time
	OperatorMessage string // the operator's latest message, redacted
	Allowed         []SupportActionKind
	// Unreadable holds the reason why a sealed part of the payment's row, such as its number, cannot
	// be decrypted. It is "" when all parts can.
	Unreadable string
}

// AllowedActions returns the actions of support on a payment of one kind that is stuck for this cause. For
// StuckCase it is Cause.AllowedActions. A payment that is not started has no workflow to act; the sweep
// starts it or ends it. People may decide the outcome of outgoing money only: incoming money is the
// operator's to confirm. Another attempt is offered only while it is not known whether the last one
// arrived.
func (c StuckCause) AllowedActions(k pirogue.PaymentKind) []SupportActionKind {
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
