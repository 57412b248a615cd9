package pirogue

import "time"

// Answer holds what became of one sending of an attempt. It moves the attempt from SENT to
// State, if no later sending was made, and its payment along with it.
//
// ACCEPTED and UNKNOWN make the payment PENDING. PREPARED says that this sending was
// proven not sent. The attempt is PREPARED once that is proven of all its sendings, in
// whatever order the answers come, and UNKNOWN before. The payment is PENDING either way,
// for the merchant must not think it failed. REFUSED leaves the payment to Settlement.
type Answer struct {
	AttemptID    AttemptID
	Sending      int // its number, as Send returned it
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
	// Unsent makes the end depend on the proof that nothing was sent: a payment with an
	// attempt that is SENT, UNKNOWN or ACCEPTED stays as it is.
	Unsent  bool
	Watched bool // its workflow goes on, for money that moves late: the payment is not finished
	// Case is the case that two people settle by Resolution together with the payment; "" for
	// none. Its money leaves suspense in the same transaction.
	Case       CaseID
	Resolution Resolution
	At         time.Time
}

// Settled is what a settlement left behind. EventID is "" when the payment was
// terminal already with another status, which then stands in Payment: whoever came
// first has won. It is "" too when the payment stays open, because it does not stand at
// From or because Unsent is not true of it.
//
// Reversed is the event of the cash-in that a successful refund made whole; "" when
// this refund did not.
type Settled struct {
	Payment  Payment
	EventID  EventID
	Reversed EventID
}
