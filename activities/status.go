package activities

import (
	"cmp"
	"context"
	"time"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// StatusInput asks the operator what became of a payment.
type StatusInput struct {
	PaymentID pirogue.PaymentID       `json:"payment_id"`
	Pace      Pace                    `json:"pace"`
	Candidate operator.RouteCandidate `json:"candidate"`
	Number    int                     `json:"number,omitempty"` // of the attempt; 0 for the latest
	// AlreadyBooked holds what moved under the attempt and is dealt with, in minor units: at pace Slow only
	// more than that ends the waiting.
	AlreadyBooked int64 `json:"already_booked,omitempty"`
	// Closing says that the answer ends the customer's time.
	Closing bool `json:"closing,omitempty"`
}

// Pace decides when an operator is asked again about an attempt.
type Pace string

// The paces. Delay returns their delays.
const (
	Once  Pace = "once"  // the answer is returned as it is, also when it is "pending"
	Brisk Pace = "brisk" // while the customer has time to pay
	Slow  Pace = "slow"  // after the payment ended, for money that comes late
	Long  Pace = "long"  // money that leaves us, until the operator has decided
	Final Pace = "final" // past the finality window, until the operator's word can be read
)

// statusCheck is a request for the status of one attempt, with the rows of the attempt and of its
// payment.
type statusCheck struct {
	StatusInput

	payment pirogue.Payment
	attempt pirogue.Attempt
}

// AskStatus asks the operator for the status of one of a payment's attempts. At every pace but
// Once it asks for another run after the pace's delay, until an outcome ends the waiting; the
// workflow's history does not grow by it. An outcome that is not proven is returned as pending.
func (a *StatusActivities) AskStatus(ctx context.Context, q StatusInput) (operator.OperatorResult, error) {
	p, attempt, err := a.Store.Attempts.Numbered(ctx, q.PaymentID, q.Number)
	if err != nil {
		return operator.OperatorResult{}, activityError(err)
	}
	c := statusCheck{StatusInput: q, payment: p, attempt: attempt}
	if unsent, err := a.notSent(ctx, attempt); err != nil || unsent.Outcome != "" {
		return unsent, activityError(err)
	}
	if wait := cmp.Or(a.rest(ctx, c), a.untilFirst(ctx, c)); wait > 0 {
		return operator.OperatorResult{}, retryIn(a.spread(q.Pace, wait), "the next question is not due yet")
	}
	if wait, answered, err := a.listed(ctx, c); answered || err != nil {
		return operator.OperatorResult{}, cmp.Or(activityError(err), retryIn(wait, "the operator's list names no late money"))
	}
	if asked, err := a.askForCallback(ctx, c); asked || err != nil {
		return operator.OperatorResult{}, cmp.Or(activityError(err), retryIn(callbackWait, "its callback is awaited"))
	}
	next := a.nextPoll(ctx, c)
	result, evidence, err := a.status(ctx, c, next)
	if err != nil && !isOperators(err) {
		return result, activityError(err)
	}
	if err != nil {
		result = operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: err.Error()}
	}
	said := result.Outcome
	result.UnderWay = err == nil && said == pirogue.OutcomePending && !result.Unreadable
	result.Absent = err == nil && said == pirogue.OutcomeAbsent
	result.Unreadable = result.Unreadable || err != nil || said == pirogue.OutcomePending && !a.asks(attempt.Operator)
	result.Outcome = a.provenOutcome(c, evidence, said)
	if result, err = a.contradicted(ctx, c, result); err != nil {
		return result, activityError(err)
	}
	if result, err = a.claimed(ctx, c, result); err != nil {
		return result, activityError(err)
	}
	kept, err := a.keptOpen(ctx, c, result)
	if err != nil {
		return result, activityError(err)
	}
	if kept {
		return a.keepOpen(ctx, q, result)
	}
	logResult(ctx, "status asked", "payment", q.PaymentID, "attempt", attempt.Number, "operator", attempt.Operator,
		"outcome", result.Outcome)
	if q.Pace == Once || q.isFinal(result, p.AtOperator()) {
		return result, nil
	}
	wait := next.wait
	if said != result.Outcome && said != pirogue.OutcomeAbsent {
		wait = next.confirm
	}
	return result, retryIn(wait, "not decided: "+result.Message)
}

