package pirogue

import (
	"cmp"
	"time"
)

// Order is what a payment's workflow is started with: identifiers and the policy
// frozen at that moment, so that a later change of configuration cannot alter a
// payment under way. It holds nothing personal and nothing secret, for it stands in
// Temporal's history.
type Order struct {
	PaymentID  PaymentID   `json:"payment_id"`
	MerchantID MerchantID  `json:"merchant_id"`
	Mode       Mode        `json:"mode"`
	Kind       Kind        `json:"kind"`
	Country    CountryCode `json:"country"`
	Network    Network     `json:"network"`
	Amount     Money       `json:"amount"`            // what moves at the operator: see Payment.AtOperator
	Leg        Leg         `json:"leg"`               // of the operator that is tried first
	Next       []Leg       `json:"next,omitempty"`    // of those that may be tried after it
	Bulk       bool        `json:"bulk,omitempty"`    // it gives way to everything interactive
	Resumes    *Resumption `json:"resumes,omitempty"` // its workflow was lost and is started again
}

// Leg is the part of a route that one operator serves, with what its adapter
// promises.
type Leg struct {
	Operator    OperatorCode  `json:"operator"`
	Window      time.Duration `json:"window"`       // how long the customer may take
	Horizon     time.Duration `json:"horizon"`      // how long a late success may still come
	CallTimeout time.Duration `json:"call_timeout"` // of one call, all of it
	Unheard     RepeatRule    `json:"unheard"`      // what a submission whose answer was lost allows

	// Idempotent says that the operator executes a reference once, however often it is given.
	Idempotent bool `json:"idempotent,omitempty"`
	// ResendWithin is the operator's Capability.ResendWithin.
	ResendWithin time.Duration `json:"resend_within,omitempty"`
	// AbsenceProves is the operator's Capability.AbsenceProves.
	AbsenceProves bool `json:"absence_proves,omitempty"`
	// RefusalSpan is the operator's Capability.RefusalSpan.
	RefusalSpan time.Duration `json:"refusal_span,omitempty"`
}

// NewOrder returns the order of a payment that the first of route is to carry, and the
// others may after it.
func NewOrder(p Payment, route []Instance) Order {
	legs := make([]Leg, len(route))
	for n, i := range route {
		legs[n] = NewLeg(p.Kind, i)
	}
	return Order{
		PaymentID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Kind: p.Kind,
		Country: p.Country, Network: p.Network, Amount: p.AtOperator(), Leg: legs[0], Next: legs[1:],
		Bulk: p.BulkID != "",
	}
}

// NewLeg freezes what an instance promises about payments of kind k.
func NewLeg(k Kind, i Instance) Leg {
	c := i.Operator.Capability()
	return Leg{
		Operator: i.Code, Window: i.Window, Horizon: cmp.Or(i.Horizon, c.Horizon), CallTimeout: i.CallTimeout,
		Unheard: c.repeat(k), Idempotent: c.Reference == IdempotentByReference, ResendWithin: c.ResendWithin,
		AbsenceProves: i.absenceProves(),
		RefusalSpan:   cmp.Or(i.RefusalSpan, c.RefusalSpan),
	}
}

// AfterLoss returns what the lost answer of an attempt allows. A one-time password is
// good for one submission: only an operator that executes a reference once may be given
// it twice.
func (l Leg) AfterLoss(a Attempt) RepeatRule {
	if a.Handle[HandleOTP] != "" && !l.Idempotent {
		return RepeatNever
	}
	return l.Unheard
}

// resendWithin bounds resending a reference to an operator that promises no time.
const resendWithin = 5 * time.Minute

// MayResend reports whether the reference of an attempt that was first sent at a moment may be
// sent again now, as far as its age goes.
func (l Leg) MayResend(firstSent, now time.Time) bool {
	return now.Sub(firstSent) < cmp.Or(l.ResendWithin, resendWithin)
}

// repeat says what a lost answer allows. When money leaves us, only an operator that
// executes a reference once may be given it twice.
func (c Capability) repeat(k Kind) RepeatRule {
	switch {
	case !k.MoneyOut():
		return c.Unheard
	case c.Reference == IdempotentByReference:
		return RepeatSame
	default:
		return RepeatNever
	}
}
