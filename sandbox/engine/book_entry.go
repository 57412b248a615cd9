package engine

import "time"

// Direction is the direction of money, from the merchant's point of view.
type Direction string

// The two directions of a movement.
const (
	In  Direction = "in"  // from a customer to the merchant
	Out Direction = "out" // from the merchant to a customer
)

// BookEntry is one line of an operator's book: money that moved. A line is written once and
// never changed, so that Pirogue's books can be compared with it.
type BookEntry struct {
	TxnID    string    `json:"txnid"`    // the operator's own number of the movement
	OrderID  string    `json:"order_id"` // the merchant's reference of the order
	MSISDN   string    `json:"msisdn"`   // if the operator knows it; empty otherwise
	Amount   int64     `json:"amount"`   // the amount that moved, in the currency's minor unit
	Asked    int64     `json:"asked"`    // the ordered amount; differs only for number 999999
	Currency string    `json:"currency"` // as received, OUV included
	At       time.Time `json:"at"`       // time of the execution, UTC
	// Direction is empty for an operator that only collects.
	Direction Direction `json:"direction,omitempty"`
}
