package stage

import "time"

// Direction says which way money went, as the merchant sees it.
type Direction string

// The two directions of a movement.
const (
	In  Direction = "in"  // from a customer to the merchant
	Out Direction = "out" // from the merchant to a customer
)

// Paid is one line of an operator's book: money that moved. It is written once
// and never changed, so that Pirogue's books can be held against it.
type Paid struct {
	TxnID    string    `json:"txnid"`    // the operator's own number for the movement
	OrderID  string    `json:"order_id"` // the reference under which the merchant asked
	MSISDN   string    `json:"msisdn"`   // as known to the operator; empty when nobody said
	Amount   int64     `json:"amount"`   // what moved, in the currency's minor unit
	Asked    int64     `json:"asked"`    // what the order asked for; differs only for number 999999
	Currency string    `json:"currency"` // as it came on the wire, OUV included
	At       time.Time `json:"at"`       // when it was executed, UTC
	// Direction is left out by an operator that only collects.
	Direction Direction `json:"direction,omitempty"`
}
