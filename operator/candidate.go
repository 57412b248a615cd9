package operator

import (
	"cmp"
	"encoding/json"
	"time"

	"pirogue"
)

// SendLimits bounds the time in which an attempt may be marked SENT. Its zero value allows a first
// sending at any time, and no second one.
type SendLimits struct {
	Accepted time.Duration // how long after the payment was accepted; 0: any time
	Again    time.Duration // how long after its first sending a lost attempt may be sent again; 0: never
}

// RouteCandidate is one candidate of a payment's route: an operator, with a copy of the policy that
// its adapter and the configuration gave when the payment's workflow started.
type RouteCandidate struct {
	Operator       pirogue.OperatorCode `json:"operator"`
	Window         time.Duration        `json:"window"`           // the customer's time to confirm
	FinalityWindow time.Duration        `json:"finality_window"`  // a late success may still come for so long
	CallTimeout    time.Duration        `json:"call_timeout"`     // of one call, all of it
	OnLostResponse OnLostResponse       `json:"on_lost_response"` // what a lost response allows

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

// NewRouteCandidate copies the policy of an instance for payments of kind k.
func NewRouteCandidate(k pirogue.PaymentKind, i Instance) RouteCandidate {
	c := i.Operator.Capability()
	return RouteCandidate{
		Operator: i.Code, Window: i.Window, CallTimeout: i.CallTimeout,
		FinalityWindow: cmp.Or(i.FinalityWindow, c.FinalityWindow),
		OnLostResponse: c.onLostResponse(k), Idempotent: c.Reference == IdempotentByReference, ResendWithin: c.ResendWithin,
		AbsenceProves: i.absenceProves(),
		RefusalSpan:   cmp.Or(i.RefusalSpan, c.RefusalSpan),
	}
}

// candidateFields has the fields of RouteCandidate without its methods.
type candidateFields RouteCandidate

// candidateJSON is a RouteCandidate as JSON. Its durations hide those of candidateFields.
type candidateJSON struct {
	candidateFields

	Window         Duration `json:"window"`
	FinalityWindow Duration `json:"finality_window"`
	CallTimeout    Duration `json:"call_timeout"`
	ResendWithin   Duration `json:"resend_within,omitzero"`
	RefusalSpan    Duration `json:"refusal_span,omitzero"`
}

// MarshalJSON writes the durations as text, such as "5m0s".
func (c RouteCandidate) MarshalJSON() ([]byte, error) {
	return json.Marshal(candidateJSON{
		candidateFields: candidateFields(c),
		Window:          Duration(c.Window), FinalityWindow: Duration(c.FinalityWindow),
		CallTimeout: Duration(c.CallTimeout), ResendWithin: Duration(c.ResendWithin), RefusalSpan: Duration(c.RefusalSpan),
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *RouteCandidate) UnmarshalJSON(data []byte) error {
	var read candidateJSON
	err := json.Unmarshal(data, &read)
	*c = RouteCandidate(read.candidateFields)
	c.Window, c.FinalityWindow = time.Duration(read.Window), time.Duration(read.FinalityWindow)
	c.CallTimeout, c.ResendWithin = time.Duration(read.CallTimeout), time.Duration(read.ResendWithin)
	c.RefusalSpan = time.Duration(read.RefusalSpan)
	return err
}

// AfterLostResponse returns the resends that a lost response of attempt a allows. A one-time password is
// good for one submission. Only an operator that executes a reference once may receive it twice.
func (c RouteCandidate) AfterLostResponse(a pirogue.Attempt) OnLostResponse {
	if a.Handle[pirogue.HandleOTP] != "" && !c.Idempotent {
		return ResendNever
	}
	return c.OnLostResponse
}

// resendWithin bounds resending a reference where the operator promises no time.
const resendWithin = 5 * time.Minute

// MayResend reports whether a reference first sent at firstSent is young enough to be sent again
// now. Other rules may still forbid it.
func (c RouteCandidate) MayResend(firstSent, now time.Time) bool {
	return now.Sub(firstSent) < cmp.Or(c.ResendWithin, resendWithin)
}

// CollectWithin returns how long after its acceptance a collection may leave: the customer's time, or
// the time that every payment has to be started.
func (c RouteCandidate) CollectWithin() time.Duration { return max(c.Window, StartDeadline) }

// SendLimits returns the times within which an attempt of a payment of kind k may be sent. No
// collection leaves after the payment's own time, for the customer's page or prompt would come
// hours late.
func (c RouteCandidate) SendLimits(k pirogue.PaymentKind, a pirogue.Attempt) SendLimits {
	var limits SendLimits
	if !k.MoneyOut() {
		limits.Accepted = c.CollectWithin()
	}
	if c.AfterLostResponse(a) == ResendSameReference {
		limits.Again = cmp.Or(c.ResendWithin, resendWithin)
	}
	return limits
}

// StartDeadline bounds the time between a payment's acceptance and its start. Later the payment
// expires, for the merchant may have asked again under another reference.
const StartDeadline = 90 * time.Second
