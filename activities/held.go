package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/lifecycle"
)

// What a suspended merchant has not sent looks whether the suspension has ended: soon at
// first, and then so rarely that ten thousand payments cost nothing for weeks.
const (
	heldSoon   = 10 * time.Second
	heldSeldom = 10 * time.Minute
)

// heldCadence returns the wait after the n-th look at a suspension, n from 1.
func heldCadence(n int32) time.Duration { return doubled(heldSoon, heldSeldom, n) }

// What support reads of a payment that is kept back.
const (
	merchantSuspended = "the merchant is suspended: nothing is sent"
	operatorsAreAsked = "the database was restored and asks operators first: nothing is sent or ends without money"
)

// sentNothing says why an attempt was not marked.
var sentNothing = map[lifecycle.SendResult]string{
	lifecycle.SendSuspended: merchantSuspended, lifecycle.SendAskFirst: operatorsAreAsked,
}

// heldWords says why nothing of a merchant is sent; "" while it is.
func heldWords(m pirogue.Merchant) string {
	switch {
	case m.AskFirst:
		return operatorsAreAsked
	case m.Suspended:
		return merchantSuspended
	default:
		return ""
	}
}

// held keeps back an attempt of a suspended merchant, or of anybody while operators are asked
// first. Of a payment of which nothing was sent the hold stays, and it is PENDING: the sweep must
// not expire it. What was perhaps sent before is followed. A collection whose earlier attempt was
// lost is given up: nobody can pay it any more.
func (a *Activities) held(
	ctx context.Context, kind pirogue.PaymentKind, attempt pirogue.Attempt, words string,
) (SubmitResult, error) {
	held := SubmitResult{
		Outcome: SubmitHeld, Operator: attempt.Operator, Number: attempt.Number, Message: words,
		FoundSent: attempt.State != pirogue.AttemptPrepared,
	}
	if held.FoundSent {
		held.Outcome = SubmitUnknown
		return held, nil
	}
	inTime, err := a.Store.Postpone(ctx, attempt.ID, held.Message, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if !inTime {
		return notInTime(attempt), nil
	}
	if kind.MoneyOut() || words == operatorsAreAsked {
		return held, nil
	}
	unsent, err := a.Store.NothingSent(ctx, attempt.PaymentID)
	if err == nil && !unsent {
		held.Outcome = SubmitNotSent
	}
	return held, activityError(err)
}

// cancelled ends the payment of an attempt whose bulk is being cancelled. What was perhaps sent
// before is followed, and not sent again.
func (a *Activities) cancelled(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return SubmitResult{Outcome: SubmitUnknown, Operator: attempt.Operator, Number: attempt.Number, FoundSent: true}, nil
	}
	status, err := a.Store.EndCancelled(ctx, attempt.ID, a.Clock.Now())
	if err != nil || !status.Terminal() {
		return SubmitResult{}, a.overtakenByOtherRun(err)
	}
	return SubmitResult{Outcome: SubmitAlreadyFinal, Status: status}, nil
}

// AwaitResumed returns when a payment that was kept back may be sent: its merchant is not
// suspended any more, and no operator has to be asked first. It returns also when the payment has
// ended, as with its bulk. It asks to be run again until then, so that waiting leaves no trace in
// the history.
func (a *Activities) AwaitResumed(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, _, err := a.Store.Latest(ctx, id)
	if err != nil || p.Status.Terminal() {
		return true, activityError(err)
	}
	merchant, err := a.Store.Merchant(ctx, p.MerchantID)
	if err != nil {
		return false, activityError(err)
	}
	if words := heldWords(merchant); words != "" {
		return false, a.lookForResume(ctx, words)
	}
	return true, nil
}

// lookForResume asks to be run again while something is kept back.
func (a *Activities) lookForResume(ctx context.Context, words string) error {
	return retryIn(a.jitter(heldCadence(activity.GetInfo(ctx).Attempt)), words)
}
