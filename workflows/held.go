package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/support"
)

// heldBack returns what support hears of a payment that is kept back.
func heldBack(words string) support.ActionResult {
	return support.ActionResult{
		Decision: support.DecisionRefused, Status: pirogue.StatusPending,
		Reason: words + "; it will be when that ends",
	}
}

// waitWhileSuspended waits until nothing keeps the payment back any more, such as its merchant's suspension, and
// reports false when the customer's window has closed meanwhile. Money that leaves us waits as long as it takes,
// with its hold. What support asks for meanwhile is answered at once: there is nothing to
// ask.
func (s *paymentWorkflow) waitWhileSuspended(ctx workflow.Context, words string) (bool, error) {
	limit := pollingRound
	s.deadline = workflow.Now(ctx).Add(limit)
	waits := words + "; sent when that ends"
	if !s.input.Kind.MoneyOut() {
		limit = s.input.Current.Window
		s.deadline = workflow.Now(ctx).Add(limit)
		waits += ", given up at " + clockTime(s.deadline)
	}
	for {
		s.setDetails(ctx, waitsForSupport, waits)
		waiting := start(ctx, parking(s.input.MerchantID, limit), do.AwaitResumed, s.input.PaymentID)
		if err := s.answering(ctx, waiting.future, heldBack(words)); err != nil {
			return false, err
		}
		resumed, err := waiting.get(ctx)
		if !activities.TimedOut(err) {
			return resumed, err
		}
		if !s.input.Kind.MoneyOut() {
			return false, workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx)))
		}
	}
}

// answering waits for an activity and gives whatever support asks for meanwhile one verdict.
func (s *paymentWorkflow) answering(ctx workflow.Context, wait workflow.Future, v support.ActionResult) error {
	for !wait.IsReady() {
		workflow.NewSelector(ctx).AddFuture(wait, func(workflow.Future) {}).
			AddReceive(s.actions.wake, func(workflow.ReceiveChannel, bool) {}).Select(ctx)
		if s.hasPendingAction() {
			if err := s.replyToActions(ctx, v, everyAction); err != nil {
				return err
			}
		}
	}
	return nil
}
