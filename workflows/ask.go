package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

const (
	// unservedTries bounds the tries of a status question that no worker takes. The first may wait
	// while no worker runs at all. The second waits only if no worker serves the operator.
	unservedTries = 2
	// failedTries bounds the tries of a status question that fails by an error of ours. Together
	// they take an hour, so that the database comes back before the payment ends without a status.
	failedTries = 30
)

// ask puts one question and takes the answer as it is.
func (s *story) ask(ctx workflow.Context, why string) (pirogue.Receipt, error) {
	return s.askAt(ctx, priorityVerify, why)
}

// askAt is ask at another priority.
func (s *story) askAt(ctx workflow.Context, priority int, why string) (pirogue.Receipt, error) {
	s.pace = ""
	receipt, _, err := s.put(ctx, s.order, priority, why,
		activities.Question{PaymentID: s.order.PaymentID, Pace: activities.Once, Leg: s.order.Leg, Known: s.placed})
	return receipt, err
}

// askClosing puts the question that ends the customer's time.
func (s *story) askClosing(ctx workflow.Context) (pirogue.Receipt, error) {
	s.pace = ""
	receipt, _, err := s.put(ctx, s.order, priorityVerify, "last question", activities.Question{
		PaymentID: s.order.PaymentID, Pace: activities.Once, Leg: s.order.Leg, Known: s.placed, Closing: true,
	})
	return receipt, err
}

// put puts one question and takes the answer as it is. Where nobody answers in time it returns
// a pending answer that is unclear, so that the payment goes on, and reports false.
func (s *story) put(
	ctx workflow.Context, order pirogue.Order, priority int, why string, q activities.Question,
) (pirogue.Receipt, bool, error) {
	for tried := 1; ; tried++ {
		receipt, err := call(ctx, single(order, priority, why), do.Ask, q)
		if !activities.TimedOut(err) {
			return receipt, true, err
		}
		if tried >= s.tries(err) {
			return pirogue.Receipt{
				Outcome: pirogue.OutcomePending, Unclear: true,
				Words: "nobody has put the question to " + string(order.Leg.Operator) + " in time",
			}, false, nil
		}
	}
}

// tries returns how often a question is put that ended like the latest one. Support does not wait
// for an error of ours to go away.
func (s *story) tries(err error) int {
	if activities.RunFailed(err) && len(s.desk.waiting) == 0 {
		return failedTries
	}
	return unservedTries
}

// sent returns what became of a submission. Where nobody made it in time, the rows tell what may
// have left.
func (s *story) sent(ctx workflow.Context, sending promise[activities.Submitted]) (activities.Submitted, error) {
	submitted, err := sending.get(ctx)
	if activities.TimedOut(err) {
		return call(ctx, ours(s.order.MerchantID, "read submission"), do.ReadSubmission, s.order.PaymentID)
	}
	return submitted, err
}
