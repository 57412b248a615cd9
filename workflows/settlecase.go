package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// settleNextCase waits until the case of a terminal payment is settled. It gives the money back first
// where the merchant's policy says so.
func settleNextCase(ctx workflow.Context, w *paymentWorkflow, cause support.Cause) error {
	id := support.NewCaseID(w.input.PaymentID, cause)
	if i := slices.IndexFunc(w.cases, func(c moneyCase) bool { return c.cause == cause }); i >= 0 {
		id = w.cases[i].id
		w.cases = slices.Delete(w.cases, i, i+1)
	}
	returns := cause == support.CauseLateSuccess || cause == support.CauseSecondPayment ||
		cause == support.CauseEarlierPaid
	if returns {
		var err error
		if returns, err = returnsLate(ctx, w); err != nil {
			return err
		}
	}
	return moneyCase{id, cause}.settleFinal(ctx, w, returns)
}

// settleFinal waits until a case of a terminal payment is settled. Money that two people placed
// outside Pirogue leaves suspense.
func (c moneyCase) settleFinal(ctx workflow.Context, w *paymentWorkflow, returns bool) error {
	resolution, err := c.settle(ctx, w, returns)
	if err != nil {
		return err
	}
	if resolution == support.ResolvedPlaced {
		if _, err := call(ctx, ours(w.input.MerchantID, "place case"), activityNames.PlaceCase, c.id); err != nil {
			return err
		}
	}
	w.logger(ctx).Info("case is settled", "case", c.id, "resolution", resolution)
	reply := support.ActionResult{
		Decision: support.DecisionSettled, Reason: "the case is settled: " + string(resolution),
		Status: w.currentStatus(),
	}
	err = w.replyToActions(ctx, reply, func(a support.SupportAction) bool { return a.Resolution == resolution })
	if err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}

// settle returns the resolution of an open case: the return of its money, which has succeeded
// then, or a decision of two people. Their actions still wait for the end that it brings. With
// returns a first return begins without a person.
func (c moneyCase) settle(
	ctx workflow.Context, w *paymentWorkflow, returns bool,
) (support.Resolution, error) {
	w.enter(ctx, phaseSettling)
	request := activities.ReturnRequest{Case: c.id, Known: activities.NoReturn}
	if returns {
		request.Known = 0
	}
	for {
		back, err := giveBack(ctx, w, request)
		if err != nil || back.Done {
			return support.ResolvedReturn, err
		}
		w.showWait(ctx, waitsForSupport, "a person must settle the case "+string(c.cause))
		action, err := c.awaitResolution(ctx, w)
		if err != nil || action.Resolution != support.ResolvedReturn {
			return action.Resolution, err
		}
		request.Known = back.Tries
		if err := beginReturn(ctx, w, request, action); err != nil {
			return "", err
		}
		request.Known = activities.NoReturn
	}
}

// returnUnderWay is support's reply while money goes back.
const returnUnderWay = "the money is on its way back to its payer; the case closes when it has arrived"

// giveBack begins the return of a case's money where it is asked to. It waits until the money is back
// or no return is under way any more.
func giveBack(
	ctx workflow.Context, w *paymentWorkflow, request activities.ReturnRequest,
) (activities.ReturnResult, error) {
	if w.input.Kind.MoneyOut() {
		return activities.ReturnResult{}, nil
	}
	back, err := call(ctx, ours(w.input.MerchantID, "give back"), activityNames.GiveBack, request)
	if err != nil || !back.Open {
		return back, err
	}
	w.showWait(ctx, waitsForNothing, returnUnderWay)
	returned := start(ctx, returnOptions(w.input.MerchantID), activityNames.AwaitReturn, request.Case)
	reply := support.ActionResult{
		Decision: support.DecisionRefused, Reason: returnUnderWay, Status: w.currentStatus(),
	}
	if err := w.replyToActions(ctx, reply, everyAction); err != nil {
		return back, err
	}
	if err := w.awaitActivity(ctx, returned.future, reply); err != nil {
		return back, err
	}
	return returned.get(ctx)
}

// beginReturn gives the money of a case back because two people decided so. It tells them whether
// that is possible.
func beginReturn(
	ctx workflow.Context, w *paymentWorkflow, request activities.ReturnRequest, action support.SupportAction,
) error {
	back, err := call(ctx, ours(w.input.MerchantID, "give back"), activityNames.GiveBack, request)
	if err != nil {
		return err
	}
	reply := support.ActionResult{
		Decision: support.DecisionRefused, Evidence: action.Evidence, Status: w.currentStatus(),
		Reason: "no operator can pay into the payer's wallet, or an earlier return may have paid: place it by hand",
	}
	if back.Open || back.Done {
		reply.Decision, reply.Reason = support.DecisionWaiting, returnUnderWay
	}
	return w.replyToActions(ctx, reply, onlyAction(action))
}

