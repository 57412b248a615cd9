package pirogue

import "slices"

// Status is where a payment stands, in the words of the merchant API.
type Status string

// The seven statuses. An outcome that is not known is shown as StatusPending: it
// is never a failure.
const (
	StatusCreated   Status = "CREATED"   // recorded; the operator has not been called
	StatusInitiated Status = "INITIATED" // sent, or about to be, to the operator
	StatusPending   Status = "PENDING"   // accepted by the operator, or nobody knows yet
	StatusSuccess   Status = "SUCCESS"   // paid, confirmed and booked
	StatusFailed    Status = "FAILED"    // refused, or not confirmed; the failure says which
	StatusExpired   Status = "EXPIRED"   // the customer did not pay in time
	StatusReversed  Status = "REVERSED"  // a cash-in wholly refunded
)

// Statuses is every status, in the order a payment meets them.
var Statuses = []Status{
	StatusCreated, StatusInitiated, StatusPending, StatusSuccess, StatusFailed, StatusExpired, StatusReversed,
}

// edges is the whole graph: what each status may become. Database triggers hold
// the same table, so that a bug cannot draw another edge. EXPIRED or FAILED to SUCCESS
// is a late success that the merchant's policy accepts.
var edges = map[Status][]Status{
	StatusCreated:   {StatusInitiated, StatusFailed, StatusExpired},
	StatusInitiated: {StatusPending, StatusSuccess, StatusFailed, StatusExpired},
	StatusPending:   {StatusSuccess, StatusFailed, StatusExpired},
	StatusSuccess:   {StatusReversed},
	StatusFailed:    {StatusSuccess},
	StatusExpired:   {StatusSuccess},
}

// CanBecome reports whether a payment of kind k may go from s to next.
func (s Status) CanBecome(next Status, k Kind) bool {
	if next == StatusReversed || s == StatusExpired || s == StatusFailed {
		return k == CashIn && slices.Contains(edges[s], next)
	}
	return slices.Contains(edges[s], next)
}

// Terminal reports whether a merchant may treat s as the end.
func (s Status) Terminal() bool {
	switch s {
	case StatusSuccess, StatusFailed, StatusExpired, StatusReversed:
		return true
	default:
		return false
	}
}
