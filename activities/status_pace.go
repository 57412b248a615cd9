package activities

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/operator"
)

// SendShare says how much of an operator's contract submissions may take; the rest is for
// questions. Each has a queue with its own limit, so that neither holds up the other however
// many of it wait. A payment is at least one submission and one question.
const SendShare = 0.5

// Shares of the contract that questions keep to by their number. What is left of theirs is
// for verifications, which also go before every other question.
const (
	pollShare  = 0.35 // questions about open payments
	freshShare = 0.7  // of pollShare: for fresh payments, if there are so many
	watchShare = 0.1  // questions about payments that have ended
)

// freshFor says how long after its acceptance a cash-in is fresh: its customer acts in that
// time or hardly ever. Older payments give way to it.
const freshFor = 2 * time.Minute

// doubtful is the shortest wait between two questions about a payment. It holds while the
// number of payments under way cannot be read: a database in trouble is asked less, not more.
const doubtful = 30 * time.Second

// affordable stretches a wait until the questions of its kind fit into their share of the
// operator's contract. They ask about everything that is under way there.
func (a *StatusActivities) affordable(ctx context.Context, c statusCheck, wait time.Duration) time.Duration {
	instance, err := a.instanceOf(c.attempt.Operator)
	if err != nil || instance.CallsPerSecond <= 0 {
		return wait
	}
	load, known := a.questionLoad(ctx, instance)
	if !known {
		wait = max(wait, doubtful)
	}
	polls := instance.CallsPerSecond * pollShare
	freshEvery := max(Brisk.Delay(1), every(load.Fresh, polls*freshShare))
	switch {
	case c.Pace.Watches():
		return max(wait, every(load.Watched, instance.CallsPerSecond*watchShare))
	case a.customerActs(c.payment):
		return max(wait, freshEvery)
	default:
		left := max(polls-float64(load.Fresh)/freshEvery.Seconds(), polls*(1-freshShare))
		return max(wait, every(load.Open-load.Fresh, left))
	}
}

// spread keeps payments that were accepted together from being asked about together. A
// question after the end never comes before it is due.
func (a *StatusActivities) spread(pace Pace, wait time.Duration) time.Duration {
	if pace.Watches() {
		return a.later(wait)
	}
	return JitterBoth.Spread(wait, a.chance())
}

// every returns how far apart the questions about each of n payments lie. So many a second are
// asked about all of them.
func every(n int, perSecond float64) time.Duration {
	return time.Duration(float64(max(n, 0)) / perSecond * float64(time.Second))
}

// customerActs reports whether a payment's customer is likely to act about now.
func (a *StatusActivities) customerActs(p pirogue.Payment) bool {
	return p.Kind == pirogue.CashIn && a.Clock.Now().Sub(p.CreatedAt) < freshFor
}

// questionLoad returns what an operator is asked about, as of at most loadLife ago. Where it
// cannot be read the last one goes on to be believed, and it reports false.
func (a *StatusActivities) questionLoad(ctx context.Context, i operator.Instance) (operator.PollLoad, bool) {
	now := a.Clock.Now()
	last, believed := a.samples.keptLoad(i.Code, now)
	if believed {
		return last.load, last.known
	}
	window := cmp.Or(i.FinalityWindow, i.Operator.Capability().FinalityWindow)
	read, err := a.Store.Operators.PollLoad(ctx, i.Code, now.Add(-freshFor), now.Add(-window))
	if err != nil {
		read = last.load
	}
	a.samples.keepLoad(i.Code, loadCount{load: read, known: err == nil, at: now})
	return read, err == nil
}

// rest returns how long a payment that has ended is not asked about yet: 0 when a question
// is due. Its pace begins when it ended, however often its watch is begun again.
func (a *StatusActivities) rest(ctx context.Context, c statusCheck) time.Duration {
	if c.Pace != Slow || !c.payment.Status.Terminal() || c.attempt.PolledAt.IsZero() {
		return 0
	}
	due, _ := a.watchDue(c.payment, c.attempt)
	now := a.Clock.Now()
	if !now.Before(due) {
		return 0
	}
	return a.affordable(ctx, c, due.Sub(now))
}

