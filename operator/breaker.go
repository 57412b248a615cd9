package operator

import (
	"time"

	"pirogue"
)

// BreakerState is the state of an operator's circuit breaker.
type BreakerState string

// The states of a circuit breaker. A closed one lets calls pass.
const (
	BreakerClosed   BreakerState = "CLOSED"    // the operator responds
	BreakerHalfOpen BreakerState = "HALF_OPEN" // single payments pass, to test whether the operator responds again
	BreakerOpen     BreakerState = "OPEN"      // the operator does not respond; new payments wait
)

// When a circuit breaker changes its state. One payment in trouble never opens it: the failed calls
// must concern OutagePayments different payments. A response about any payment resets the count.
const (
	OutageAfter    = 10               // failed calls in a row
	OutagePayments = 5                // different payments among them
	OutageProbe    = 15 * time.Second // between two payments that may pass as tests
	OutageQuiet    = 5 * time.Minute  // without a test for so long, an outage proves nothing about the operator
	RampFor        = 30 * time.Second // the shortest time over which parked payments come back
	RampShare      = 0.4              // part of the contract's call rate that parked payments may take
	ParkFor        = 24 * time.Hour   // the longest time that a payment waits for its operator to come back
)

// CircuitBreaker is the durable state of an operator instance's circuit breaker. Results of calls to it
// change the state. A worker that starts during an outage reads it from the database.
type CircuitBreaker struct {
	Operator    pirogue.OperatorCode
	State       BreakerState
	Since       time.Time // since when State holds; zero when it was never anything but closed
	ProbeAt     time.Time // when the next payment may pass as a test; zero while closed
	LastFailure string    // the latest failure, redacted
	Backlog     int       // payments that waited for it when the breaker last closed
	// Parked means that a person took the operator out of service: no payment is sent to it,
	// whatever State is. ParkedBy names the person, ParkedWhy holds the reason.
	Parked    bool
	ParkedBy  string
	ParkedWhy string
	// ParkedAt is the time at which a person last took it out of service or put it back.
	ParkedAt time.Time
	Version  int64 // counts changes, for compare-and-set
}

// PollLoad counts the payments whose status an operator instance is asked for. Open ones are
// under way, Fresh ones are the fresh cash-ins among them, and Watched ones have ended.
type PollLoad struct{ Open, Fresh, Watched int }

// WatchLoad holds the status questions about ended payments that are due at an operator instance.
// Due counts them. First is the time at which the earliest of their attempts was first sent.
type WatchLoad struct {
	Due   int
	First time.Time // the zero value when none is due
}

// ServiceChange records that a person takes an operator out of service, or puts it back.
type ServiceChange struct {
	Operator pirogue.OperatorCode
	Parked   bool
	Actor    string
	Reason   string
	At       time.Time
}

// Available reports whether the operator takes payments as usual.
func (h CircuitBreaker) Available() bool { return !h.Parked && h.State == BreakerClosed }

// Untested reports whether the breaker is not closed and no payment has tested the operator for
// OutageQuiet. The next payment passes as a test.
func (h CircuitBreaker) Untested(at time.Time) bool {
	return !h.Parked && h.State != BreakerClosed && !at.Before(h.ProbeAt.Add(OutageQuiet))
}

// Failed returns the health after enough calls failed. An open breaker stays open and its next test
// moves to at plus OutageProbe.
func (h CircuitBreaker) Failed(words string, at time.Time) CircuitBreaker {
	if h.State != BreakerOpen {
		h.State, h.Since = BreakerOpen, at
	}
	h.LastFailure, h.ProbeAt = words, at.Add(OutageProbe)
	return h
}

// Probing returns the health while one payment passes as a test, and whether one may. It spaces
// tests by OutageProbe.
func (h CircuitBreaker) Probing(at time.Time) (CircuitBreaker, bool) {
	if h.Parked || h.State == BreakerClosed || at.Before(h.ProbeAt) {
		return h, false
	}
	if h.State == BreakerOpen {
		h.State = BreakerHalfOpen
	}
	h.ProbeAt = at.Add(OutageProbe)
	return h, true
}

// Succeeded returns the health after the operator responded. backlog counts the payments that wait
// for it: Ramp spreads them.
func (h CircuitBreaker) Succeeded(backlog int, at time.Time) CircuitBreaker {
	if h.State != BreakerClosed {
		h.State, h.Since, h.ProbeAt, h.LastFailure, h.Backlog = BreakerClosed, at, time.Time{}, "", backlog
	}
	return h
}

// Ramp spreads parked payments over time when an operator is back, slowly at first. None comes back
// before From and the last Over later, so that they do not flood the operator.
type Ramp struct {
	From time.Time
	Over time.Duration
}

// Ramp returns the ramp for the payments that waited. perSecond is the contract's limit of calls
// per second; 0 means that it states none.
func (h CircuitBreaker) Ramp(perSecond float64) Ramp {
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
