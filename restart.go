package pirogue

import "time"

// Restart is a payment whose workflow may have to be started again, as its rows stand.
type Restart struct {
	Payment Payment
	Attempt Attempt        // the latest
	Tried   []OperatorCode // the operators of all its attempts
	Case    Cause          // its oldest open case that its workflow settles; "" for none
	Anew    bool           // the workflow that is open, if any, ends: the rows are right and it is not
	Over    []CaseID       // its open cases that are over once its workflow runs again
	Err     error          // why the rows cannot be read; then only the payment's own identifiers are filled in
}

// Resumption holds what the rows said of a payment when its workflow was started again.
type Resumption struct {
	Status    Status    `json:"status"`
	Case      Cause     `json:"case,omitempty"`      // that a person must settle
	ExpiresAt time.Time `json:"expires_at,omitzero"` // when the customer's window closes
	FirstSent time.Time `json:"first_sent,omitzero"` // zero: nothing of the latest attempt has left
	EndedAt   time.Time `json:"ended_at,omitzero"`   // zero: it is open
	Attempts  int       `json:"attempts,omitempty"`  // how many it has
	// At is when the workflow was started again, by the clock that all these times are of.
	At time.Time `json:"at,omitzero"`
}

// ByClock returns r with its times by the clock that told started when the workflow was started
// again: Temporal's, which a workflow goes by.
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

// Watched reports whether money of a payment that has ended can still move at its operator.
func (r Resumption) Watched() bool {
	late := r.Status == StatusFailed || r.Status == StatusExpired
	return late && !r.FirstSent.IsZero()
}

// FollowedKind holds what a workflow of ours takes care of.
type FollowedKind string

// What workflows take care of.
const (
	FollowedPayment FollowedKind = "payment"
	FollowedBulk    FollowedKind = "bulk"
	FollowedEvent   FollowedKind = "event"
)

// Followed names what one workflow takes care of.
type Followed struct {
	What  FollowedKind
	ID    string
	Kind  Kind // of a payment
	Round int  // of an event
}

// Restarted holds what a search for lost workflows found and started again.
type Restarted struct {
	Payments int            `json:"payments,omitempty"`
	Bulks    int            `json:"bulks,omitempty"`
	Events   int            `json:"events,omitempty"`
	Cases    int            `json:"cases,omitempty"` // payments whose rows do not allow it
	Found    []LostWorkflow `json:"found,omitempty"` // one by one, where that was asked for
	// NotAll names the kinds of which some rows were not looked at, where nothing is started.
	NotAll []FollowedKind `json:"not_all,omitempty"`
}

// RowSpan selects rows of an ordered list.
type RowSpan struct {
	Skip  int // this many rows at its beginning
	Limit int
}

// LostWorkflow is a workflow that is gone although it has something to do.
type LostWorkflow struct {
	What FollowedKind `json:"what"`
	ID   string       `json:"id"`
	Why  string       `json:"why"` // what it has to do
}

// resumption returns what the rows say of a payment.
func (r Restart) resumption() *Resumption {
	p := r.Payment
	resumes := &Resumption{
		Status: p.Status, Case: r.Case, ExpiresAt: p.ExpiresAt, FirstSent: r.Attempt.FirstSent, Attempts: r.Attempt.Number,
	}
	if p.Status.Terminal() {
		resumes.EndedAt = p.UpdatedAt
	}
	return resumes
}
