package lifecycle

import (
	"time"

	"pirogue"
	"pirogue/support"
)

// AttemptResult holds the result of one sending of an attempt. It moves the attempt from SENT to State,
// unless a later sending was made, and moves its payment accordingly.
//
// ACCEPTED and UNKNOWN make the payment PENDING. PREPARED means that this sending is proven not
// sent. The attempt becomes PREPARED once that is proven of all its sendings, in whatever order the
// results arrive. Before that it is UNKNOWN. The payment is PENDING either way, for the merchant
// must not believe that it failed. REFUSED leaves the payment to Settlement.
type AttemptResult struct {
	AttemptID    pirogue.AttemptID
	Sending      int // its number, from Sending.Number
	State        pirogue.AttemptState
	Handle       pirogue.Handle
	Unable       bool   // with REFUSED: for a reason of the operator's own
	Message      string // the operator's message, redacted
	NextAction   pirogue.NextAction
	ProviderTxID string
	ExpiresAt    time.Time // when the customer's window closes
	At           time.Time
}

// Finalization makes a payment terminal. One transaction compares and sets its status, books it, and
// writes the event for the merchant.
type Finalization struct {
	PaymentID    pirogue.PaymentID
	From         pirogue.Status // only from this status; "" means from any that is not terminal
	Status       pirogue.Status
	Failure      pirogue.Failure
	ProviderTxID string
	// Unsent requires the proof that nothing was sent. A payment with an attempt that is SENT,
	// UNKNOWN or ACCEPTED stays as it is.
	Unsent  bool
	Watched bool // its workflow watches for late money: the payment is not finished
	// Case names the case that two people close by Resolution together with the payment; "" for
	// none. Its money leaves suspense in the same transaction.
	Case       support.CaseID
	Resolution support.Resolution
	At         time.Time
}

// Finalized is the result of a Settlement. Payment holds the row after it. EventID is "" when the
// payment already had another terminal status: the first one stands. It is "" too when the payment
// stays open, because its status is not From or Unsent does not hold.
//
// Reversed is the event of the cash-in that is wholly refunded with this refund; "" for any other
// settlement.
type Finalized struct {
	Payment  pirogue.Payment
	EventID  pirogue.EventID
	Reversed pirogue.EventID
}
