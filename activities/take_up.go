package activities

import (
	"context"

	"pirogue"
)

// waitsForTurn tells support why a payment was not sent that its operator's contract holds back.
const waitsForTurn = "waits for its turn at the operator"

// TakeUp makes a payment PENDING whose workflow waits in its operator's queue, and reports whether it
// has left CREATED. A payment that is CREATED past its start deadline stays so.
func (a *SubmitActivities) TakeUp(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, attempt, err := a.Store.Attempts.Latest(ctx, id)
	if err != nil || p.Status != pirogue.StatusCreated {
		return true, activityError(err)
	}
	inTime, err := a.Store.Sendings.Postpone(ctx, attempt.ID, waitsForTurn, a.Clock.Now())
	return inTime, activityError(err)
}