// keptOpen reports whether an answer without money would end an open payment while operators are
// asked first.
func (a *StatusActivities) keptOpen(ctx context.Context, c statusCheck, r operator.OperatorResult) (bool, error) {
	ends := c.Closing || r.Outcome != pirogue.OutcomePending
	if c.payment.Status.Terminal() || r.Outcome == pirogue.OutcomePaid || !ends {
		return false, nil
	}
	return a.Store.AskFirst.AsksFirst(ctx)
}

// keepOpen answers a question whose answer must not end a payment: as pending, or not yet.
func (a *StatusActivities) keepOpen(
	ctx context.Context, q StatusInput, r operator.OperatorResult,
) (operator.OperatorResult, error) {
	if q.Pace != Once {
		return r, a.lookForResume(ctx, operatorsAreAsked+": "+r.Message)
	}
	r.Outcome, r.StaysOpen = pirogue.OutcomePending, true
	return r, nil
}

// notSent says that nothing was sent, of a payment whose rows prove it: the answer to a
// sending that came late. Its operator has nothing to be asked about.
func (a *StatusActivities) notSent(ctx context.Context, attempt pirogue.Attempt) (operator.OperatorResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return operator.OperatorResult{}, nil
	}
	unsent, err := a.Store.Attempts.NothingSent(ctx, attempt.PaymentID)
	if err != nil || !unsent {
		return operator.OperatorResult{}, err
	}
	return operator.OperatorResult{Outcome: pirogue.OutcomeNotSent, Message: attempt.OperatorMessage}, nil
}

// isOperators reports whether err is the operator's doing: it says nothing about
// the payment, and the question may be asked again.
func isOperators(err error) bool {
	switch pirogue.CodeOf(err) {
	case operator.NotSent, operator.Refused, operator.Unable, operator.Unknown:
		return true
	default:
		return false
	}
}

// isFinal reports whether an answer ends the waiting. After a payment ended only money matters
// that nobody has dealt with. Past the finality window any word matters that can be read.
func (q StatusInput) isFinal(r operator.OperatorResult, ordered pirogue.Money) bool {
	switch q.Pace {
	case Slow:
		return r.Outcome == pirogue.OutcomePaid && r.Moved(ordered) > q.AlreadyBooked
	case Final:
		return !r.Unreadable
	case Once, Brisk, Long:
	}
	return r.Outcome != pirogue.OutcomePending
}

// waitsOn reports whether an answer only goes on waiting.
func (q StatusInput) waitsOn(r operator.OperatorResult) bool {
	return r.Outcome == pirogue.OutcomePending && q.Pace != Once && q.Pace != Final
}

// Watches reports whether questions at a pace are about payments that have ended.
func (p Pace) Watches() bool { return p == Slow || p == Final }

// asks reports whether an operator has a status call.
func (a *StatusActivities) asks(o pirogue.OperatorCode) bool {
	_, ok := a.Operators[o].Operator.(operator.StatusReader)
	return ok
}

// contradicted returns an answer that a callback of the operator contradicts as unclear: it
// proved to be the operator's and says that money moved. Neither is believed then. An answer
// that only goes on waiting is returned as it is, without a look at the callbacks. So is one
// about a payment whose success is known.
func (a *StatusActivities) contradicted(
	ctx context.Context, c statusCheck, r operator.OperatorResult,
) (operator.OperatorResult, error) {
	if r.Outcome == pirogue.OutcomePaid || c.waitsOn(r) || c.Pace == Slow || c.AlreadyBooked > 0 ||
		!a.asks(c.attempt.Operator) {
		return r, nil
	}
	proof := a.Operators[c.attempt.Operator].Operator.Capability().Proof
	if proof != operator.ProofToken && proof != operator.ProofSignature {
		return r, nil
	}
	said, err := a.Store.Callbacks.Callbacks(ctx, c.attempt.ID)
	if err != nil || operator.LatestVerified(said).Outcome != pirogue.OutcomePaid {
		return r, err
	}
	r.Outcome, r.UnderWay, r.Unreadable, r.Contradicted = pirogue.OutcomePending, false, true, true
	r.Message = "a proven callback says that it was paid; the status does not confirm it: " + r.Message
	return r, nil
}

