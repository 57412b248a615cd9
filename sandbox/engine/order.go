package engine

import "time"

// State is the status of an order.
type State string

// The states of an order. Only Declined can change again: an operator that corrects itself
// executes an order that it reported as failed.
const (
	Pending  State = "pending"
	Executed State = "executed" // money moved
	Declined State = "declined" // it did not
	Lapsed   State = "lapsed"   // nobody confirmed it in time
)

// Reason is the cause of a decline. Each simulator has its operator's words for it.
type Reason string

// The reasons for a decline.
const (
	TooPoor  Reason = "too_poor" // the customer's balance is too low
	SaidNo   Reason = "said_no"  // the customer refused
	Rejected Reason = "rejected" // the operator, after it had accepted
	Silence  Reason = "silence"  // nobody answered in time
	LeftPage Reason = "left"     // the customer cancelled on the payment page
)

// Order is one payment that a merchant ordered from an operator, as an engine stores it.
type Order struct {
	ID        string    `json:"id"`        // the operator's own identifier
	Reference string    `json:"reference"` // the merchant's reference
	Account   string    `json:"account"`   // the merchant's account, where an operator serves several
	Key       string    `json:"key"`       // identifies a repeated call; may be empty
	Parent    string    `json:"parent"`    // the order that this one gives back
	Direction Direction `json:"direction"`
	MSISDN    string    `json:"msisdn"` // international
	Asked     int64     `json:"asked"`  // the ordered amount, in the currency's minor unit
	Amount    int64     `json:"amount"` // the amount that moves; differs for number 999999 alone
	Currency  string    `json:"currency"`
	State     State     `json:"state"`
	Reason    Reason    `json:"reason"`
	OpenedAt  time.Time `json:"opened_at"`
	ChangedAt time.Time `json:"changed_at"`
	// CallbackURL is the address for the callback about the end; empty for none.
	CallbackURL string            `json:"callback_url"`
	Notes       map[string]string `json:"notes"` // further fields of the operator's API

	NextAt       time.Time `json:"next_at"`     // time at which Ends happens by itself; zero for never
	Ends         State     `json:"ends"`        // the state in which it ends then
	EndsReason   Reason    `json:"ends_reason"` // the reason for it
	Copies       int       `json:"copies"`      // number of callbacks; above 1 the first leaves before the response
	ResponseLost bool      `json:"answer_lost"` // the call that opened it gets no response
	Callbacks    int       `json:"callbacks"`   // number of callbacks sent

	OnPage      bool      `json:"on_page,omitempty"`     // see OpenOnPage
	StepsBack   bool      `json:"steps_back,omitempty"`  // the customer yields to the first person on the page
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"` // when the customer confirmed on the page
}

// Open reports whether the order can still end.
func (o *Order) Open() bool { return o.State == Pending }

// AwaitsCustomer reports whether the customer can still confirm the order or refuse it.
func (o *Order) AwaitsCustomer() bool { return o.Open() && o.ConfirmedAt.IsZero() }

// movesMoney reports whether the order moved money or may still move it.
func (o *Order) movesMoney() bool { return o.State == Pending || o.State == Executed }

// end sets the final state of an order at an instant.
func (o *Order) end(state State, why Reason, at time.Time) {
	o.State, o.Reason, o.ChangedAt = state, why, at
	o.NextAt, o.Ends, o.EndsReason = time.Time{}, "", ""
}

// follow begins the course of an order. It ends in the call itself, after a while, or never
// if After is negative.
func (o *Order) follow(c Course) {
	if c.After == 0 && !c.AfterResponse {
		o.end(c.Ends, c.Reason, o.OpenedAt)
		return
	}
	o.State, o.Reason = Pending, ""
	if c.After >= 0 {
		o.NextAt, o.Ends, o.EndsReason = o.OpenedAt.Add(c.After), c.Ends, c.Reason
	}
}

// advance takes the step that is due: on a page the customer confirms, and after settling
// the order ends.
func (o *Order) advance(now time.Time, settling time.Duration) {
	if o.OnPage && o.ConfirmedAt.IsZero() && o.Ends != Lapsed {
		o.confirm(now, settling)
		return
	}
	o.end(o.Ends, o.EndsReason, now)
}

// confirm records that the customer confirmed. The order ends after settling.
func (o *Order) confirm(now time.Time, settling time.Duration) {
	o.ConfirmedAt, o.NextAt, o.StepsBack = now, now.Add(settling), false
	if settling == 0 {
		o.end(o.Ends, o.EndsReason, now)
	}
}

// awaitsResponse reports whether the order ends as soon as its caller has the response.
func (o *Order) awaitsResponse() bool { return o.Open() && o.NextAt.Equal(o.OpenedAt) }

// floatTaken returns the part of the float that an outgoing order took or holds.
func (o *Order) floatTaken() int64 {
	if o.Direction == Out && (o.State == Executed || o.State == Pending && o.Ends == Executed) {
		return o.Amount
	}
	return 0
}

// bookEntry returns the line of the book for an executed order.
func (o *Order) bookEntry() BookEntry {
	return BookEntry{
		TxnID: o.ID, OrderID: o.Reference, MSISDN: o.MSISDN, Amount: o.Amount, Asked: o.Asked,
		Currency: o.Currency, At: o.ChangedAt, Direction: o.Direction,
	}
}

// CollectionOf returns the opening of a collection according to a magic number. A silent
// customer's order lapses at the end of the operator's window. On a page settling begins
// with the confirmation.
func CollectionOf(o Order, b Behaviour, window, settling time.Duration) Opening {
	o.Direction, o.Copies = In, b.Callbacks
	ends, why := o.decide(b)
	c := Course{Ends: ends, Reason: why, After: max(b.After, settling)}
	if o.OnPage {
		o.StepsBack = b.YieldsToUser
		c.After, c.AfterResponse = b.After, true
	}
	if b.Outcome == Silent {
		c = Course{Ends: Lapsed, Reason: Silence, After: window}
	}
	return Opening{Order: o, Course: c, LosesResponses: b.ResponseLost}
}

// decide sets the amount that a customer's confirmation moves, and returns the end that it
// leads to.
func (o *Order) decide(b Behaviour) (State, Reason) {
	o.Amount = o.Asked
	if b.OtherAmount {
		o.Amount = AnotherAmount(o.Asked)
	}
	switch {
	case b.Outcome != Refuses:
		return Executed, ""
	case b.Poor:
		return Declined, TooPoor
	default:
		return Declined, SaidNo
	}
}

// PayoutOf returns the opening of a payout according to a magic number.
func PayoutOf(o Order, p Payout, settling time.Duration) Opening {
	c := Course{Ends: Executed, After: max(p.After, settling)}
	if p.End != PaidOut {
		c.Ends, c.Reason = Declined, Rejected
	}
	o.Direction, o.Copies, o.Amount = Out, p.Callbacks, o.Asked
	if p.OtherAmount {
		o.Amount = AnotherAmount(o.Asked)
	}
	return Opening{Order: o, Course: c, LosesResponses: p.ResponseLost}
}
