package lifecycle

import (
	"time"

	"pirogue"
	"pirogue/operator"
)

// FirstResponse is the payment workflow's report to the API after the first call to the operator.
type FirstResponse struct {
	Unavailable bool `json:"unavailable,omitempty"` // the operator is out of service; Pirogue goes on trying
}

// What an open payment can wait for, in the words of the API.
const (
	WaitsForOperator = "operator"
	WaitsForCustomer = "customer"
	WaitsForSupport  = "support"
)

// FirstPollAfter separates an operator's acceptance from the first poll. It separates the first polls of
// an open payment, too.
const FirstPollAfter = 5 * time.Second

// WaitState describes the event that an open payment waits for. Merchants read it from the payment's
// rows (AttemptProgress), and support from its workflow.
type WaitState struct {
	For      string    `json:"for"`                // WaitsForOperator and so on; "" for nothing
	NextPoll time.Time `json:"next_poll,omitzero"` // approximately
	Deadline time.Time `json:"deadline,omitzero"`
}

// PolledAt returns w with the next poll that the attempt's row plans; zero changes nothing. Where
// many payments share a contract, polls lie further apart than a workflow computes. No poll comes
// later than the last one, at the deadline.
func (w WaitState) PolledAt(next time.Time) WaitState {
	if w.NextPoll.IsZero() || next.IsZero() {
		return w
	}
	w.NextPoll = next
	if !w.Deadline.IsZero() && w.Deadline.Before(next) {
		w.NextPoll = w.Deadline
	}
	return w
}

// AttemptProgress holds what the rows say about the latest attempt of an open payment.
type AttemptProgress struct {
	Operator     pirogue.OperatorCode
	State        pirogue.AttemptState
	SentAt       time.Time // as of pirogue.Attempt, as is FirstSent
	FirstSent    time.Time
	NextPoll     time.Time // about when the operator is polled next; zero before the first poll
	Suspended    bool      // the payment's merchant is
	AskFirst     bool      // operators are asked before anything is sent or expires
	NeedsSupport bool      // an open case keeps the payment from its end until a person settles it
}

// WaitState returns what payment p waits for. c is the policy of the attempt's operator. Where nothing of
// the attempt has left, no poll and no deadline is known.
func (a AttemptProgress) WaitState(p pirogue.Payment, c operator.RouteCandidate) WaitState {
	state := WaitState{For: a.waitsFor(p.Kind)}
	if a.State == pirogue.AttemptPrepared {
		return state
	}
	state.Deadline, state.NextPoll = a.deadline(p, c), a.NextPoll
	if state.NextPoll.IsZero() && a.isPolled(p.Kind) {
		state.NextPoll = a.SentAt.Add(FirstPollAfter)
	}
	if a.AskFirst || a.NeedsSupport { // polls go on past the deadline
		return state
	}
	return state.PolledAt(state.NextPoll)
}

// waitsFor returns what a payment of kind k waits for.
func (a AttemptProgress) waitsFor(k pirogue.PaymentKind) string {
	postponed := a.State == pirogue.AttemptPrepared && (a.Suspended || a.AskFirst)
	switch {
	case a.NeedsSupport || postponed:
		return WaitsForSupport
	case !k.MoneyOut() && a.isPolled(k):
		return WaitsForCustomer
	default:
		return WaitsForOperator
	}
}

// isPolled reports whether the operator is polled about the attempt. A collection whose response was lost
// may be sent again first. It is polled once a poll is planned.
func (a AttemptProgress) isPolled(k pirogue.PaymentKind) bool {
	switch a.State {
	case pirogue.AttemptAccepted:
		return true
	case pirogue.AttemptUnknown, pirogue.AttemptRefused:
		return k.MoneyOut() || !a.NextPoll.IsZero()
	case pirogue.AttemptSent:
		return !a.NextPoll.IsZero()
	case pirogue.AttemptPrepared:
	}
	return false
}

// deadline returns the end of the customer's time. For money that leaves us it returns the time at which
// support is called.
func (a AttemptProgress) deadline(p pirogue.Payment, c operator.RouteCandidate) time.Time {
	switch {
	case p.Kind.MoneyOut() && c.FinalityWindow > 0 && !a.FirstSent.IsZero():
		return a.FirstSent.Add(c.FinalityWindow)
	case p.Kind.MoneyOut():
		return time.Time{}
	case p.ExpiresAt.IsZero() && a.isPolled(p.Kind) && c.Window > 0:
		return a.SentAt.Add(c.Window)
	default:
		return p.ExpiresAt
	}
}
