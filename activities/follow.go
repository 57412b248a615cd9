package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
)

// Question asks the operator what became of a payment.
type Question struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Pace      Pace              `json:"pace"`
}

// Pace is how an unanswered question is asked again.
type Pace string

// The paces. The delays are those of Cadence.
const (
	Once  Pace = "once"  // the answer is returned as it is, also when it is "pending"
	Brisk Pace = "brisk" // while the customer has time to pay
	Slow  Pace = "slow"  // after the payment ended, for money that comes late
)

// Ask asks the operator for the status of a payment's latest attempt. At the paces
// Brisk and Slow it asks to be run again, after the pace's delay, until the outcome
// is one that ends the waiting; the workflow's history does not grow by it.
func (a *Activities) Ask(ctx context.Context, q Question) (pirogue.Receipt, error) {
	receipt, err := a.status(ctx, q.PaymentID)
	if err != nil && !isOperators(err) {
		return receipt, encode(err)
	}
	words := receipt.Words
	if err != nil {
		receipt, words = pirogue.Receipt{Outcome: pirogue.OutcomePending, Words: err.Error()}, err.Error()
	}
	if q.Pace == Once || q.Pace.settles(receipt.Outcome) {
		return receipt, nil
	}
	return receipt, retryIn(jitter(q.Pace.Cadence(activity.GetInfo(ctx).Attempt)), "not decided: "+words)
}

// isOperators reports whether err is the operator's doing: it says nothing about
// the payment, and the question may be asked again.
func isOperators(err error) bool {
	switch pirogue.CodeOf(err) {
	case pirogue.NotSent, pirogue.Refused, pirogue.Unknown:
		return true
	default:
		return false
	}
}

// settles reports whether an outcome ends the waiting. After a payment ended only
// money matters.
func (p Pace) settles(o pirogue.Outcome) bool {
	if p == Slow {
		return o == pirogue.OutcomePaid
	}
	return o != pirogue.OutcomePending
}

// cadence is one stretch of a pace: so many questions, so far apart.
type cadence struct {
	questions int32
	every     time.Duration
}

// paces is when questions are asked. Brisk: every 5 s for the first minute, then
// every 10 s. Slow: every minute for ten, every ten up to two hours, then hourly.
var paces = map[Pace][]cadence{
	Brisk: {{12, 5 * time.Second}, {0, 10 * time.Second}},
	Slow:  {{10, time.Minute}, {11, 10 * time.Minute}, {0, time.Hour}},
}

// Cadence returns the wait after the n-th question, n from 1. It counts questions,
// not time, so that it does not depend on the worker's clock.
func (p Pace) Cadence(n int32) time.Duration {
	for _, stretch := range paces[p] {
		if stretch.questions == 0 || n <= stretch.questions {
			return stretch.every
		}
		n -= stretch.questions
	}
	return time.Minute
}

// status makes one status call and keeps count of it.
func (a *Activities) status(ctx context.Context, id pirogue.PaymentID) (pirogue.Receipt, error) {
	p, attempt, err := a.Store.Latest(ctx, id)
	if err != nil {
		return pirogue.Receipt{}, err
	}
	instance, err := a.operator(attempt.Operator)
	if err != nil {
		return pirogue.Receipt{}, err
	}
	reader, ok := instance.Operator.(pirogue.StatusReader)
	if !ok {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Internal, "operator %q has no status call", instance.Code)
	}
	receipt, err := reader.Status(ctx, pirogue.StatusQuery{Ref: attempt.Ref, Handle: attempt.Handle, Amount: p.Amount})
	words := receipt.Words
	if err != nil {
		words = err.Error()
	}
	if kept := a.Store.Polled(ctx, attempt.ID, words, a.Clock.Now()); kept != nil {
		return pirogue.Receipt{}, kept
	}
	return receipt, err
}
