package workflows

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// successInput returns the end of a confirmed payment.
func successInput(r operator.OperatorResult) activities.FinalizeInput {
	return activities.FinalizeInput{
		Status: pirogue.StatusSuccess, ProviderTxID: r.ProviderTxID, Watched: r.Extra.Minor > 0,
	}
}

// failedInput returns the end of a payment that was refused.
func failedInput(code pirogue.FailureCode, note string) activities.FinalizeInput {
	return activities.FinalizeInput{
		Status: pirogue.StatusFailed, Failure: pirogue.Failure{Code: code, Note: note},
	}
}

// expiredInput returns the end of a payment whose customer did not pay in time.
func expiredInput(note string) activities.FinalizeInput {
	return activities.FinalizeInput{
		Status: pirogue.StatusExpired, Failure: pirogue.Failure{Code: pirogue.FailedNotPaid, Note: note},
	}
}

// finalize makes the payment terminal and returns its status: the one asked for, or the one that
// came first. The same transaction captures a success's hold and releases a failure's. Support
// actions that waited for the end have their result. An end may depend on a condition. When that is
// not true, the payment stays open in its phase.
func finalize(ctx workflow.Context, w *paymentWorkflow, end activities.FinalizeInput) (pirogue.Status, error) {
	before := w.phase
	w.enter(ctx, phaseFinalizing)
	end.PaymentID = w.input.PaymentID
	end.Watched = end.Watched || w.attempt > 1 // its earlier attempts
	end.CallerDelivers = w.hasFewerTasks()
	w.showWait(ctx, waitsForNothing, "ending: "+string(end.Status))
	finalized, err := callFinalize(ctx, w, end)
	if err != nil || !finalized.Status.Terminal() {
		w.enter(ctx, before)
		return finalized.Status, err
	}
	w.status, w.finished = finalized.Status, finalized.Finished
	w.endedHere = w.endedHere || finalized.Status == end.Status
	if succeeded(finalized.Status) && end.Status == pirogue.StatusSuccess {
		w.booked += w.input.Amount.Minor
	}
	w.logger(ctx).Info("payment is terminal", "status", w.status, "failure", end.Failure.Code)
	deliverFirst(ctx, w, finalized.Deliver)
	if err := watchEarlierAttempts(ctx, w); err != nil {
		return w.status, err
	}
	w.showWait(ctx, waitsForNothing, string(w.status))
	if err := workflow.UpsertTypedSearchAttributes(ctx, PaymentStatus.ValueSet(string(w.status))); err != nil {
		return w.status, err
	}
	return w.status, w.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionSettled, Reason: "the payment is " + string(w.status),
		Evidence: end.Failure.Note, Status: w.status,
	}, everyAction)
}

// callFinalize makes the payment terminal by one short local try. That may fail, also after it was
// committed. Then the regular activity makes or finds it so, however long our database is away.
func callFinalize(
	ctx workflow.Context, w *paymentWorkflow, end activities.FinalizeInput,
) (activities.FinalizeResult, error) {
	summary := "finalize " + string(end.Status)
	if w.hasFewerTasks() {
		finalized, err := callLocal(ctx, oneTry(summary), activityNames.Finalize, end)
		if err == nil {
			return finalized, nil
		}
		w.logger(ctx).Warn("the local try to finalize failed", "error", err)
	}
	return call(ctx, ours(w.input.MerchantID, summary), activityNames.Finalize, end)
}

// submission holds the result of a submission and, once it was awaited, the operator's outcome.
type submission struct {
	submitted activities.SubmitResult
	result    operator.OperatorResult
}

// isProvenUnsent reports whether the payment's rows prove that nothing of it was sent. Then it may
// end.
func (s submission) isProvenUnsent() bool {
	submitted, result := s.submitted, s.result
	return submitted.Outcome == activities.SubmitPastDeadline || submitted.Outcome == activities.SubmitPostponed ||
		submitted.Outcome == activities.SubmitPastWindow || result.Outcome == pirogue.OutcomeNotSent ||
		submitted.NothingSent()
}

