package workflows_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"pirogue"
	"pirogue/operator"
)

// nature is the simulated operator: it executes what it was given and keeps a book of its own.
// Its random numbers say when it loses answers, refuses, flaps and is late. What it moves is
// decided when it is given, whatever it answers.
type nature struct {
	s       *scenario
	mu      sync.Mutex
	fate    *rand.Rand // what becomes of what it is given
	noise   *rand.Rand // what it says of it
	book    map[pirogue.OperatorRef]*entry
	arrived []*entry
	said    map[pirogue.OperatorRef][]*statement
	tries   map[pirogue.PaymentID][]pirogue.OperatorRef // that may have arrived, each once
	tried   map[pirogue.OperatorRef]time.Time           // when each first may have
	downTo  time.Time                                   // nothing reaches it before
	lostTo  time.Time                                   // all it is given is lost before
}

// entry is one line of the operator's book.
type entry struct {
	s       *scenario
	payment pirogue.PaymentID
	ref     pirogue.OperatorRef
	name    string // in traces, where references would differ from run to run
	kind    pirogue.PaymentKind
	times   int       // how often it was given to an operator that executes whatever it is given
	shown   time.Time // before, it is not known to the operator
	since   time.Time
	no      time.Duration // after which it is declined; 0: never
	gone    time.Duration // after which it is closed unpaid; 0: never
	paid    time.Duration // after which money moves; 0: never
	amount  int64
	party   string // "counterparty" when somebody else's money moved
}

// statement is a status that the operator gave.
type statement struct {
	at      time.Time
	known   time.Time // when it was written down; zero: nobody of ours knows of it
	outcome pirogue.Outcome
}

// settles is a time after the submission. Within it the operator still changes its mind or says
// what is not so. It is well below the finality window, which is what an adapter promises.
const settles = 15 * time.Minute

// total returns the money that moved under the entry, in minor units.
func (e *entry) total() int64 {
	if e.paid == 0 {
		return 0
	}
	return e.amount * int64(e.times)
}

// truth returns the true outcome of the entry.
func (e *entry) truth(now time.Time) pirogue.Outcome {
	for _, end := range []struct {
		after   time.Duration
		outcome pirogue.Outcome
	}{{e.paid, pirogue.OutcomePaid}, {e.no, pirogue.OutcomeDeclined}, {e.gone, pirogue.OutcomeExpired}} {
		if end.after > 0 && !now.Before(e.since.Add(end.after)) {
			return end.outcome
		}
	}
	return pirogue.OutcomePending
}

func (n *nature) Capability() operator.Capability { return n.s.plan.capability }

func (n *nature) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	return n.take(ctx, pirogue.CashIn, c.Ref, c.Amount)
}

func (n *nature) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	return n.take(ctx, pirogue.CashOut, d.Ref, d.Amount)
}

// refunding is an operator that has a refund call.
type refunding struct{ *nature }

func (r refunding) Refund(ctx context.Context, q operator.RefundRequest) (operator.OperatorResult, error) {
	r.s.mark("refunded by the refund call")
	return r.take(ctx, pirogue.Refund, q.Ref, q.Amount)
}

// take is given a payment.
func (n *nature) take(
	ctx context.Context, kind pirogue.PaymentKind, ref pirogue.OperatorRef, amount pirogue.Money,
) (operator.OperatorResult, error) {
	step(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tooLate(ctx) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.NotSent, "its time is over")
	}
	name, answer := n.s.alias(ref), n.answer(kind)
	n.s.note("submitted %s: %s", name, answer.fault)
	if answer.fault != accepted {
		n.s.mark(answer.fault)
	}
	if answer.unsent {
		return operator.OperatorResult{}, pirogue.Errorf(operator.NotSent, "%s", answer.fault)
	}
	answer.unheard = givenUp(ctx)
	n.try(n.payment(ctx), kind, ref, answer.unheard)
	if answer.kept {
		one := &entry{payment: n.payment(ctx), ref: ref, kind: kind, amount: amount.Minor}
		n.keep(one, answer) //nolint:contextcheck // it calls back later
	}
	if answer.code != "" {
		return operator.OperatorResult{}, pirogue.Errorf(answer.code, "%s", answer.fault)
	}
	return operator.OperatorResult{
		Outcome: pirogue.OutcomePending, Handle: token, Message: "accepted",
		NextAction: pirogue.NextAction{Type: pirogue.ActionPush},
	}, nil
}

// accepted is the one answer that is no fault.
const accepted = "accepted"

