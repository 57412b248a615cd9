package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// insistFor is how long an operator that is down is tried again.
const insistFor = time.Minute

// submit sends the payment and gives the API its first answer. An operator that is
// down is tried again for a while, because nothing that could move money is there.
//
// When that while is over, one last try decides: it has no end of its own, so it also
// finds what a run that was cut off at the last moment may have left at the operator.
func (s *story) submit(ctx workflow.Context) (activities.Submitted, error) {
	submitted, err := s.insist(ctx)
	s.number, s.found = submitted.Number, submitted.Found
	return submitted, err
}

func (s *story) insist(ctx workflow.Context) (activities.Submitted, error) {
	s.tell(ctx, waitsForOperator, "submitting to "+string(s.order.Leg.Operator))
	in := activities.Submission{PaymentID: s.order.PaymentID, Leg: s.order.Leg}
	submitted, err := call(ctx, theirs(s.order, prioritySubmit, "submit"), do.Submit, in)
	if err != nil {
		return submitted, err
	}
	down := submitted.Class == activities.Unavailable || submitted.Class == activities.Unsure
	s.answer(pirogue.FirstAnswer{Unavailable: down})
	if !submitted.Repeatable(s.order.Leg) {
		return submitted, nil
	}

	s.deadline = workflow.Now(ctx).Add(insistFor)
	s.tell(ctx, waitsForOperator, "operator unavailable; tried again until "+hour(s.deadline))
	insisting := in
	insisting.Insist = true
	again, err := call(ctx, within(theirs(s.order, prioritySubmit, "submit again"), insistFor), do.Submit, insisting)
	if !activities.TimedOut(err) {
		return again, err
	}
	if err := workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
		return submitted, err
	}
	return call(ctx, theirs(s.order, prioritySubmit, "last try"), do.Submit, in)
}
