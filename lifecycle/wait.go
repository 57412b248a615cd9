package lifecycle

import (
	"time"
)

// FirstResponse is the payment workflow's report to the API after the first call to the operator.
type FirstResponse struct {
	Unavailable bool `json:"unavailable,omitempty"` // the operator is out of service; Pirogue goes on trying
}

// WaitState describes the event that an open payment waits for. Its workflow reports it.
type WaitState struct {
	For      string    `json:"for"`                // in words, such as "customer"
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
