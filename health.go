package pirogue

import "time"

// HealthState is the state of an operator's circuit, in the usual words of a circuit
// breaker.
type HealthState string

// The states of a circuit. A closed one carries calls.
const (
	HealthClosed   HealthState = "CLOSED"    // the operator answers
	HealthHalfOpen HealthState = "HALF_OPEN" // one payment is let through to see whether it answers again
	HealthOpen     HealthState = "OPEN"      // it does not answer; new payments wait
)

// When a circuit changes. One payment in trouble never opens it: that many different
// ones must fail, with no answer about any payment in between.
const (
	OutageAfter    = 10               // failed calls in a row
	OutagePayments = 5                // different payments among them
	OutageProbe    = 15 * time.Second // between two payments that are let through to see
	OutageQuiet    = 5 * time.Minute  // after which an outage that nobody tests says nothing of the operator
	RampFor        = 30 * time.Second // the shortest time over which parked payments come back
	RampShare      = 0.4              // of the contract's calls, which parked payments may take
	ParkFor        = 24 * time.Hour   // the longest that a payment waits for its operator to come back
)

// Health is how an operator instance does: a durable state, fed by what really became of
// the calls to it, so that a worker that starts in the middle of an outage knows of it.
type Health struct {
	Operator OperatorCode
	State    HealthState
	Since    time.Time // of State; the zero time when it was never anything but closed
	ProbeAt  time.Time // when the next payment may be let through; zero while closed
	Words    string    // what the last failure was, redacted
	Backlog  int       // payments that waited for it when it was closed again
	// Parked says that a person took the operator out of service: no payment is sent to
	// it, whatever its state is. ParkedBy and ParkedWhy say who and why.
	Parked    bool
	ParkedBy  string
	ParkedWhy string
	// ParkedAt is when a person last took it out of service or put it back.
	ParkedAt time.Time
	Version  int64 // counts changes, for compare-and-set
}

// QuestionLoad holds what an operator instance is asked about, in payments: those under way, the
// fresh cash-ins among them, and those that ended and are watched.
type QuestionLoad struct{ Open, Fresh, Watched int }

// WatchLoad holds the questions about ended payments that are due at an operator instance: how
// many, and when the first of the attempts they are about left us.
type WatchLoad struct {
	Due   int
	First time.Time // the zero value when none is due
}

// ServiceChange is a person taking an operator out of service, or putting it back.
type ServiceChange struct {
	Operator OperatorCode
	Parked   bool
	Actor    string
	Reason   string
	At       time.Time
}

// Available reports whether the operator takes payments as usual.
func (h Health) Available() bool { return !h.Parked && h.State == HealthClosed }

// Untested reports whether the operator was away and no payment has come for OutageQuiet
// that could have been let through to see: the next one will be.
func (h Health) Untested(at time.Time) bool {
	return !h.Parked && h.State != HealthClosed && !at.Before(h.ProbeAt.Add(OutageQuiet))
}

// Failed returns the health after enough calls failed. What is open stays open and is
// tried again later.
func (h Health) Failed(words string, at time.Time) Health {
	if h.State != HealthOpen {
		h.State, h.Since = HealthOpen, at
	}
	h.Words, h.ProbeAt = words, at.Add(OutageProbe)
	return h
}

// Probing returns the health while one payment is let through, and whether one may be.
func (h Health) Probing(at time.Time) (Health, bool) {
	if h.Parked || h.State == HealthClosed || at.Before(h.ProbeAt) {
		return h, false
	}
	if h.State == HealthOpen {
		h.State = HealthHalfOpen
	}
	h.ProbeAt = at.Add(OutageProbe)
	return h, true
}

// Answered returns the health after the operator answered, with so many payments
// waiting for it.
func (h Health) Answered(backlog int, at time.Time) Health {
	if h.State != HealthClosed {
		h.State, h.Since, h.ProbeAt, h.Words, h.Backlog = HealthClosed, at, time.Time{}, "", backlog
	}
	return h
}

// Ramp is how parked payments come back to an operator: slowly at first, none of them
// before From and the last of them Over later.
type Ramp struct {
	From time.Time
	Over time.Duration
}

// Ramp returns how what waited for the operator comes back, given the contract's calls
// per second; 0 means that it states none.
func (h Health) Ramp(perSecond float64) Ramp {
	r := Ramp{From: h.Since, Over: RampFor}
	if h.ParkedAt.After(r.From) {
		r.From = h.ParkedAt
	}
	if perSecond > 0 {
		needed := time.Duration(float64(h.Backlog) / (perSecond * RampShare) * float64(time.Second))
		r.Over = max(r.Over, needed)
	}
	return r
}
