package pirogue

import "time"

// Answer is what became of sending one attempt. It moves the attempt from SENT to
// State and its payment along with it.
//
// ACCEPTED and UNKNOWN make the payment PENDING. PREPARED says the call was proven
// not sent: the payment is PENDING too, for the merchant must not think it failed.
// REFUSED leaves the payment to Settlement.
type Answer struct {
	AttemptID    AttemptID
	State        AttemptState
	Handle       Handle
	Unable       bool   // with REFUSED: for a reason of the operator's own
	Words        string // the operator's, redacted
	NextAction   NextAction
	ProviderTxID string
	ExpiresAt    time.Time // when the customer's window closes
	At           time.Time
}

// Settlement makes a payment terminal: a compare-and-set on its status, the books,
// and the event for the merchant, together or not at all.
type Settlement struct {
	PaymentID    PaymentID
	From         Status // only from this status; "" means from any that is not terminal
	Status       Status
	Failure      Failure
	ProviderTxID string
	At           time.Time
}

// Settled is what a settlement left behind. EventID is "" when the payment was
// terminal already with another status, which then stands in Payment: whoever came
// first has won.
//
// Reversed is the event of the cash-in that a successful refund made whole; "" when
// this refund did not.
type Settled struct {
	Payment  Payment
	EventID  EventID
	Reversed EventID
}
