package pirogue

import (
	"cmp"
	"time"
)

// Order is the input of a payment's workflow: identifiers and the policy frozen when the workflow
// starts. A later change of configuration cannot alter a payment under way. It holds nothing
// personal and nothing secret, for Temporal's history keeps it.
type Order struct {
	PaymentID  PaymentID   `json:"payment_id"`
	MerchantID MerchantID  `json:"merchant_id"`
	Mode       Mode        `json:"mode"`
	Kind       Kind        `json:"kind"`
	Country    CountryCode `json:"country"`
	Network    Network     `json:"network"`
	Amount     Money       `json:"amount"`            // moves at the operator: see Payment.AtOperator
	Leg        Leg         `json:"leg"`               // of the operator tried first
	Next       []Leg       `json:"next,omitempty"`    // the candidates for failover, in order
	Bulk       bool        `json:"bulk,omitempty"`    // a bulk's line: interactive payments go first
	Resumes    *Resumption `json:"resumes,omitempty"` // its workflow was lost and is started again
}

// Leg is one candidate of a payment's route: an operator with its adapter's promises, frozen.
type Leg struct {
	Operator    OperatorCode  `json:"operator"`
	Window      time.Duration `json:"window"`       // the customer's time to confirm
	Horizon     time.Duration `json:"horizon"`      // a late success may still come for so long
	CallTimeout time.Duration `json:"call_timeout"` // of one call, all of it
	Unheard     RepeatRule    `json:"unheard"`      // the resends that a lost response of a submission allows

	// Idempotent means that the operator executes a reference once, however often it receives it.
	Idempotent bool `json:"idempotent,omitempty"`
	// ResendWithin copies the operator's Capability.ResendWithin.
	ResendWithin time.Duration `json:"resend_within,omitempty"`
	// AbsenceProves copies Instance.absenceProves: the adapter's promise, or one that the
	// configuration grants.
	AbsenceProves bool `json:"absence_proves,omitempty"`
	// RefusalSpan copies the instance's RefusalSpan, or else the operator's Capability.RefusalSpan.
	RefusalSpan time.Duration `json:"refusal_span,omitempty"`
}

// NewOrder returns the workflow input of p. The first instance of route carries the payment; the
// others are its candidates for failover. The route must not be empty.
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

// NewLeg freezes the promises of an instance about payments of kind k.
func NewLeg(k Kind, i Instance) Leg {
	c := i.Operator.Capability()
	return Leg{
		Operator: i.Code, Window: i.Window, Horizon: cmp.Or(i.Horizon, c.Horizon), CallTimeout: i.CallTimeout,
		Unheard: c.repeat(k), Idempotent: c.Reference == IdempotentByReference, ResendWithin: c.ResendWithin,
		AbsenceProves: i.absenceProves(),
		RefusalSpan:   cmp.Or(i.RefusalSpan, c.RefusalSpan),
	}
}

// AfterLoss returns the resends that a lost response of attempt a allows. A one-time password is
// good for one submission. Only an operator that executes a reference once may receive it twice.
func (l Leg) AfterLoss(a Attempt) RepeatRule {
	if a.Handle[HandleOTP] != "" && !l.Idempotent {
		return RepeatNever
	}
	return l.Unheard
}

// resendWithin bounds resending a reference where the operator promises no time.
const resendWithin = 5 * time.Minute

// MayResend reports whether a reference first sent at firstSent is young enough to be sent again
// now. Other rules may still forbid it.
func (l Leg) MayResend(firstSent, now time.Time) bool {
	return now.Sub(firstSent) < cmp.Or(l.ResendWithin, resendWithin)
}

// CollectWithin returns how long after its acceptance a collection may leave: the customer's time, or
// the time that every payment has to be started.
func (l Leg) CollectWithin() time.Duration { return max(l.Window, StartPatience) }

// SendLimits returns the times within which an attempt of a payment of kind k may be sent. No
// collection leaves after the payment's own time, for the customer's page or prompt would come
// hours late.
func (l Leg) SendLimits(k Kind, a Attempt) SendLimits {
	var limits SendLimits
	if !k.MoneyOut() {
		limits.Accepted = l.CollectWithin()
	}
	if l.AfterLoss(a) == RepeatSame {
		limits.Again = cmp.Or(l.ResendWithin, resendWithin)
	}
	return limits
}

// repeat returns the rule for a lost response. For outgoing money, only an operator that executes a
// reference once may receive it twice.
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
