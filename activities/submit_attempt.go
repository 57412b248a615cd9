package activities

import (
	"context"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
)

// attemptToSend returns the attempt to send, or the result that is known already.
func (a *SubmitActivities) attemptToSend(
	ctx context.Context, s submission,
) (pirogue.Attempt, SubmitResult, error) {
	attempt, in := s.attempt, s.SubmitInput
	failsOver := in.After > 0 && attempt.Number == in.After && provenNotSent(attempt)
	if failsOver || in.Mode.redrives() && a.provenDead(attempt, in.Candidate) {
		return a.newAttempt(ctx, s)
	}
	if attempt.Operator != in.Candidate.Operator {
		return attempt, resultOf(attempt, SubmitUnknown), nil
	}
	switch attempt.State {
	case pirogue.AttemptPrepared:
		return attempt, SubmitResult{}, nil
	case pirogue.AttemptAccepted:
		return attempt, resultOf(attempt, SubmitAccepted), nil
	case pirogue.AttemptRefused:
		return attempt, refusalOf(attempt), nil
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
	}
	switch rule := in.Candidate.AfterLostResponse(attempt); {
	case rule == operator.ResendSameReference && a.mayResend(attempt, in):
		return attempt, SubmitResult{}, nil
	case rule == operator.ResendNewReference:
		return a.newAttempt(ctx, s)
	default:
		return attempt, resultOf(attempt, SubmitUnknown), nil
	}
}

// refusalOf returns the result of an attempt whose row says that it was refused.
func refusalOf(attempt pirogue.Attempt) SubmitResult {
	refused := resultOf(attempt, SubmitRefused)
	if attempt.Unable {
		refused.Outcome = SubmitUnable
	}
	refused.Message = attempt.OperatorMessage
	return refused
}

// mayResend reports whether an attempt may be sent again under its reference. The operator must
// still remember the reference. A redrive needs the operator's answer that it does not know it.
func (a *SubmitActivities) mayResend(attempt pirogue.Attempt, in SubmitInput) bool {
	return in.Mode != SubmitRedrive && in.Candidate.MayResend(attempt.FirstSent, a.Clock.Now())
}

// provenNotSent reports whether an attempt's row proves that nothing of it is at its operator.
func provenNotSent(attempt pirogue.Attempt) bool {
	return attempt.State == pirogue.AttemptPrepared || attempt.State == pirogue.AttemptRefused && attempt.Unable
}

// newAttempt prepares the attempt after one that can have no effect. Another run may have been
// first: its attempt may be at another operator, where the caller goes on.
func (a *SubmitActivities) newAttempt(
	ctx context.Context, s submission,
) (pirogue.Attempt, SubmitResult, error) {
	ref, attempt := ids.Reference(s.payment.Kind), s.attempt
	after := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: s.payment.ID, Number: attempt.Number + 1,
		Operator: s.Candidate.Operator, Ref: ref, State: pirogue.AttemptPrepared, CreatedAt: a.Clock.Now(),
	}
	if attempt.State == pirogue.AttemptPrepared { // a one-time password that no operator was given
		after.Handle = attempt.Handle
	}
	next, err := a.Store.Sendings.Renew(ctx, attempt.ID, after, a.Callbacks.Digest(ref))
	switch {
	case err != nil:
		return next, SubmitResult{}, err
	case next.Operator != s.Candidate.Operator:
		return next, resultOf(next, SubmitUnknown), nil
	case next.State != pirogue.AttemptPrepared: // the operator accepted the old one meanwhile
		return next, resultOf(next, SubmitAccepted), nil
	default:
		return next, SubmitResult{}, nil
	}
}
