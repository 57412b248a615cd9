package activities

import (
	"context"

	"pirogue"
	"pirogue/operator"
)

// ReadClaim returns what proven callbacks say moved under the latest attempt of a payment that
// succeeded, beyond what is known; zero for nothing.
func (a *StatusActivities) ReadClaim(ctx context.Context, q StatusInput) (pirogue.Money, error) {
	p, attempt, err := a.Store.Attempts.Latest(ctx, q.PaymentID)
	if err != nil {
		return pirogue.Money{}, activityError(err)
	}
	claim, err := a.claim(ctx, statusCheck{StatusInput: q, payment: p, attempt: attempt})
	return claim, activityError(err)
}

// claim is ReadClaim of a payment that has been read. An operator that cannot prove its callbacks
// claims nothing.
func (a *StatusActivities) claim(ctx context.Context, c statusCheck) (pirogue.Money, error) {
	p, attempt := c.payment, c.attempt
	instance, configured := a.Operators[attempt.Operator]
	if !configured || p.Status != pirogue.StatusSuccess && p.Status != pirogue.StatusReversed {
		return pirogue.Money{}, nil
	}
	proof := instance.Operator.Capability().Proof
	if proof != operator.ProofToken && proof != operator.ProofSignature {
		return pirogue.Money{}, nil
	}
	said, err := a.Store.Callbacks.Callbacks(ctx, attempt.ID)
	if err != nil {
		return pirogue.Money{}, err
	}
	ordered := p.AtOperator()
	beside := operator.Beside(said, p.ProviderTxID, ordered)
	if ordered.Minor+beside.Minor <= max(c.AlreadyBooked, ordered.Minor) {
		return pirogue.Money{}, nil
	}
	return beside, nil
}

// claimed returns an answer about a payment that succeeded as unclear while a proven callback names
// another transaction. Neither the books nor the answer have that one: the status may only be
// behind. It looks at the callbacks where the answer would end the waiting.
func (a *StatusActivities) claimed(
	ctx context.Context, c statusCheck, r operator.OperatorResult,
) (operator.OperatorResult, error) {
	ordered := c.payment.AtOperator()
	more := r.Moved(ordered) > max(c.AlreadyBooked, ordered.Minor)
	if c.Number != 0 || c.AlreadyBooked == 0 || c.Pace == Slow || c.waitsOn(r) || more ||
		r.Outcome == pirogue.OutcomeDeclined || r.Outcome == pirogue.OutcomeExpired {
		return r, nil
	}
	claim, err := a.claim(ctx, c)
	if err != nil || claim.Minor == 0 {
		return r, err
	}
	r.Outcome, r.UnderWay, r.Unreadable, r.Contradicted = pirogue.OutcomePending, false, true, true
	r.Message = "a proven callback says that " + claim.String() + " moved beside it; " +
		"the status does not confirm it: " + r.Message
	return r, nil
}