// reply is the response to a submission, and the truth about it.
type reply struct {
	fault  string
	code   pirogue.Code // "" means accepted
	unsent bool         // it did not arrive
	kept   bool         // it is in the operator's book
	paid   bool         // though it was refused
	late   bool         // it is in the book only after a while
	// unheard says that nobody waits for the answer: the run that hears it was given up.
	unheard bool
}

// answer draws the answer to a submission.
func (n *nature) answer(kind pirogue.PaymentKind) reply {
	out := kind.MoneyOut()
	switch {
	case n.s.now().Before(n.downTo):
		return reply{fault: "the operator is down", code: operator.NotSent, unsent: true}
	case n.s.now().Before(n.lostTo):
		return reply{fault: "every request is lost", code: operator.Unknown}
	case chance(n.fate, 0.05):
		return reply{fault: "a call does not leave", code: operator.NotSent, unsent: true}
	}
	table := []struct {
		weight int
		reply
	}{
		{60, reply{fault: accepted, kept: true}},
		{6, reply{fault: "refused", code: operator.Refused}},
		{4, reply{fault: "refused, and kept as declined", code: operator.Refused, kept: out}},
		{3, reply{fault: "refused, and executed all the same", code: operator.Refused, kept: out, paid: true}},
		{7, reply{fault: "the request is lost", code: operator.Unknown}},
		{4, reply{fault: "the request is lost, and arrives late", code: operator.Unknown, kept: true, late: true}},
		{10, reply{fault: "the answer is lost", code: operator.Unknown, kept: true}},
		{3, reply{fault: "5xx before executing", code: operator.Unknown}},
		{3, reply{fault: "5xx after executing", code: operator.Unknown, kept: true}},
	}
	left := n.fate.IntN(100)
	for _, row := range table {
		if left -= row.weight; left < 0 {
			return row.reply
		}
	}
	return reply{fault: accepted, kept: true}
}

// try notes that a reference may have arrived. One payment may use another one only
// when the old one can have no effect any more.
func (n *nature) try(id pirogue.PaymentID, kind pirogue.PaymentKind, ref pirogue.OperatorRef, unheard bool) {
	refs := n.tries[id]
	for _, old := range refs {
		switch e := n.book[old]; {
		case old == ref:
		case kind.MoneyOut() && !n.dead(old):
			n.s.wrong("%s was sent while %s may still be executed", n.s.alias(ref), n.s.alias(old))
		case !kind.MoneyOut() && !unheard && e != nil &&
			n.s.plan.capability.OnLostResponse == operator.ResendNewReference:
			e.paid = 0 // its page was never shown to anybody
		}
	}
	for _, old := range refs {
		if old == ref {
			return
		}
	}
	n.tries[id], n.tried[ref] = append(refs, ref), n.s.now()
}

// dead reports whether the operator has denied a reference often enough, the last time
// past its finality window.
func (n *nature) dead(ref pirogue.OperatorRef) bool {
	times, last := 0, time.Time{}
	for _, word := range n.said[ref] {
		if word.known.IsZero() {
			continue
		}
		times, last = times+1, word.at
		if word.outcome != pirogue.OutcomeAbsent {
			times = 0
		}
	}
	return times >= 3 && !last.Before(n.tried[ref].Add(n.s.plan.capability.FinalityWindow-2*coarse))
}

// keep writes a line of the book, and decides what becomes of it.
func (n *nature) keep(e *entry, answer reply) {
	if known := n.book[e.ref]; known != nil {
		n.s.mark("the same reference arrives again")
		if !n.remembers(known) {
			known.times++
		}
		return
	}
	e.s, e.name, e.times, e.since, e.shown = n.s, n.s.alias(e.ref), 1, n.s.now(), n.s.now()
	if answer.late {
		e.shown = e.since.Add(between(n.fate, 10*time.Second, 8*time.Minute))
	}
	n.decide(e, answer)
	n.book[e.ref] = e
	n.arrived = append(n.arrived, e)
	n.s.note("%s will be %s", e.name, e)
	n.callBack(e)
}

// remembers reports whether the operator executes a reference once that it was given before.
func (n *nature) remembers(e *entry) bool {
	c := n.s.plan.capability
	within := cmp.Or(c.ResendWithin, time.Hour)
	return c.Reference == operator.IdempotentByReference && n.s.now().Before(e.since.Add(within))
}

