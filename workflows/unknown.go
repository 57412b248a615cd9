package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// openUnknownCase asks once more at the end of the finality window, because only then the operator's
// status is worth more. A status that is still pending opens the case of an unknown outcome.
func openUnknownCase(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	if end, err := sleepUntilDeadline(ctx, w); err != nil || end == endedByInterrupt {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, err
	}
	result, err := askStatus(ctx, w, "the finality window has passed")
	if err != nil || result.Outcome != pirogue.OutcomePending {
		return result, err
	}
	w.enter(ctx, phaseUnknown)
	w.outcomeUnknown = true
	_, err = w.openCase(ctx, support.CauseUnknown, result)
	return result, err
}

// mayHaveUnknownCase reports whether the case of an unknown outcome may be open. An earlier run that
// perhaps sent the payment may have opened it too.
func (w *paymentWorkflow) mayHaveUnknownCase() bool { return w.outcomeUnknown || w.foundSent }

// closeUnknownCaseIfAny closes the case of an unknown outcome if there may be one.
func closeUnknownCaseIfAny(ctx workflow.Context, w *paymentWorkflow) error {
	if !w.mayHaveUnknownCase() {
		return nil
	}
	return closeUnknownCase(ctx, w)
}

// closeUnknownCase closes the case of an unknown outcome. Without one it changes nothing.
func closeUnknownCase(ctx workflow.Context, w *paymentWorkflow) error {
	_, err := call(ctx, ours(w.input.MerchantID, "close case"), activityNames.CloseCase,
		support.NewCaseID(w.input.PaymentID, support.CauseUnknown))
	if err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}

// openCaseIfUnreadable ends the watch over a payment with its operator's last result. Where that
// tells nobody whether money moved, a case calls for a person. Polls go on until a result is clear,
// or two people with evidence decide.
func openCaseIfUnreadable(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	proven := w.input.Kind.MoneyOut() && !result.Contradicted // its refusal took two results
	if !result.Unreadable || proven || w.booked > 0 {
		return nil
	}
	if _, err := w.openCase(ctx, support.CauseUnknown, result); err != nil {
		return err
	}
	return pollUntilReadable(ctx, w, result)
}

// pollUntilReadable goes on with a terminal payment whose case UNKNOWN_OUTCOME is open. Its
// operator or two people decide what became of it.
func pollUntilReadable(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	w.enter(ctx, phaseUnknown)
	w.outcomeUnknown = true
	if succeeded(w.status) && w.claim.Minor == 0 {
		if err := readClaim(ctx, w); err != nil {
			return err
		}
	}
	for result.Unreadable {
		w.showWait(ctx, waitsForSupport, "nobody knows whether money moved; a person must settle it")
		answer, end, err := w.pollStatus(ctx, activities.Final, pollRound)
		if err != nil {
			return err
		}
		if end != endedByTime {
			result = answer
		}
	}
	return bookKnownOutcome(ctx, w, result)
}

// bookKnownOutcome tells support what became of a payment and books its money if there is any. It
// closes the case last: until the money is in the books, somebody has to look at it.
func bookKnownOutcome(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	reason := "no money has moved; the payment stays " + string(w.currentStatus())
	if result.Outcome == pirogue.OutcomePaid {
		reason = "money has moved; it gets its place"
	}
	err := w.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionSettled, Reason: reason, Evidence: result.Message, Status: w.currentStatus(),
	}, everyAction)
	if err != nil {
		return err
	}
	if w.isUnbooked(result) {
		book := bookLateSuccess
		if succeeded(w.status) {
			book = bookSecondPayment
		}
		if err := book(ctx, w, result); err != nil {
			return err
		}
	}
	_, err = call(ctx, ours(w.input.MerchantID, "close case"), activityNames.CloseCase,
		support.NewCaseID(w.input.PaymentID, support.CauseUnknown))
	return err
}
