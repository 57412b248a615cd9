package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// heldBack holds what support hears of a payment that waits for its merchant's suspension to
// end.
var heldBack = pirogue.Verdict{
	Decision: pirogue.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the merchant is suspended; nothing was sent, and it will be when the suspension ends",
}

// held waits until the payment's merchant is not suspended any more, and reports false when
// the customer's window has closed meanwhile. Money that leaves us waits as long as it takes,
// with its hold. What support asks for meanwhile is answered at once: there is nothing to
// ask.
func (s *story) held(ctx workflow.Context) (bool, error) {
	limit := patience
	s.deadline = workflow.Now(ctx).Add(limit)
	waits := "the merchant is suspended; sent when the suspension ends"
	if !s.order.Kind.MoneyOut() {
		limit = s.order.Leg.Window
		s.deadline = workflow.Now(ctx).Add(limit)
		waits += ", given up at " + hour(s.deadline)
	}
	for {
		s.tell(ctx, waitsForSupport, waits)
		waiting := start(ctx, parking(s.order.MerchantID, limit), do.AwaitResumed, s.order.PaymentID)
		if err := s.answering(ctx, waiting.future, heldBack); err != nil {
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
