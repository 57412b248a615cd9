package pirogue

import (
	"cmp"
	"time"
)

// PaymentInput is the input of a payment's workflow: identifiers and the policy frozen when the workflow
// starts. A later change of configuration cannot alter a payment under way. It holds nothing
// personal and nothing secret, for Temporal's history keeps it.
type PaymentInput struct {
	PaymentID  PaymentID        `json:"payment_id"`
	MerchantID MerchantID       `json:"merchant_id"`
	Mode       Mode             `json:"mode"`
	Kind       PaymentKind      `json:"kind"`
	Country    CountryCode      `json:"country"`
	Network    Network          `json:"network"`
	Amount     Money            `json:"amount"`            // moves at the operator: see Payment.AtOperator
	Current    RouteCandidate   `json:"leg"`               // of the operator tried first
	Fallbacks  []RouteCandidate `json:"next,omitempty"`    // the candidates for failover, in order
	Bulk       bool             `json:"bulk,omitempty"`    // a bulk's line: interactive payments go first
	Resumes    *Resumption      `json:"resumes,omitempty"` // its workflow was lost and is started again
}

// RouteCandidate is one candidate of a payment's route: an operator with its adapter's promises, frozen.
type RouteCandidate struct {
	Operator       OperatorCode   `json:"operator"`
	Window         time.Duration  `json:"window"`       // the customer's time to confirm
	FinalityWindow time.Duration  `json:"horizon"`      // a late success may still come for so long
	CallTimeout    time.Duration  `json:"call_timeout"` // of one call, all of it
	OnLostResponse OnLostResponse `json:"unheard"`      // the resends that a lost response of a submission allows

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

// NewPaymentInput returns the workflow input of p. The first instance of route carries the payment; the
// others are its candidates for failover. The route must not be empty.
func NewPaymentInput(p Payment, route []Instance) PaymentInput {
	legs := make([]RouteCandidate, len(route))
	for n, i := range route {
		legs[n] = NewRouteCandidate(p.Kind, i)
	}
	return PaymentInput{
		PaymentID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Kind: p.Kind,
		Country: p.Country, Network: p.Network, Amount: p.AtOperator(), Current: legs[0], Fallbacks: legs[1:],
		Bulk: p.BulkID != "",
	}
}

// NewRouteCandidate freezes the promises of an instance about payments of kind k.
func NewRouteCandidate(k PaymentKind, i Instance) RouteCandidate {
	c := i.Operator.Capability()
	return RouteCandidate{
		Operator: i.Code, Window: i.Window, FinalityWindow: cmp.Or(i.FinalityWindow, c.FinalityWindow), CallTimeout: i.CallTimeout,
		OnLostResponse: c.onLostResponse(k), Idempotent: c.Reference == IdempotentByReference, ResendWithin: c.ResendWithin,
		AbsenceProves: i.absenceProves(),
		RefusalSpan:   cmp.Or(i.RefusalSpan, c.RefusalSpan),
	}
}

// AfterLostResponse returns the resends that a lost response of attempt a allows. A one-time password is
// good for one submission. Only an operator that executes a reference once may receive it twice.
func (l RouteCandidate) AfterLostResponse(a Attempt) OnLostResponse {
	if a.Handle[HandleOTP] != "" && !l.Idempotent {
		return ResendNever
	}
	return l.OnLostResponse
}

// resendWithin bounds resending a reference where the operator promises no time.
const resendWithin = 5 * time.Minute

// MayResend reports whether a reference first sent at firstSent is young enough to be sent again
// now. Other rules may still forbid it.
func (l RouteCandidate) MayResend(firstSent, now time.Time) bool {
	return now.Sub(firstSent) < cmp.Or(l.ResendWithin, resendWithin)
}

// CollectWithin returns how long after its acceptance a collection may leave: the customer's time, or
// the time that every payment has to be started.
func (l RouteCandidate) CollectWithin() time.Duration { return max(l.Window, StartDeadline) }

// SendLimits returns the times within which an attempt of a payment of kind k may be sent. No
// collection leaves after the payment's own time, for the customer's page or prompt would come
// hours late.
func (l RouteCandidate) SendLimits(k PaymentKind, a Attempt) SendLimits {
	var limits SendLimits
	if !k.MoneyOut() {
		limits.Accepted = l.CollectWithin()
	}
	if l.AfterLostResponse(a) == ResendSameReference {
		limits.Again = cmp.Or(l.ResendWithin, resendWithin)
	}
	return limits
}

// onLostResponse returns the rule for a lost response. For outgoing money, only an operator that executes a
// reference once may receive it twice.
func (c Capability) onLostResponse(k PaymentKind) OnLostResponse {
	switch {
	case !k.MoneyOut():
		return c.OnLostResponse
	case c.Reference == IdempotentByReference:
		return ResendSameReference
	default:
		return ResendNever
	}
}
