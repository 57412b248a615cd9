package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/operator"
)

// EarlierAttempt is an attempt that another one has followed, of which something may have
// left us.
type EarlierAttempt struct {
	Number    int                     `json:"number"`
	Candidate operator.RouteCandidate `json:"candidate"` // what its operator promises
	Until     time.Time               `json:"until"`     // when its operator's word does not change any more
	// Gone says that its operator is not configured any more, so that nobody can ask.
	Gone bool      `json:"gone,omitempty"`
	Now  time.Time `json:"now"` // by the clock that Until is of
}

// EarlierAttempts returns the attempts of a payment that money may still move under, the first one
// first. Another attempt has followed each. One that nobody can ask about is left out: its operator
// wants what only its lost answer held, and nobody can pay what nobody was shown. One whose
// operator is not configured any more is a person's to look up.
func (a *SubmitActivities) EarlierAttempts(ctx context.Context, id pirogue.PaymentID) ([]EarlierAttempt, error) {
	p, _, err := a.Store.Attempts.Latest(ctx, id)
	if err != nil {
		return nil, activityError(err)
	}
	attempts, err := a.Store.Attempts.EarlierAttempts(ctx, id)
	if err != nil {
		return nil, activityError(err)
	}
	watched := []EarlierAttempt{}
	for _, attempt := range attempts {
		one := EarlierAttempt{
			Number: attempt.Number, Candidate: operator.RouteCandidate{Operator: attempt.Operator}, Now: a.Clock.Now(),
		}
		instance, configured := a.Operators[attempt.Operator]
		switch {
		case !configured:
			one.Gone = true
		case lostForGood(instance, attempt):
			continue
		default:
			one.Candidate = operator.NewRouteCandidate(p.Kind, instance)
			one.Until = attempt.SentAt.Add(one.Candidate.FinalityWindow)
		}
		watched = append(watched, one)
	}
	return watched, nil
}

// findWatched completes the result of a submission whose lost attempts are made again under other
// references: it says which of them may still move money and can be asked about.
func (a *SubmitActivities) findWatched(
	ctx context.Context, id pirogue.PaymentID, done SubmitResult,
) (SubmitResult, error) {
	if done.AtOperator == NothingAtOperator {
		return done, nil
	}
	if done.NotTaken() {
		_, attempt, err := a.Store.Attempts.Latest(ctx, id)
		if err != nil {
			return done, activityError(err)
		}
		instance, configured := a.Operators[attempt.Operator]
		if attempt.State == pirogue.AttemptUnknown && (!configured || !lostForGood(instance, attempt)) {
			done.AtOperator = LatestAtOperator
			return done, nil
		}
	}
	if done.Number <= 1 {
		return done, nil
	}
	earlier, err := a.EarlierAttempts(ctx, id)
	if err == nil && len(earlier) > 0 {
		done.AtOperator = EarlierAtOperator
	}
	return done, err
}

// lostForGood reports whether an attempt's operator is asked with what its answer held, and
// that answer was lost.
func lostForGood(i operator.Instance, attempt pirogue.Attempt) bool {
	_, asks := i.Operator.(operator.StatusReader)
	return asks && i.Operator.Capability().Reference == operator.NeitherByReference && len(attempt.Handle) == 0
}