// cadence is one stretch of a pace: so many questions, so far apart.
type cadence struct {
	questions int32
	every     time.Duration
}

// paces is when questions are asked. Brisk: every 5 s for the first minute, then every 10 s.
// Slow: after 1, 5 and 15 min, 1, 3 and 6 h, then every 6 h: 12 in two days. Final: every ten
// minutes for an hour, then every 6 h. Long begins like Brisk, and goes on from 5 min: every
// minute for an hour, every ten minutes for a day, then hourly.
var paces = map[Pace][]cadence{
	Brisk: {{12, lifecycle.FirstPollAfter}, {0, 10 * time.Second}},
	Slow: {
		{1, time.Minute},
		{1, 4 * time.Minute},
		{1, 10 * time.Minute},
		{1, 45 * time.Minute},
		{1, 2 * time.Hour},
		{1, 3 * time.Hour},
		{0, 6 * time.Hour},
	},
	Final: {{6, 10 * time.Minute}, {0, 6 * time.Hour}},
	Long: {
		{12, lifecycle.FirstPollAfter},
		{24, 10 * time.Second},
		{55, time.Minute},
		{138, 10 * time.Minute},
		{0, time.Hour},
	},
}

// Delay returns the wait after the n-th question, n from 1. It counts questions,
// not time, so that it does not depend on the worker's clock.
func (p Pace) Delay(n int32) time.Duration {
	for _, stretch := range paces[p] {
		if stretch.questions == 0 || n <= stretch.questions {
			return stretch.every
		}
		n -= stretch.questions
	}
	return time.Minute
}

// status makes one status call, records it and returns the evidence with this answer in it. An
// answer that repeats the last one about a collection is not recorded: no count of them decides
// anything. An error of our own database is returned instead of the operator's.
func (a *StatusActivities) status(
	ctx context.Context, c statusCheck, next nextPoll,
) (operator.OperatorResult, pirogue.Evidence, error) {
	attempt := c.attempt
	instance, err := a.instanceOf(attempt.Operator)
	if err != nil {
		return operator.OperatorResult{}, pirogue.Evidence{}, err
	}
	reader, ok := instance.Operator.(operator.StatusReader)
	if !ok {
		return a.callbackResult(ctx, instance, attempt)
	}
	asked, err := a.query(ctx, c.payment, attempt)
	if err != nil {
		return operator.OperatorResult{}, pirogue.Evidence{}, err
	}
	result, err := reader.Status(ctx, asked)
	answered := a.Clock.Now() // what is written late was said no later
	failpoint.Hit("poll.responded")
	if trouble := a.recordCallResult(ctx, attempt, err); trouble != nil {
		return operator.OperatorResult{}, pirogue.Evidence{}, trouble
	}
	words := result.Message
	if err != nil {
		words = err.Error()
	}
	poll := lifecycle.Poll{
		AttemptID: attempt.ID, Sendings: attempt.Sendings, Polls: attempt.Polls,
		Outcome: result.Outcome, Message: words, At: answered, Next: next.after(result.Outcome), Every: next.every,
	}
	if poll.Repeats(attempt) {
		return result, attempt.Evidence, err
	}
	evidence, kept := a.Store.Sendings.RecordPoll(ctx, poll)
	failpoint.Hit("poll.recorded")
	if kept != nil {
		return operator.OperatorResult{}, evidence, kept
	}
	return result, evidence, err
}

// callbackResult returns what an operator without a status call has told us by callbacks that
// proved to be its own. An operator that cannot prove them is never believed: its
// payments are for a person.
func (a *StatusActivities) callbackResult(
	ctx context.Context, i operator.Instance, attempt pirogue.Attempt,
) (operator.OperatorResult, pirogue.Evidence, error) {
	if i.Operator.Capability().Proof == operator.ProofNone {
		unasked := operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: "the operator cannot be asked"}
		return unasked, attempt.Evidence, nil
	}
	said, err := a.Store.Callbacks.Callbacks(ctx, attempt.ID)
	if err != nil {
		return operator.OperatorResult{}, pirogue.Evidence{}, err
	}
	return operator.LatestVerified(said), attempt.Evidence, nil
}