// finalizeUnsent ends a payment of which nothing was sent, and reports whether it has ended. The
// transaction looks once more: an earlier run may have sent it meanwhile.
func finalizeUnsent(ctx workflow.Context, w *paymentWorkflow, s submission) (ended bool, err error) {
	mayHaveCase := w.mayHaveUnknownCase()
	status, err := finalize(ctx, w, unsentInput(w, s))
	if err != nil || !status.Terminal() {
		return false, err
	}
	if mayHaveCase {
		err = closeUnknownCase(ctx, w)
	}
	return true, err
}

// unsentInput returns the end of a payment of which nothing was sent.
func unsentInput(w *paymentWorkflow, s submission) activities.FinalizeInput {
	submitted, result := s.submitted, s.result
	end := failedInput(pirogue.FailedUnavailable, cmp.Or(result.Message, submitted.Message))
	switch submitted.Outcome {
	case activities.SubmitPastDeadline:
		end = activities.NotStarted(w.input.PaymentID)
	case activities.SubmitPostponed:
		end = expiredInput(submitted.Message)
	case activities.SubmitPastWindow:
		end = expiredInput(submitted.Message)
		end.Failure.Code = pirogue.FailedNotStarted
	default:
	}
	end.NothingSent = true
	return end
}

// returnFinal returns from a payment that was terminal before it was sent, or whose rows are ahead of
// its history. If the payment needs more, the sweep finds that in its rows.
func returnFinal(ctx workflow.Context, w *paymentWorkflow, status pirogue.Status) error {
	w.setFirstResponse(lifecycle.FirstResponse{})
	w.status = status
	w.showWait(ctx, waitsForNothing, string(status))
	return nil
}

// finalizePaid ends a payment that was paid by its operator's result. Another amount, currency or
// counterparty than the payment's is never a success. That money waits in suspense, and the payment
// stays PENDING until people settle its case.
func finalizePaid(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	if !w.isMismatch(result) {
		status, err := finalize(ctx, w, successInput(result))
		switch {
		case err != nil:
			return err
		case succeeded(status):
			return bookSecondPayment(ctx, w, result)
		case status.Terminal():
			return bookOvertaken(ctx, w, result)
		} // its money waits in suspense already
	}
	if err := closeUnknownCaseIfAny(ctx, w); err != nil {
		return err
	}
	return settleMismatch(ctx, w, result)
}

// settleMismatch opens the case of a payment whose money differs from it. It waits until people
// settle the case, and ends the payment accordingly.
func settleMismatch(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	cause := mismatchCause(result)
	w.deadline = workflow.Now(ctx).Add(w.input.Current.FinalityWindow)
	id, err := w.openCase(ctx, cause, result)
	if err != nil {
		return err
	}
	resolution := support.ResolvedReturn // of a case that is closed already: its money is back
	if id != "" {
		if resolution, err = (moneyCase{id, cause}).settle(ctx, w, false); err != nil {
			return err
		}
	}
	_, err = finalize(ctx, w, resolvedInput(id, resolution))
	return err
}

// resolvedInput returns the end of a payment whose money differed from it, as two people decided. A
// return that has succeeded has closed the case, and no money is left to move.
func resolvedInput(id support.CaseID, resolution support.Resolution) activities.FinalizeInput {
	end := failedInput(pirogue.FailedOtherwise, string(id))
	switch resolution {
	case support.ResolvedReturn:
		return end
	case support.ResolvedPaid:
		end = successInput(operator.OperatorResult{})
	case support.ResolvedUnpaid:
		end = failedInput(pirogue.FailedBySupport, string(id))
	case support.ResolvedInPart:
		end = failedInput(pirogue.FailedInPart, string(id))
	case support.ResolvedPlaced:
	}
	end.Case, end.Resolution = id, resolution
	return end
}
