package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/support"
)

// settleNext waits until the case of an ended payment is settled, and gives the money back first
// where the merchant wants that.
func (s *paymentWorkflow) settleNext(ctx workflow.Context, cause support.Cause, status pirogue.Status) error {
	id := support.NewCaseID(s.input.PaymentID, cause)
	if i := slices.IndexFunc(s.arrived, func(a arrival) bool { return a.cause == cause }); i >= 0 {
		id = s.arrived[i].id
		s.arrived = slices.Delete(s.arrived, i, i+1)
	}
	returns := cause == support.CauseLateSuccess || cause == support.CauseSecondPayment ||
		cause == support.CauseEarlierPaid
	if returns {
		var err error
		if returns, err = s.returnsLate(ctx); err != nil {
			return err
		}
	}
	return s.settleEnded(ctx, id, cause, status, returns)
}

// settleEnded waits until a case of an ended payment is settled. What two people placed outside
// Pirogue leaves suspense.
func (s *paymentWorkflow) settleEnded(
	ctx workflow.Context, id support.CaseID, cause support.Cause, status pirogue.Status, returns bool,
) error {
	as, err := s.settleCase(ctx, id, cause, status, returns)
	if err != nil {
		return err
	}
	if as == support.ResolvedPlaced {
		if _, err := call(ctx, ours(s.input.MerchantID, "place case"), do.PlaceCase, id); err != nil {
			return err
		}
	}
	v := support.ActionResult{Decision: support.DecisionSettled, Reason: "the case is settled: " + string(as), Status: status}
	if err := s.replyToActions(ctx, v, func(r support.SupportAction) bool { return r.Resolution == as }); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}

// settleCase returns how an open case is settled: by the return of its money, which has succeeded
// then, or by what two people say, whose remedies still wait for the end that it brings. With
// returns a first return is begun without a person.
func (s *paymentWorkflow) settleCase(
	ctx workflow.Context, id support.CaseID, cause support.Cause, status pirogue.Status, returns bool,
) (support.Resolution, error) {
	request := activities.ReturnRequest{Case: id, Known: activities.NoReturn}
	if returns {
		request.Known = 0
	}
	for {
		back, err := s.giveBack(ctx, request, status)
		if err != nil || back.Done {
			return support.ResolvedReturn, err
		}
		s.setDetails(ctx, waitsForSupport, "a person must settle the case "+string(cause))
		remedy, err := s.decided(ctx, id, cause, status)
		if err != nil || remedy.Resolution != support.ResolvedReturn {
			return remedy.Resolution, err
		}
		request.Known = back.Tries
		if err := s.beginReturn(ctx, request, remedy, status); err != nil {
			return "", err
		}
		request.Known = activities.NoReturn
	}
}

// onItsWay holds what support hears while stray money goes back.
const onItsWay = "the money is on its way back to its payer; the case closes when it has arrived"

// giveBack begins the return of a case's money where it is asked to, and waits until the money is
// back or no return is under way any more.
func (s *paymentWorkflow) giveBack(
	ctx workflow.Context, request activities.ReturnRequest, status pirogue.Status,
) (activities.ReturnResult, error) {
	if s.input.Kind.MoneyOut() {
		return activities.ReturnResult{}, nil
	}
	back, err := call(ctx, ours(s.input.MerchantID, "give back"), do.GiveBack, request)
	if err != nil || !back.Open {
		return back, err
	}
	s.setDetails(ctx, waitsForNothing, onItsWay)
	turn := start(ctx, returning(s.input.MerchantID), do.AwaitReturn, request.Case)
	for !turn.future.IsReady() {
		if s.hasPendingAction() {
			v := support.ActionResult{Decision: support.DecisionRefused, Reason: onItsWay, Status: status}
			if err := s.replyToActions(ctx, v, everyAction); err != nil {
				return back, err
			}
		}
		workflow.NewSelector(ctx).AddFuture(turn.future, func(workflow.Future) {}).
			AddReceive(s.actions.wake, func(workflow.ReceiveChannel, bool) {}).Select(ctx)
	}
	return turn.get(ctx)
}

// beginReturn gives the money of a case back because two people say so, and tells them whether
// there is a way.
func (s *paymentWorkflow) beginReturn(
	ctx workflow.Context, request activities.ReturnRequest, r support.SupportAction, status pirogue.Status,
) error {
	back, err := call(ctx, ours(s.input.MerchantID, "give back"), do.GiveBack, request)
	if err != nil {
		return err
	}
	v := support.ActionResult{
		Decision: support.DecisionRefused, Evidence: r.Evidence, Status: status,
		Reason: "no operator can pay into the payer's wallet, or an earlier return may have paid: place it by hand",
	}
	if back.Open || back.Done {
		v.Decision, v.Reason = support.DecisionWaiting, onItsWay
	}
	return s.replyToActions(ctx, v, onlyAction(r))
}

// decided returns the resolution of a case that two people agree on. Its remedy goes on waiting;
// everything else is answered.
func (s *paymentWorkflow) decided(
	ctx workflow.Context, id support.CaseID, cause support.Cause, status pirogue.Status,
) (support.SupportAction, error) {
	for {
		for _, r := range s.actions.waiting {
			v, err := s.judgeAnswer(ctx, r.action, id, cause, status)
			if err != nil || v.Decision == support.DecisionSettled {
				return r.action, err
			}
			if err := s.replyToActions(ctx, v, onlyAction(r.action)); err != nil {
				return r.action, err
			}
		}
		if err := s.untilCalled(ctx); err != nil {
			return support.SupportAction{}, err
		}
	}
}

// judgeAnswer returns the verdict on one remedy for an open case; SETTLED when a second person has
// confirmed a resolution of it.
func (s *paymentWorkflow) judgeAnswer(
	ctx workflow.Context, r support.SupportAction, id support.CaseID, cause support.Cause, status pirogue.Status,
) (support.ActionResult, error) {
	v := support.ActionResult{Decision: support.DecisionRefused, Evidence: r.Evidence, Status: status}
	ways, said := s.resolutions(status)
	switch {
	case r.Kind != support.ActionResolve:
		v.Reason = "the case " + string(cause) + " is open: resolve it"
	case r.Case != "" && r.Case != id:
		v.Reason = "cases are settled one after the other, and this one comes first: " + string(id)
	case r.Case == "" && len(s.arrived) > 0:
		v.Reason = "several cases are open: name the one that it is about"
	case !slices.Contains(ways, r.Resolution):
		v.Reason = said
	default:
		return s.propose(ctx, r, id, v)
	}
	return v, nil
}

// resolutions returns how a case with money may be settled, and says so: stray money that came in
// goes back or is placed; of money that left, people say how much of the order it was, as long as
// the payment is open.
func (s *paymentWorkflow) resolutions(status pirogue.Status) ([]support.Resolution, string) {
	switch {
	case !s.input.Kind.MoneyOut():
		return []support.Resolution{support.ResolvedReturn, support.ResolvedPlaced},
			"stray money that came in is resolved as return or placed"
	case status.Terminal():
		return []support.Resolution{support.ResolvedPlaced}, "money that left after the end is resolved as placed"
	default:
		return []support.Resolution{support.ResolvedPaid, support.ResolvedInPart, support.ResolvedUnpaid},
			"money that left otherwise than ordered is resolved as paid, paid_in_part or unpaid"
	}
}
