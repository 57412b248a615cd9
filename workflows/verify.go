package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// verifySuccess asks the operator about a payment that is SUCCESS. A callback, support or a lost
// workflow gives the reason. More money has its case. So has a success that the operator takes
// back: nothing of that is moved before people decide.
func verifySuccess(ctx workflow.Context, w *paymentWorkflow) error {
	w.booked = max(w.booked, w.input.Amount.Minor)
	options := within(theirs(w.input, priorityVerify, "verify success"), 2*activities.ProofSpan(w.input.Current))
	result, err := call(ctx, options, activityNames.AskStatus, w.statusInput(activities.Long))
	reply := support.ActionResult{
		Decision: support.DecisionWaiting, Status: w.currentStatus(),
		Reason: "the operator was asked; it says nothing, or not often enough to prove anything",
	}
	if activities.TimedOut(err) { // or it does not say what a callback says
		if err := w.replyToActions(ctx, reply, ofKind(support.ActionRecheck)); err != nil {
			return err
		}
		return watchClaim(ctx, w)
	}
	w.progress.note(result)
	switch {
	case err != nil:
		return err
	case result.Outcome == pirogue.OutcomeDeclined || result.Outcome == pirogue.OutcomeExpired:
		return settleReversal(ctx, w, result)
	case w.isUnbooked(result):
		return bookSecondPayment(ctx, w, result)
	}
	reply.Decision, reply.Reason = support.DecisionSettled, "the operator says that it was paid"
	reply.Evidence = result.Message
	return w.replyToActions(ctx, reply, ofKind(support.ActionRecheck))
}

// settleReversal opens the case of a success that the operator takes back, and waits for people.
func settleReversal(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	id, err := callOpenCase(ctx, w, activities.OpenCaseInput{
		PaymentID: w.input.PaymentID, Cause: support.CauseReversed,
		Note: "the operator takes the success back: " + result.Message,
	})
	if err != nil || id == "" {
		return err
	}
	return settleNextCase(ctx, w, support.CauseReversed)
}

// watchClaim watches a payment that succeeded while a proven callback names a transaction that the
// books do not have. It ends with the finality window. What the operator has not confirmed by then
// is a case: people look at the operator's statement.
func watchClaim(ctx workflow.Context, w *paymentWorkflow) error {
	if err := readClaim(ctx, w); err != nil || w.claim.Minor == 0 {
		return err
	}
	w.deadline = workflow.Now(ctx).Add(w.input.Current.FinalityWindow)
	result, moved, err := watchLate(ctx, w)
	switch {
	case err != nil:
		return err
	case moved:
		return bookSecondPayment(ctx, w, result)
	case !result.Unreadable:
		return nil
	}
	if _, err := w.openCase(ctx, support.CauseUnknown, result); err != nil {
		return err
	}
	return pollUntilReadable(ctx, w, result)
}

// readClaim reads the money that proven callbacks name beside the books.
func readClaim(ctx workflow.Context, w *paymentWorkflow) error {
	claim, err := call(ctx, ours(w.input.MerchantID, "read callbacks"), activityNames.ReadClaim,
		activities.StatusInput{PaymentID: w.input.PaymentID, AlreadyBooked: w.booked})
	w.claim = claim
	return err
}
