package lifecycle

import (
	"time"

	"pirogue"
)

// Poll is one status question to an operator and its result. Sendings and Polls fence it. The store
// ignores a result that is older than the latest sending. It also ignores one that arrives after a
// later poll's result.
type Poll struct {
	AttemptID pirogue.AttemptID
	Sendings  int             // of the attempt when the question was put
	Polls     int             // likewise
	Outcome   pirogue.Outcome // "" when the operator gave none
	Message   string          // the operator's message, redacted
	At        time.Time
	Next      time.Time // about when the next poll follows; the zero value keeps the stored plan
	// Every is the time between the polls after it, if those that repeat its result need no record.
	// 0: each is recorded.
	Every time.Duration
}

// TouchEvery limits the time between two records of polls that follow each other closely. The sweep takes
// a workflow for open whose rows changed within a minute.
const TouchEvery = 40 * time.Second

// Repeats reports whether p changes nothing that a reader of attempt a needs, so that it is not recorded.
// Its result is that of the last recorded poll, and its next poll follows about when the row says. Only an
// unpaid result of a payment whose evidence decides nothing may repeat: its Every is set.
//
// A process that dies after such a poll has lost nothing. A later poll that is recorded has the number of
// the one before it.
func (p Poll) Repeats(a pirogue.Attempt) bool {
	plan := PollPlan{Next: a.NextPoll, Every: a.PollEvery}
	said := p.Outcome == "" || p.Outcome == pirogue.OutcomePending && p.Outcome == a.Evidence.Outcome
	if p.Every == 0 || plan.Every == 0 || !said || p.Message != a.OperatorMessage {
		return false
	}
	if (p.Every-plan.Every).Abs() > plan.Every/5 || plan.offBy(p.Next) > plan.Every/4 {
		return false
	}
	return p.Every >= TouchEvery || p.At.Sub(a.PolledAt) < TouchEvery
}

// PollPlan holds when an attempt is polled: about at Next, and then at each multiple of Every after it.
type PollPlan struct {
	Next  time.Time
	Every time.Duration // 0: only the poll at Next is planned
}

// After returns about when the first poll after a moment follows. A poll that is overdue stays so where no
// other is planned.
func (p PollPlan) After(now time.Time) time.Time {
	late := now.Sub(p.Next)
	if p.Next.IsZero() || p.Every <= 0 || late < 0 {
		return p.Next
	}
	return p.Next.Add((late/p.Every + 1) * p.Every)
}

// offBy returns how far a poll is from the nearest one of the plan.
func (p PollPlan) offBy(at time.Time) time.Duration {
	off := at.Sub(p.Next).Abs() % p.Every
	return min(off, p.Every-off)
}