// untilFirst returns how long an operator that accepted a payment a moment ago is not asked yet: it knows
// no result before. It is 0 where the operator decides at once. Only the first run of the activity waits,
// so that workers whose clocks differ wait once.
func (a *StatusActivities) untilFirst(ctx context.Context, c statusCheck) time.Duration {
	attempt, instance := c.attempt, a.Operators[c.attempt.Operator]
	polled := attempt.PolledAt.After(attempt.SentAt)
	if c.Pace != Brisk && c.Pace != Long || attempt.State != pirogue.AttemptAccepted || polled ||
		instance.DecidesAtOnce.Covers(c.payment) || !a.asks(attempt.Operator) || activity.GetInfo(ctx).Attempt > 1 {
		return 0
	}
	age := a.Clock.Now().Sub(attempt.UpdatedAt) // since its acceptance, which changed the row last
	first := c.Pace.Delay(1)
	return min(max(first-age, 0), first)
}

// watchDue returns when an ended payment's attempt is asked about next. It also returns how far
// apart the lists of its operator are that may answer. Where a list can, what comes due in
// between waits for it.
func (a *StatusActivities) watchDue(p pirogue.Payment, attempt pirogue.Attempt) (time.Time, time.Duration) {
	due, waited := p.UpdatedAt, Slow.Delay(1)
	for n := int32(1); !due.After(attempt.PolledAt); n++ {
		waited = Slow.Delay(n)
		due = due.Add(waited)
	}
	apart := waited / listsPerWait
	if _, can := a.lister(p, attempt); can {
		due = nextList(due, apart)
	}
	return due, apart
}

// nextPoll is when the question follows after one that does not decide.
type nextPoll struct {
	wait    time.Duration
	at      time.Time     // about when that is over; the zero value after a question that is the last
	confirm time.Duration // instead, after an end that wants to be heard a second time
	again   time.Time     // likewise; the zero value where nothing waits for it
	every   time.Duration // between the questions after it, without chance, where equal answers are not recorded
}

// after returns about when the next question follows an answer.
func (n nextPoll) after(said pirogue.Outcome) time.Time {
	if ends := said == pirogue.OutcomeDeclined || said == pirogue.OutcomeExpired; ends && !n.again.IsZero() {
		return n.again
	}
	return n.at
}

// nextPoll returns when the question after this one follows. Where a list may answer it, that
// is the moment of the list, and shortly after it.
func (a *StatusActivities) nextPoll(ctx context.Context, c statusCheck) nextPoll {
	if c.Pace == Once {
		return nextPoll{}
	}
	now := a.Clock.Now()
	next := nextPoll{confirm: a.later(span(c.Candidate))}
	if _, can := a.lister(c.payment, c.attempt); can && c.Pace == Slow {
		c.attempt.PolledAt = now
		due, apart := a.watchDue(c.payment, c.attempt)
		next.at = due
		if stretched := a.affordable(ctx, c, due.Sub(now)); stretched > due.Sub(now) {
			next.at = nextList(now.Add(stretched), apart)
		}
		next.wait = next.at.Sub(now) + time.Duration(a.chance()*float64(apart))
		return next
	}
	if _, can := a.resender(c); can {
		return nextPoll{wait: resendAfter, at: now.Add(resendAfter + callbackWait), confirm: next.confirm}
	}
	every := a.affordable(ctx, c, c.Pace.Delay(activity.GetInfo(ctx).Attempt))
	next.wait = a.spread(c.Pace, every)
	next.at = now.Add(next.wait)
	if c.Pace == Brisk && !c.payment.Kind.MoneyOut() && !c.payment.Status.Terminal() {
		next.every = every
	}
	if !c.Pace.Watches() {
		next.again = now.Add(next.confirm)
	}
	return next
}