// awaitResolution waits until two people agree on the resolution of a case. It returns the action
// of the second one, which goes on waiting. Every other action has its reply.
func (c moneyCase) awaitResolution(ctx workflow.Context, w *paymentWorkflow) (support.SupportAction, error) {
	for {
		for _, action := range w.actions.actions() {
			reply, err := c.judge(ctx, w, action)
			if err != nil || reply.Decision == support.DecisionSettled {
				return action, err
			}
			if err := w.replyToActions(ctx, reply, onlyAction(action)); err != nil {
				return action, err
			}
		}
		if err := awaitAction(ctx, w); err != nil {
			return support.SupportAction{}, err
		}
	}
}

// judge returns the reply to one action while a case is open. It is SETTLED when a second
// person has confirmed a resolution of the case.
func (c moneyCase) judge(
	ctx workflow.Context, w *paymentWorkflow, action support.SupportAction,
) (support.ActionResult, error) {
	reply := support.ActionResult{
		Decision: support.DecisionRefused, Evidence: action.Evidence, Status: w.currentStatus(),
	}
	allowed, rule := allowedResolutions(w)
	switch {
	case action.Kind != support.ActionResolve:
		reply.Reason = "the case " + string(c.cause) + " is open: resolve it"
	case action.Case != "" && action.Case != c.id:
		reply.Reason = "cases are settled one after the other, and this one comes first: " + string(c.id)
	case action.Case == "" && len(w.cases) > 0:
		reply.Reason = "several cases are open: name the one that it is about"
	case !slices.Contains(allowed, action.Resolution):
		reply.Reason = rule
	default:
		query := activities.ActionQuery{AuditEntry: action.AuditID, Case: c.id}
		var err error
		reply.Decision, reply.Reason, err = proposeResolution(ctx, w, query)
		return reply, err
	}
	return reply, nil
}

// allowedResolutions returns the resolutions of a case with money, and the rule in words. Money that
// came in goes back or is placed. Of money that left, people say how much of the payment it was, as
// long as the payment is open.
func allowedResolutions(w *paymentWorkflow) ([]support.Resolution, string) {
	switch {
	case !w.input.Kind.MoneyOut():
		return []support.Resolution{support.ResolvedReturn, support.ResolvedPlaced},
			"stray money that came in is resolved as return or placed"
	case w.status.Terminal():
		return []support.Resolution{support.ResolvedPlaced}, "money that left after the end is resolved as placed"
	default:
		return []support.Resolution{support.ResolvedPaid, support.ResolvedInPart, support.ResolvedUnpaid},
			"money that left otherwise than ordered is resolved as paid, paid_in_part or unpaid"
	}
}

// awaitAction waits until a support action waits, while a case is open. Money that moves under the
// latest attempt meanwhile has a case of its own.
func awaitAction(ctx workflow.Context, w *paymentWorkflow) error {
	for !w.actions.takeWakeUp() {
		result, err := pollForMore(ctx, w)
		if err != nil {
			return err
		}
		if !w.isUnbooked(result) {
			continue
		}
		id, err := w.openCase(ctx, support.CauseSecondPayment, result)
		if err != nil || id == "" {
			return err
		}
		w.addCase(id, support.CauseSecondPayment)
		if err := returnByPolicy(ctx, w, id); err != nil {
			return err
		}
	}
	return nil
}

// pollForMore waits for a support action, a callback or more money under the latest attempt. It
// polls until the deadline, and asks at once when a callback waits. It returns the operator's result;
// a pending one when an action waits.
func pollForMore(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	pending := operator.OperatorResult{Outcome: pirogue.OutcomePending}
	if w.callbacks.take() {
		if err := askEarlierAttempts(ctx, w); err != nil {
			return pending, err
		}
		return askStatus(ctx, w, "verify callback")
	}
	left := w.timeLeft(ctx)
	if left <= 0 {
		return pending, workflow.Await(ctx, w.isInterrupted)
	}
	polling, stop := workflow.WithCancel(ctx)
	defer stop()
	poll := start(polling, within(theirs(w.input, priorityPoll, "watch for more"), left), activityNames.AskStatus,
		w.statusInput(activities.Slow))
	err := workflow.Await(ctx, func() bool { return w.isInterrupted() || poll.future.IsReady() })
	if err != nil || !poll.future.IsReady() {
		return pending, err
	}
	result, err := poll.get(ctx)
	if !activities.TimedOut(err) {
		return result, err
	}
	if end, err := sleepUntilDeadline(ctx, w); err != nil || end == endedByInterrupt {
		return pending, err
	}
	return askStatus(ctx, w, "last status")
}
