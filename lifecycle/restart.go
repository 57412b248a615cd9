package lifecycle

import (
	"time"

	"pirogue"
	"pirogue/support"
)

// Restart holds a payment whose workflow may have to be started again, with its rows.
type Restart struct {
	Payment pirogue.Payment
	Attempt pirogue.Attempt        // the latest
	Tried   []pirogue.OperatorCode // the operators of all its attempts
	Case    support.Cause          // its oldest open case that its workflow closes; "" for none
	Anew    bool                   // an open workflow is to end first: the rows are right and its state is not
	Over    []support.CaseID       // its open cases that are over once its workflow runs again
	// Err is the reason why the rows cannot be read. Only the payment's own identifiers are filled in then.
	Err error
}

// Resumption holds the facts from a payment's rows at the time its workflow is started again.
type Resumption struct {
	Status    pirogue.Status `json:"status"`
	Case      support.Cause  `json:"case,omitempty"`      // a person must settle it
	ExpiresAt time.Time      `json:"expires_at,omitzero"` // when the customer's window closes
	FirstSent time.Time      `json:"first_sent,omitzero"` // zero: nothing of the latest attempt has left
	EndedAt   time.Time      `json:"ended_at,omitzero"`   // zero: it is open
	Attempts  int            `json:"attempts,omitempty"`  // number of attempts of the payment
	// At is the time of the restart, by the clock of all these times.
	At time.Time `json:"at,omitzero"`
}

// ByClock returns r with its times moved to Temporal's clock, which the workflow follows. started
// is the time of the restart by that clock.
func (r Resumption) ByClock(started time.Time) *Resumption {
	if r.At.IsZero() {
		return &r
	}
	ahead := started.Sub(r.At)
	for _, at := range []*time.Time{&r.ExpiresAt, &r.FirstSent, &r.EndedAt, &r.At} {
		if !at.IsZero() {
			*at = at.Add(ahead)
		}
	}
	return &r
}

// Watched reports whether money of an ended payment can still move at its operator.
func (r Resumption) Watched() bool {
	late := r.Status == pirogue.StatusFailed || r.Status == pirogue.StatusExpired
	return late && !r.FirstSent.IsZero()
}

// FollowedKind names a kind of row that has a workflow.
type FollowedKind string

// The kinds of rows that have a workflow.
const (
	FollowedPayment FollowedKind = "payment"
	FollowedBulk    FollowedKind = "bulk"
	FollowedEvent   FollowedKind = "event"
)

// FollowedWork identifies one row that has a workflow.
type FollowedWork struct {
	What  FollowedKind
	ID    string
	Kind  pirogue.PaymentKind // of a payment
	Round int                 // of an event
}

// Restarted counts the lost workflows that a search found and started again.
type Restarted struct {
	Payments int            `json:"payments,omitempty"`
	Bulks    int            `json:"bulks,omitempty"`
	Events   int            `json:"events,omitempty"`
	Cases    int            `json:"cases,omitempty"` // payments whose rows do not allow it: each has a case
	Found    []LostWorkflow `json:"found,omitempty"` // one by one, where the caller asked for them
	// NotAll names the kinds whose rows the search did not read to the end, in a search that starts
	// nothing.
	NotAll []FollowedKind `json:"not_all,omitempty"`
}

// RowSpan selects rows of an ordered list.
type RowSpan struct {
	Skip  int // number of rows to skip at its beginning
	Limit int
}

// LostWorkflow identifies a workflow that is gone although its row has work for it.
type LostWorkflow struct {
	What FollowedKind `json:"what"`
	ID   string       `json:"id"`
	Why  string       `json:"why"` // the work left
}

// Resumption returns the facts from the payment's rows.
func (r Restart) Resumption() *Resumption {
	p := r.Payment
	resumes := &Resumption{
		Status: p.Status, Case: r.Case, ExpiresAt: p.ExpiresAt, FirstSent: r.Attempt.FirstSent, Attempts: r.Attempt.Number,
	}
	if p.Status.Terminal() {
		resumes.EndedAt = p.UpdatedAt
	}
	return resumes
}
