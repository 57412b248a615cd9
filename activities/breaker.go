package activities

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/operator"
)

const (
	healthLife = time.Second      // how long a health is believed before it is read again
	loadLife   = 10 * time.Second // and a count of what an operator is asked about
	maxStreak  = 64               // different payments remembered of one row of failures
)

// healthSamples feeds each operator's health with what became of the calls of this process.
// What one process sees is enough to close a circuit. A row of its failures is enough to open
// it; the health itself is the database's, one for all.
type healthSamples struct {
	mu   sync.Mutex
	each map[pirogue.OperatorCode]*healthSample
}

// healthSample holds what this process has read about one operator.
type healthSample struct {
	health   operator.CircuitBreaker
	readAt   time.Time
	failures int
	payments map[pirogue.PaymentID]bool // different ones among the failures

	loadCount loadCount
}

// loadCount is a count of what an operator is asked about.
type loadCount struct {
	load  operator.PollLoad
	known bool // this count succeeded; else load is of an earlier one
	at    time.Time
}

func (p *healthSamples) of(o pirogue.OperatorCode) *healthSample {
	if p.each == nil {
		p.each = map[pirogue.OperatorCode]*healthSample{}
	}
	if p.each[o] == nil {
		p.each[o] = &healthSample{payments: map[pirogue.PaymentID]bool{}}
	}
	return p.each[o]
}

// fail counts a call that failed and reports whether the row of them is an outage.
func (p *healthSamples) fail(o pirogue.OperatorCode, id pirogue.PaymentID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	its := p.of(o)
	its.failures++
	if len(its.payments) < maxStreak {
		its.payments[id] = true
	}
	return its.failures >= operator.OutageAfter && len(its.payments) >= operator.OutagePayments
}

// answered ends a row of failures.
func (p *healthSamples) answered(o pirogue.OperatorCode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	its := p.of(o)
	its.failures = 0
	clear(its.payments)
}

// kept returns the health that is still believed at a moment.
func (p *healthSamples) kept(o pirogue.OperatorCode, at time.Time) (operator.CircuitBreaker, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	its := p.of(o)
	return its.health, !its.readAt.IsZero() && at.Sub(its.readAt) < healthLife
}

// keep believes a health for a while.
func (p *healthSamples) keep(h operator.CircuitBreaker, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	its := p.of(h.Operator)
	its.health, its.readAt = h, at
}

// keptLoad returns the last count of what an operator is asked about, and whether it is still
// believed.
func (p *healthSamples) keptLoad(o pirogue.OperatorCode, at time.Time) (loadCount, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.of(o).loadCount
	return last, !last.at.IsZero() && at.Sub(last.at) < loadLife
}

// keepLoad believes a count for a while.
func (p *healthSamples) keepLoad(o pirogue.OperatorCode, c loadCount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(o).loadCount = c
}

// breaker returns how an operator does, as of at most healthLife ago.
func (a *core) breaker(ctx context.Context, o pirogue.OperatorCode) (operator.CircuitBreaker, error) {
	now := a.Clock.Now()
	if h, believed := a.samples.kept(o, now); believed {
		return h, nil
	}
	h, err := a.Store.Operators.Breaker(ctx, o)
	if err == nil {
		a.samples.keep(h, now)
	}
	return h, err
}

// breakerAdmits reports whether a payment may be sent to an operator that may be down: always
// while its circuit is closed, and now and then one to see whether it answers again.
func (a *core) breakerAdmits(ctx context.Context, o pirogue.OperatorCode) (bool, operator.CircuitBreaker, error) {
	h, err := a.breaker(ctx, o)
	if err != nil || h.Available() {
		return true, h, err
	}
	probing, may := h.Probing(a.Clock.Now())
	if !may {
		return false, h, nil
	}
	claimed, err := a.change(ctx, probing)
	return claimed, h, err
}

// recordCallResult feeds the health of an attempt's operator with what became of one call about the
// attempt. A health that another process changed meanwhile is as good as ours.
func (a *core) recordCallResult(ctx context.Context, attempt pirogue.Attempt, err error) error {
	o := attempt.Operator
	if broken(err) {
		if !a.samples.fail(o, attempt.PaymentID) {
			return nil
		}
		h, read := a.breaker(ctx, o)
		if read != nil || h.State == operator.BreakerOpen {
			return read
		}
		_, saved := a.change(ctx, h.Failed(err.Error(), a.Clock.Now()))
		return saved
	}
	a.samples.answered(o)
	h, read := a.breaker(ctx, o)
	if read != nil || h.State == operator.BreakerClosed {
		return read
	}
	waiting, counted := a.Store.Operators.Waiting(ctx, o)
	if counted != nil {
		return counted
	}
	_, saved := a.change(ctx, h.Succeeded(waiting, a.Clock.Now()))
	return saved
}

// change saves a health and lets it be read again at once. It reports whether it was
// this process that changed it.
func (a *core) change(ctx context.Context, h operator.CircuitBreaker) (bool, error) {
	saved, err := a.Store.Operators.SaveBreaker(ctx, h)
	a.samples.keep(operator.CircuitBreaker{Operator: h.Operator}, time.Time{})
	return saved, err
}

// broken reports whether a call failed in a way that says something about the operator
// and not about the payment. That we gave up ourselves says nothing.
func broken(err error) bool {
	switch pirogue.CodeOf(err) {
	case operator.NotSent, operator.Unknown:
		return true
	default:
		return false
	}
}
