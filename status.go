package pirogue

import "slices"

// Status is the state of a payment, in the words of the merchant API.
type Status string

// The seven statuses. A payment whose outcome is not known is StatusPending: it is never a failure.
const (
	StatusCreated   Status = "CREATED"   // recorded; the operator has not been called
	StatusInitiated Status = "INITIATED" // sent, or about to be, to the operator
	StatusPending   Status = "PENDING"   // accepted by the operator, or its outcome is not known
	StatusSuccess   Status = "SUCCESS"   // paid, confirmed and booked
	StatusFailed    Status = "FAILED"    // refused, or not confirmed; Failure holds the reason
	StatusExpired   Status = "EXPIRED"   // the customer did not pay in time
	StatusReversed  Status = "REVERSED"  // a cash-in wholly refunded
)

// Statuses lists every status, in the order in which a payment meets them.
var Statuses = []Status{
	StatusCreated, StatusInitiated, StatusPending, StatusSuccess, StatusFailed, StatusExpired, StatusReversed,
}

// edges holds every allowed transition between statuses. Database triggers hold the same table, so
// that a bug cannot make another transition. EXPIRED or FAILED to SUCCESS is a late success that
// the merchant's policy accepts.
var edges = map[Status][]Status{
	StatusCreated:   {StatusInitiated, StatusFailed, StatusExpired},
	StatusInitiated: {StatusPending, StatusSuccess, StatusFailed, StatusExpired},
	StatusPending:   {StatusSuccess, StatusFailed, StatusExpired},
	StatusSuccess:   {StatusReversed},
	StatusFailed:    {StatusSuccess},
	StatusExpired:   {StatusSuccess},
}

// CanBecome reports whether a payment of kind k may go from s to next.
func (s Status) CanBecome(next Status, k PaymentKind) bool {
	if next == StatusReversed || s == StatusExpired || s == StatusFailed {
		return k == CashIn && slices.Contains(edges[s], next)
	}
	return slices.Contains(edges[s], next)
}

// Terminal reports whether a merchant may treat s as the end. A late success or a refund may still
// follow.
func (s Status) Terminal() bool {
	switch s {
	case StatusSuccess, StatusFailed, StatusExpired, StatusReversed:
		return true
	default:
		return false
	}
}