// decide draws the fate of an entry.
func (n *nature) decide(e *entry, answer reply) {
	quick, slow := between(n.fate, time.Second, time.Minute), between(n.fate, time.Minute, 12*time.Minute)
	unseen := e.kind == pirogue.CashIn && (answer.code != "" || answer.unheard) &&
		n.s.plan.capability.OnLostResponse == operator.ResendNewReference
	switch draw := n.fate.IntN(100); {
	case answer.paid:
		e.no, e.paid = time.Nanosecond, quick
	case answer.code == operator.Refused:
		e.no = time.Nanosecond
	case unseen: // nobody was shown how to pay it
	case draw < 20:
		e.paid = time.Nanosecond
	case draw < 45:
		e.paid = quick
	case draw < 65:
		n.s.mark("money moves late")
		e.paid = slow
	case draw < 78:
		e.no = quick
	case draw < 84:
		e.gone = quick
	case draw < 92:
		n.s.mark("declined, then executed")
		e.no, e.paid = quick, quick+slow
	default:
		n.s.mark("never decided")
	}
	switch draw := n.fate.IntN(100); {
	case e.paid == 0 || answer.paid:
	case draw < 7:
		n.s.mark("another amount")
		e.amount = max(1, e.amount/2)
	case draw < 10:
		n.s.mark("another counterparty")
		e.party = "counterparty"
	}
}

// String names the fate of an entry.
func (e *entry) String() string {
	return fmt.Sprintf("shown after %s, declined after %s, closed after %s, paid %d after %s %s",
		e.shown.Sub(e.since), e.no, e.gone, e.amount, e.paid, e.party)
}

// Status tells the truth, or something else while it may.
func (n *nature) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	step(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tooLate(ctx) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.NotSent, "its time is over")
	}
	now, e := n.s.now(), n.book[q.Ref]
	outcome := pirogue.OutcomeAbsent
	if e != nil && !now.Before(e.shown) {
		outcome = e.truth(now)
	}
	if now.Before(q.SentAt.Add(settles)) && !n.owned(q.Ref) {
		var err error
		if outcome, err = n.blur(outcome); err != nil {
			n.s.note("asked of %s: %v", n.s.alias(q.Ref), err)
			return operator.OperatorResult{}, err
		}
	}
	if q.Kind == pirogue.CashIn && outcome == pirogue.OutcomeAbsent {
		outcome = pirogue.OutcomePending
	}
	said := &statement{at: now, outcome: outcome}
	n.said[q.Ref] = append(n.said[q.Ref], said)
	if r, ok := runOf(ctx); ok {
		r.said = said
	}
	n.s.note("asked of %s: %s", n.s.alias(q.Ref), outcome)
	result := operator.OperatorResult{Outcome: outcome, Message: string(outcome), ProviderTxID: n.s.alias(q.Ref)}
	if outcome == pirogue.OutcomePaid {
		result.Mismatch = e.party
		if e.amount != q.Amount.Minor || chance(n.noise, 0.5) {
			result.Amount = pirogue.Money{Minor: e.amount, Currency: q.Amount.Currency}
		}
	}
	return result, nil
}

// owned reports whether the operator has said that money moved: that it does not take
// back.
func (n *nature) owned(ref pirogue.OperatorRef) bool {
	said := n.said[ref]
	return len(said) > 0 && said[len(said)-1].outcome == pirogue.OutcomePaid
}

// blur makes an outcome what an operator in trouble says. It never says that money
// moved which did not.
func (n *nature) blur(outcome pirogue.Outcome) (pirogue.Outcome, error) {
	flap := func(as pirogue.Outcome) (pirogue.Outcome, error) {
		if as != outcome {
			n.s.mark("the status flaps to " + string(as))
		}
		return as, nil
	}
	switch draw := n.noise.IntN(100); {
	case draw < 8:
		n.s.mark("a status is unreadable")
		return "", pirogue.Errorf(operator.Unknown, "502")
	case draw < 12:
		n.s.mark("a status call does not leave")
		return "", pirogue.Errorf(operator.NotSent, "connection refused")
	case draw < 15:
		return flap(pirogue.OutcomePending)
	case draw < 17:
		return flap(pirogue.OutcomeDeclined)
	case draw < 19:
		return flap(pirogue.OutcomeAbsent)
	default:
		return outcome, nil
	}
}

// moves returns how much has moved, or is going to, for a payment, and how often.
func (n *nature) moves(id pirogue.PaymentID) (amount int64, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.arrived {
		if e.payment == id && e.paid > 0 {
			amount += e.total()
			times += e.times
		}
	}
	return amount, times
}

// undecided reports whether something may still become of a payment.
func (n *nature) undecided(id pirogue.PaymentID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.arrived {
		if e.payment == id && n.s.now().Before(e.since.Add(max(e.paid, e.no, e.gone, e.shown.Sub(e.since)))) {
			return true
		}
	}
	return false
}

// chance is true in a share of all cases.
func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

// between is a duration of at least least and less than most.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}
