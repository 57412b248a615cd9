package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// notMarked returns the result for an attempt that the database did not mark SENT.
func (a *SubmitActivities) notMarked(
	ctx context.Context, s submission, why lifecycle.SendResult,
) (SubmitResult, error) {
	switch why {
	case lifecycle.SendOvertaken:
		return SubmitResult{}, overtakenByOtherRun()
	case lifecycle.SendSuspended, lifecycle.SendAskFirst:
		return a.postpone(ctx, s, postponedReasons[why])
	case lifecycle.SendCancelled:
		return a.endCancelled(ctx, s.attempt)
	case lifecycle.SendPastWindow:
		return a.windowOver(ctx, s.attempt)
	default:
		return resultOf(s.attempt, SubmitPastDeadline), nil
	}
}

// postpone postpones an attempt of a suspended merchant, or of anybody while operators are asked
// first. It makes a payment of which nothing was sent PENDING, so that the sweep does not expire
// it. The payment's money stays held. An attempt that was perhaps sent before is followed.
// A collection whose earlier attempt was lost ends, because nobody can pay it any more.
func (a *SubmitActivities) postpone(
	ctx context.Context, s submission, why string,
) (SubmitResult, error) {
	attempt := s.attempt
	if attempt.State != pirogue.AttemptPrepared {
		found := sentEarlier(attempt)
		found.Message = why
		return found, nil
	}
	inTime, err := a.Store.Sendings.Postpone(ctx, attempt.ID, why, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if !inTime {
		return resultOf(attempt, SubmitPastDeadline), nil
	}
	postponed := resultOf(attempt, SubmitPostponed)
	postponed.Message = why
	if s.payment.Kind.MoneyOut() || why == operatorsAreAsked {
		return postponed, nil
	}
	return a.lostIfSent(ctx, attempt, postponed)
}

// endCancelled ends the payment of an attempt whose bulk is being cancelled. What was perhaps sent
// before is followed, and not sent again.
func (a *SubmitActivities) endCancelled(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return sentEarlier(attempt), nil
	}
	status, err := a.Store.Bulks.EndCancelled(ctx, attempt.ID, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if !status.Terminal() {
		return SubmitResult{}, overtakenByOtherRun()
	}
	return SubmitResult{Outcome: SubmitAlreadyFinal, Status: status}, nil
}

// windowClosed tells support why a collection was not sent.
const windowClosed = "the customer's time was over before anything was sent"

// windowOver returns the result for a collection that is not sent because its customer's time is
// over. What was perhaps sent before is followed. One whose earlier attempt was lost is given up:
// nobody can pay it any more.
func (a *SubmitActivities) windowOver(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		found := sentEarlier(attempt)
		found.Message = windowClosed
		return found, nil
	}
	late := resultOf(attempt, SubmitPastWindow)
	late.Message = windowClosed
	return a.lostIfSent(ctx, attempt, late)
}

// lostIfSent returns a result, as SubmitLost when another attempt of the payment may be at an operator.
func (a *SubmitActivities) lostIfSent(
	ctx context.Context, attempt pirogue.Attempt, unsent SubmitResult,
) (SubmitResult, error) {
	nothing, err := a.Store.Attempts.NothingSent(ctx, attempt.PaymentID)
	if err == nil && !nothing {
		unsent.Outcome = SubmitLost
	}
	return unsent, activityError(err)
}

// refuseWhileDown keeps a payment of which nothing was sent from an operator that is out of
// service. What was perhaps sent before is not kept: the operator may have it.
func (a *SubmitActivities) refuseWhileDown(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return SubmitResult{}, nil
	}
	admitted, h, err := a.breakerAdmits(ctx, attempt.Operator)
	if err != nil || admitted {
		return SubmitResult{}, err
	}
	down := resultOf(attempt, SubmitOutOfService)
	down.Message = outOfService(h)
	inTime, err := a.Store.Sendings.Postpone(ctx, attempt.ID, down.Message, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, err
	}
	if !inTime {
		return resultOf(attempt, SubmitPastDeadline), nil
	}
	return a.checkNothingSent(ctx, attempt.PaymentID, down)
}

// outOfService tells support why nothing is sent to an operator.
func outOfService(h operator.CircuitBreaker) string {
	if h.Parked {
		return "taken out of service: " + h.ParkedWhy
	}
	return "out of service since " + h.Since.UTC().Format(time.DateTime) + ": " + h.LastFailure
}

// overtakenByOtherRun returns the error when another run of the activity changed the attempt between
// reading and sending it. Run again, the activity finds what the other run left.
func overtakenByOtherRun() error {
	return retryIn(time.Second, "the attempt was taken by another run")
}
