package support

import (
	"pirogue"
)

// CaseView is an open case with its payment and the allowed actions.
type CaseView struct {
	Case

	Payment    pirogue.Payment
	Allowed    []SupportActionKind
	Unreadable string // as in Stuck
}

// PaymentView is a payment of any merchant, for support.
type PaymentView struct {
	pirogue.Payment

	Unreadable string // as in Stuck
}
