package stage

import "time"

// State is where an order stands.
type State string

// The states of an order. Only Declined can change again: an operator that corrects
// itself executes what it had called a failure.
const (
	Pending  State = "pending"
	Executed State = "executed" // money moved
	Declined State = "declined" // it did not
	Lapsed   State = "lapsed"   // nobody confirmed it in time
)

// Reason is why an order was declined; each simulator has its operator's words for it.
type Reason string

// The reasons.
const (
	TooPoor  Reason = "too_poor" // the customer's balance is too low
	SaidNo   Reason = "said_no"  // the customer refused
	Rejected Reason = "rejected" // the operator, after it had accepted
	Silence  Reason = "silence"  // nobody answered in time
)

// Order is one payment that a merchant asked an operator for, as a Till keeps it.
type Order struct {
	ID        string    `json:"id"`        // the operator's own
	Reference string    `json:"reference"` // the merchant's
	Account   string    `json:"account"`   // whose it is, where an operator serves several
	Key       string    `json:"key"`       // under which a repeated call finds it; may be empty
	Parent    string    `json:"parent"`    // the order that this one gives back
	Direction Direction `json:"direction"`
	MSISDN    string    `json:"msisdn"` // international
	Asked     int64     `json:"asked"`  // what the merchant ordered, in the currency's minor unit
	Amount    int64     `json:"amount"` // what moves; differs for number 999999 alone
	Currency  string    `json:"currency"`
	State     State     `json:"state"`
	Reason    Reason    `json:"reason"`
	OpenedAt  time.Time `json:"opened_at"`
	ChangedAt time.Time `json:"changed_at"`
	// CallbackURL is where the end is told; empty for nowhere.
	CallbackURL string            `json:"callback_url"`
	Notes       map[string]string `json:"notes"` // what else the operator's wire needs

	NextAt     time.Time `json:"next_at"`     // when Ends comes by itself; zero for never
	Ends       State     `json:"ends"`        // how it ends then
	EndsReason Reason    `json:"ends_reason"` // and why
	Copies     int       `json:"copies"`      // callbacks in all; above 1 the first leaves before the answer
	AnswerLost bool      `json:"answer_lost"` // nobody gets an answer to the call that opened it
	Callbacks  int       `json:"callbacks"`   // that have left
}

// Open reports whether the order can still end.
func (o *Order) Open() bool { return o.State == Pending }

// moves reports whether the order moved money or may still move it.
func (o *Order) moves() bool { return o.State == Pending || o.State == Executed }

// end ends an order at an instant.
func (o *Order) end(state State, why Reason, at time.Time) {
	o.State, o.Reason, o.ChangedAt = state, why, at
	o.NextAt, o.Ends, o.EndsReason = time.Time{}, "", ""
}

// follow sets an order on its course: it ends in the call itself, or after a while.
func (o *Order) follow(ends State, why Reason, after time.Duration) {
	o.State = Pending
	if after == 0 {
		o.end(ends, why, o.OpenedAt)
		return
	}
	o.NextAt, o.Ends, o.EndsReason = o.OpenedAt.Add(after), ends, why
}

// taken is what an outgoing order takes from the float, or holds of it.
func (o *Order) taken() int64 {
	if o.Direction == Out && (o.State == Executed || o.State == Pending && o.Ends == Executed) {
		return o.Amount
	}
	return 0
}

// paid is the line of the book for an executed order.
func (o *Order) paid() Paid {
	return Paid{
		TxnID: o.ID, OrderID: o.Reference, MSISDN: o.MSISDN, Amount: o.Amount, Asked: o.Asked,
		Currency: o.Currency, At: o.ChangedAt, Direction: o.Direction,
	}
}

// collection sets an order of a customer who pays on the course of a number. A silent
// customer's order lapses when the operator's window closes.
func (o *Order) collection(b Behaviour, window, settling time.Duration) {
	after := max(b.After, settling)
	o.Copies = b.Callbacks
	if b.OtherAmount {
		o.Amount = AnotherAmount(o.Asked)
	}
	switch {
	case b.Outcome == Silent:
		o.follow(Lapsed, Silence, window)
	case b.Outcome == Pays:
		o.follow(Executed, "", after)
	case b.Poor:
		o.follow(Declined, TooPoor, after)
	default:
		o.follow(Declined, SaidNo, after)
	}
}

// payout sets an order of a customer who is paid on the course of a number.
func (o *Order) payout(p Payout, settling time.Duration) {
	o.Copies = p.Callbacks
	if p.OtherAmount {
		o.Amount = AnotherAmount(o.Asked)
	}
	if p.End == PaidOut {
		o.follow(Executed, "", max(p.After, settling))
		return
	}
	o.follow(Declined, Rejected, max(p.After, settling))
}
