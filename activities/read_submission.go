package activities

import (
	"context"

	"pirogue"
)

// ReadSubmission returns what the rows say of a submission that nobody made in time: no worker
// serves its operator, or each run failed. A run may still be under way. So the workflow reads
// the rows once more before it ends the payment or makes another attempt.
func (a *SubmitActivities) ReadSubmission(ctx context.Context, id pirogue.PaymentID) (SubmitResult, error) {
	p, attempt, err := a.Store.Attempts.Latest(ctx, id)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if p.Status.Terminal() {
		return SubmitResult{Outcome: SubmitAlreadyFinal, Status: p.Status}, nil
	}
	read := resultOf(attempt, SubmitUnknown)
	read.Message = attempt.OperatorMessage
	switch attempt.State {
	case pirogue.AttemptAccepted:
		read.Outcome = SubmitAccepted
	case pirogue.AttemptRefused:
		read = refusalOf(attempt)
	case pirogue.AttemptPrepared:
		read.Outcome, read.Message = SubmitNotSent, "nobody has sent the payment to its operator in time"
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
	}
	if attempt.State != pirogue.AttemptPrepared {
		read.SentBy = SentByEarlierRun
	}
	read, err = a.checkNothingSent(ctx, id, read)
	return read, activityError(err)
}
