package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

const (
	// unservedTries bounds the tries of a status question that no worker takes. The first may wait
	// while no worker runs at all. The second waits only if no worker serves the operator.
	unservedTries = 2
	// failedTries bounds the tries of a status question that fails by an error of ours. Together
	// they take an hour, so that the database comes back before the payment ends without a status.
	failedTries = 30
)

// askStatus puts one question and takes the answer as it is.
func (s *paymentWorkflow) askStatus(ctx workflow.Context, why string) (operator.OperatorResult, error) {
	return s.askStatusAt(ctx, priorityVerify, why)
}

// askStatusAt is ask at another priority.
func (s *paymentWorkflow) askStatusAt(ctx workflow.Context, priority int, why string) (operator.OperatorResult, error) {
	s.pace = ""
	receipt, _, err := s.put(ctx, s.input, priority, why,
		activities.StatusInput{PaymentID: s.input.PaymentID, Pace: activities.Once, Candidate: s.input.Current, AlreadyBooked: s.booked})
	return receipt, err
}

// askClosing puts the question that ends the customer's time.
func (s *paymentWorkflow) askClosing(ctx workflow.Context) (operator.OperatorResult, error) {
	s.pace = ""
	receipt, _, err := s.put(ctx, s.input, priorityVerify, "last question", activities.StatusInput{
		PaymentID: s.input.PaymentID, Pace: activities.Once, Candidate: s.input.Current, AlreadyBooked: s.booked, Closing: true,
	})
	return receipt, err
}

// put puts one question and takes the answer as it is. Where nobody answers in time it returns
// a pending answer that is unclear, so that the payment goes on, and reports false.
func (s *paymentWorkflow) put(
	ctx workflow.Context, order lifecycle.PaymentInput, priority int, why string, q activities.StatusInput,
) (operator.OperatorResult, bool, error) {
	for tried := 1; ; tried++ {
		receipt, err := call(ctx, single(order, priority, why), do.AskStatus, q)
		if !activities.TimedOut(err) {
			return receipt, true, err
		}
		if tried >= s.tries(err) {
			return operator.OperatorResult{
				Outcome: pirogue.OutcomePending, Unreadable: true,
				Message: "nobody has put the question to " + string(order.Current.Operator) + " in time",
			}, false, nil
		}
	}
}

// tries returns how often a question is put that ended like the latest one. Support does not wait
// for an error of ours to go away.
func (s *paymentWorkflow) tries(err error) int {
	if activities.RunFailed(err) && len(s.actions.waiting) == 0 {
		return failedTries
	}
	return unservedTries
}

// sent returns what became of a submission. Where nobody made it in time, the rows tell what may
// have left.
func (s *paymentWorkflow) sent(ctx workflow.Context, sending promise[activities.SubmitResult]) (activities.SubmitResult, error) {
	submitted, err := sending.get(ctx)
	if activities.TimedOut(err) {
		return call(ctx, ours(s.input.MerchantID, "read submission"), do.ReadSubmission, s.input.PaymentID)
	}
	return submitted, err
}
