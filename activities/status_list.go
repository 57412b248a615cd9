package activities

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// One list of an operator's transactions answers for many payments that have ended. It decides
// nothing: an attempt that it does not call unpaid is asked about by its reference. So is every
// attempt past its finality window.
const (
	listsPerWait = 6                // during one wait of a watch
	minListed    = 4                // questions due; fewer are asked by reference
	savedCalls   = 2                // questions that each call of a list must answer at least
	listBack     = 2 * time.Minute  // beyond a list's period, for clocks that differ
	listBusy     = 5 * time.Second  // until a list that is being read is there
	listRests    = 10 * time.Minute // after one that failed
	listLooks    = 10 * time.Second // after one that would have cost too many calls
)

// errListTooLong stops a list that costs more calls than it saves.
var errListTooLong = errors.New("the list costs more calls than it saves")

// lists holds what each operator last listed for this process.
type lists struct {
	mu   sync.Mutex
	each map[pirogue.OperatorCode]listing
}

// listing is one operator's last list.
type listing struct {
	read  reading
	busy  bool      // one is being read
	rests time.Time // until then none is
	cost  float64   // calls for each second of the period
}

// reading holds the result of one list call.
type reading struct {
	at       time.Time       // when it was asked for
	from     time.Time       // attempts that left us since then are in it, if the operator knows them
	suspects map[string]bool // references and the operator's names of what it does not call unpaid
}

// readLines keeps what money may have moved under.
func readLines(lines []operator.StatementLine) map[string]bool {
	suspects := map[string]bool{}
	for _, line := range lines {
		if line.Outcome == pirogue.OutcomePaid || line.Outcome == "" {
			suspects[string(line.Ref)], suspects[line.TxID] = true, true
		}
	}
	return suspects
}

// duePoll is a question about an attempt with the moment when it was due.
type duePoll struct {
	attempt pirogue.Attempt
	due     time.Time
}

// answers reports whether a list says that no money has come under an attempt.
func (r reading) answers(p duePoll) bool {
	if !r.covers(p) || r.suspects[string(p.attempt.Ref)] {
		return false
	}
	for _, name := range p.attempt.Handle {
		if name != "" && r.suspects[name] {
			return false
		}
	}
	return true
}

// covers reports whether a list is late enough and goes back far enough.
func (r reading) covers(p duePoll) bool {
	return !r.at.IsZero() && !r.at.Before(p.due) && !p.attempt.FirstSent.Before(r.from)
}

// nextList returns the moment of the first list after another moment.
func nextList(after time.Time, apart time.Duration) time.Time {
	return after.Truncate(apart).Add(apart)
}

// lister is an operator whose lists may answer.
type lister struct {
	operator.Instance

	reader operator.StatementReader
}

// lister returns the operator whose lists may answer for an attempt of an ended payment, and
// whether there is one.
func (a *StatusActivities) lister(p pirogue.Payment, attempt pirogue.Attempt) (lister, bool) {
	ended := p.Status == pirogue.StatusExpired || p.Status == pirogue.StatusFailed
	instance, known := a.Operators[attempt.Operator]
	if !ended || !known || attempt.FirstSent.IsZero() || attempt.Ref == "" {
		return lister{}, false
	}
	reader, can := instance.Operator.(operator.StatementReader)
	return lister{instance, reader}, can && instance.Operator.Capability().StatementNames
}

// listed answers a question about an ended payment by its operator's list, and returns when
// the next one follows. It reports false where the attempt has to be asked about itself.
func (a *StatusActivities) listed(ctx context.Context, c statusCheck) (time.Duration, bool, error) {
	attempt := c.attempt
	lister, can := a.lister(c.payment, attempt)
	if !can || c.Pace != Slow {
		return 0, false, nil
	}
	due, _ := a.watchDue(c.payment, attempt)
	if attempt.PolledAt.IsZero() {
		due = a.Clock.Now()
	}
	poll := duePoll{attempt, due}
	read, busy := a.reading(ctx, lister, poll)
	switch {
	case busy:
		return a.later(listBusy), true, nil
	case !read.answers(poll):
		return 0, false, nil
	}
	next := a.nextPoll(ctx, c)
	_, err := a.Store.Sendings.RecordPoll(ctx, lifecycle.Poll{
		AttemptID: attempt.ID, Sendings: attempt.Sendings, Polls: attempt.Polls,
		Message: "the list of transactions names no money", At: read.at, Next: next.at,
	})
	return next.wait, true, err
}

// reading returns the operator's last list, read again if need be, and reports whether one is
// being read.
func (a *StatusActivities) reading(ctx context.Context, l lister, poll duePoll) (reading, bool) {
	now := a.Clock.Now()
	last, busy, may := a.lists.begin(l.Code, now, func(r reading) bool { return r.covers(poll) })
	if !may {
		return last.read, busy
	}
	last.rests = now.Add(listLooks)
	defer func() { a.lists.end(l.Code, last) }()
	since := now.Add(-cmp.Or(l.FinalityWindow, l.Operator.Capability().FinalityWindow))
	load, err := a.Store.Operators.WatchLoad(ctx, l.Code, since, now)
	if err != nil || load.Due < minListed || poll.attempt.FirstSent.Before(since) {
		return reading{}, false
	}
	period := listPeriod{from: earlier(load.First, poll.attempt.FirstSent), to: now, most: load.Due / savedCalls}
	if last.cost*period.seconds() > float64(period.most) {
		return reading{}, false
	}
	read, cost, err := period.read(ctx, l.reader, l.CallsPerSecond*watchShare)
	last.cost = cost
	if err != nil { // a part of a list says nothing
		last.rests = now.Add(listRests)
		return reading{}, false
	}
	last.read, last.rests = read, time.Time{}
	return read, false
}

// earlier returns the earlier of two moments.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// listPeriod bounds one list call: the time that it covers and the most calls that it may take.
type listPeriod struct {
	from, to time.Time
	most     int
}

func (l listPeriod) seconds() float64 { return (l.to.Sub(l.from) + 2*listBack).Seconds() }

// read reads the list by at most so many calls a second, and returns what it cost: calls for
// each second of the period.
func (l listPeriod) read(
	ctx context.Context, reader operator.StatementReader, perSecond float64,
) (reading, float64, error) {
	calls := 0
	permit := func(ctx context.Context) error {
		calls++
		switch {
		case calls > l.most:
			return errListTooLong
		case calls == 1 || perSecond <= 0:
			return nil
		}
		turn := time.NewTimer(every(1, perSecond))
		defer turn.Stop()
		select {
		case <-turn.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	lines, err := reader.Statement(operator.WithCallPermit(ctx, permit), l.from.Add(-listBack), l.to.Add(listBack))
	return reading{at: l.to, from: l.from, suspects: readLines(lines)}, float64(calls) / l.seconds(), err
}

// begin returns an operator's last list, and whether one is being read. It also returns whether
// the caller has to read one and end it. The caller has to where the last one is not enough,
// none is being read, and none failed just now.
func (l *lists) begin(
	o pirogue.OperatorCode, now time.Time, enough func(reading) bool,
) (last listing, busy, may bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.each == nil {
		l.each = map[pirogue.OperatorCode]listing{}
	}
	last = l.each[o]
	switch {
	case enough(last.read):
		return last, false, false
	case last.busy:
		return last, true, false
	case now.Before(last.rests):
		return last, false, false
	}
	reads := last
	reads.busy = true
	l.each[o] = reads
	return last, false, true
}

// end keeps what reading a list came to.
func (l *lists) end(o pirogue.OperatorCode, read listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.each[o] = read
}
