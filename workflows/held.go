package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// heldBack returns what support hears of a payment that is kept back.
func heldBack(words string) pirogue.Verdict {
	return pirogue.Verdict{
		Decision: pirogue.DecisionRefused, Status: pirogue.StatusPending,
		Reason: words + "; it will be when that ends",
	}
}

// held waits until nothing keeps the payment back any more, such as its merchant's suspension, and
// reports false when the customer's window has closed meanwhile. Money that leaves us waits as long as it takes,
// with its hold. What support asks for meanwhile is answered at once: there is nothing to
// ask.
func (s *story) held(ctx workflow.Context, words string) (bool, error) {
	limit := patience
	s.deadline = workflow.Now(ctx).Add(limit)
	waits := words + "; sent when that ends"
	if !s.order.Kind.MoneyOut() {
		limit = s.order.Leg.Window
		s.deadline = workflow.Now(ctx).Add(limit)
		waits += ", given up at " + hour(s.deadline)
	}
	for {
		s.tell(ctx, waitsForSupport, waits)
		waiting := start(ctx, parking(s.order.MerchantID, limit), do.AwaitResumed, s.order.PaymentID)
		if err := s.answering(ctx, waiting.future, heldBack(words)); err != nil {
			return false, err
		}
		resumed, err := waiting.get(ctx)
		if !activities.TimedOut(err) {
			return resumed, err
		}
		if !s.order.Kind.MoneyOut() {
			return false, workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx)))
		}
	}
}

// answering waits for an activity and gives whatever support asks for meanwhile one verdict.
func (s *story) answering(ctx workflow.Context, wait workflow.Future, v pirogue.Verdict) error {
	for !wait.IsReady() {
		workflow.NewSelector(ctx).AddFuture(wait, func(workflow.Future) {}).
			AddReceive(s.desk.bell, func(workflow.ReceiveChannel, bool) {}).Select(ctx)
		if s.called() {
			if err := s.rule(ctx, v, everyone); err != nil {
				return err
			}
		}
	}
	return nil
}
