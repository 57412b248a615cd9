package activities

import (
	"context"

	"pirogue"
)

// ReadSubmission returns what the rows say of a submission that nobody made in time: no worker
// serves its operator, or each run failed. A run may still be under way, so whoever ends the
// payment, or makes another attempt, looks at the rows once more.
func (a *Activities) ReadSubmission(ctx context.Context, id pirogue.PaymentID) (Submitted, error) {
	p, attempt, err := a.Store.Latest(ctx, id)
	if err != nil {
		return Submitted{}, encode(err)
	}
	if p.Status.Terminal() {
		return Submitted{Class: Over, Status: p.Status}, nil
	}
	read := Submitted{
		Operator: attempt.Operator, Number: attempt.Number, Words: attempt.Answer, Unserved: true,
		Found: attempt.State != pirogue.AttemptPrepared,
	}
	switch attempt.State {
	case pirogue.AttemptAccepted:
		read.Class = Accepted
	case pirogue.AttemptRefused:
		read.Class, read.Free = Declined, attempt.Unable
	case pirogue.AttemptPrepared:
		read.Class, read.Free, read.Words = Unavailable, true, "nobody has sent the payment to its operator in time"
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
		read.Class = Unsure
	}
	read, err = a.freed(ctx, id, read, nil)
	return read, encode(err)
}
