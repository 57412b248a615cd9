package stage

import "time"

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
}
