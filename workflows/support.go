package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// handleAction is the handler of ActionUpdate. It reads the action from its audit entry and lets it
// wait for the workflow; an action that its audit entry does not allow is refused at once.
func (w *paymentWorkflow) handleAction(ctx workflow.Context, auditID string) (support.ActionResult, error) {
	w.actions.accept()
	ctx, stop := workflow.NewDisconnectedContext(ctx) // a cancel request cuts no action off
	defer stop()
	loaded, err := call(ctx, ours(w.input.MerchantID, "read action"), activityNames.LoadAction,
		activities.ActionQuery{AuditEntry: auditID, PaymentID: w.input.PaymentID})
	if err != nil {
		return support.ActionResult{}, err
	}
	if loaded.Refused != "" {
		return refuseAction(ctx, w, auditID, loaded)
	}
	queued := w.actions.add(loaded.Action)
	if err := workflow.Await(ctx, func() bool { return queued.result != nil }); err != nil {
		return support.ActionResult{}, err
	}
	return *queued.result, nil
}

// refuseAction refuses an action that its audit entry does not allow. The entry keeps the refusal if
// it is about this payment and has no result yet.
func refuseAction(
	ctx workflow.Context, w *paymentWorkflow, auditID string, loaded activities.LoadedAction,
) (support.ActionResult, error) {
	result := support.ActionResult{Decision: support.DecisionRefused, Reason: loaded.Refused, Status: loaded.Status}
	if !loaded.Begun {
		return result, nil
	}
	_, err := call(ctx, ours(w.input.MerchantID, "refuse action"), activityNames.RecordActionResult,
		[]activities.ConcludeInput{{AuditEntry: auditID, Result: result}})
	return result, err
}

// replyToActions gives the waiting actions that matches selects one result, which their audit
// entries keep.
func (w *paymentWorkflow) replyToActions(
	ctx workflow.Context, result support.ActionResult, matches func(support.SupportAction) bool,
) error {
	taken := w.actions.take(matches)
	if len(taken) == 0 {
		return nil
	}
	records := make([]activities.ConcludeInput, len(taken))
	for i, queued := range taken {
		records[i] = activities.ConcludeInput{AuditEntry: queued.action.AuditID, Result: result}
	}
	summary := "record action result " + string(result.Decision)
	if _, err := call(ctx, ours(w.input.MerchantID, summary), activityNames.RecordActionResult, records); err != nil {
		return err
	}
	for _, queued := range taken {
		queued.result = &result
		w.logger(ctx).Info("support action has its result",
			"audit_entry", queued.action.AuditID, "action", queued.action.Kind, "decision", result.Decision)
	}
	return nil
}

// handleActions carries out the actions that wait, while the operator is polled. It asks the
// operator first, once for all of them. They wait for the end that a final outcome brings; otherwise
// each has its result at once. A terminal payment leaves them to the watch, unless its outcome was
// unknown: what two people said of it, two people can correct while it is watched.
func handleActions(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	result, err := askStatus(ctx, w, "support asks")
	if err != nil || result.Outcome != pirogue.OutcomePending || w.endedHere && !w.outcomeUnknown {
		return result, err
	}
	resolved, err := resolveOutcome(ctx, w, result)
	if err != nil || resolved.Outcome != pirogue.OutcomePending {
		return resolved, err
	}
	if err := redrivePayment(ctx, w, result); err != nil {
		return result, err
	}
	return result, w.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionWaiting, Reason: "the operator was asked and has not decided",
		Evidence: result.Message, Status: w.currentStatus(),
	}, ofKind(support.ActionRecheck))
}

// redrivePayment makes another attempt if the latest one's row proves that it is dead. It sends the
// same reference again where the operator still executes that once. The activity looks at the row,
// not at what anybody says.
func redrivePayment(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	if !w.actions.has(support.ActionRedrive) {
		return nil
	}
	in := w.submitInput()
	in.Mode, in.After = activities.SubmitRedrive, 0
	if result.Absent {
		in.Mode = activities.SubmitRedriveAbsent
	}
	options := single(w.input, prioritySubmit, "redrive")
	submitted, err := readSubmitted(ctx, w, start(ctx, options, activityNames.Submit, in))
	if err != nil {
		return err
	}
	reply := support.ActionResult{
		Decision: support.DecisionRefused, Evidence: result.Message, Status: w.currentStatus(),
		Reason: "nothing proves that the operator will not execute the attempt, so no other is made; " +
			"two people settle it with evidence: resolve",
	}
	switch {
	case submitted.NotTaken():
		reply.Reason, reply.Evidence = "the operator cannot be reached; nothing was sent", submitted.Message
	case submitted.Number > w.attempt: // made by this run, or by one that was cut off
		reply.Decision = support.DecisionResubmitted
		reply.Reason = "past its finality window the operator does not know the old attempt, which proves it; " +
			"another was made"
	case submitted.SentBy == activities.SentByThisRun:
		reply.Decision = support.DecisionResubmitted
		reply.Reason = "the operator does not know the reference and executes it once; it was sent again"
	}
	w.attempt = max(w.attempt, submitted.Number)
	return w.replyToActions(ctx, reply, ofKind(support.ActionRedrive))
}

// resolveOutcome settles by a person's decision what the operator cannot tell. A second person must
// say the same, because money moves by it. Before the finality window has passed, nobody settles
// what the operator still has under way.
func resolveOutcome(
	ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult,
) (operator.OperatorResult, error) {
	underWay := result.UnderWay && workflow.Now(ctx).Before(w.deadline)
	for _, action := range w.actions.actions() {
		if action.Kind != support.ActionResolve {
			continue
		}
		reply := support.ActionResult{
			Decision: support.DecisionRefused, Evidence: result.Message, Status: w.currentStatus(),
			Reason: refusesResolve(w, action, underWay),
		}
		var err error
		if reply.Reason == "" {
			query := activities.ActionQuery{AuditEntry: action.AuditID}
			reply.Decision, reply.Reason, err = proposeResolution(ctx, w, query)
		}
		if err != nil {
			return result, err
		}
		if reply.Decision == support.DecisionSettled {
			return resolvedResult(w, action), nil
		}
		if err := w.replyToActions(ctx, reply, onlyAction(action)); err != nil {
			return result, err
		}
	}
	return result, nil
}

// refusesResolve returns the reason why people may not resolve the outcome now; "" when they may.
// underWay means that the operator still decides the payment.
func refusesResolve(w *paymentWorkflow, action support.SupportAction, underWay bool) string {
	switch {
	case !w.input.Kind.MoneyOut() && !w.outcomeUnknown || underWay:
		return "the operator has the payment under way and decides it"
	case action.Case != "" && action.Case != support.NewCaseID(w.input.PaymentID, support.CauseUnknown):
		return "the payment is open: only its unknown outcome can be resolved"
	case action.Resolution != support.ResolvedPaid && action.Resolution != support.ResolvedUnpaid:
		return "an unknown outcome is resolved as paid or unpaid"
	default:
		return ""
	}
}

// proposeResolution records a resolution of a case, or confirms the one that another person
// proposed. Proposals are read from audit entries, so that a lost history forgets none. It returns
// the decision about the action and its reason.
func proposeResolution(
	ctx workflow.Context, w *paymentWorkflow, query activities.ActionQuery,
) (support.Decision, string, error) {
	query.PaymentID = w.input.PaymentID
	confirmation, err := call(ctx, ours(w.input.MerchantID, "second person"), activityNames.ConfirmResolution, query)
	switch {
	case err != nil:
		return support.DecisionRefused, "", err
	case confirmation.Refused != "":
		return support.DecisionRefused, confirmation.Refused, nil
	case confirmation.Confirmed:
		return support.DecisionSettled, "", nil
	case confirmation.Proposer:
		return support.DecisionProposed, "the person who proposed it cannot confirm it", nil
	default:
		return support.DecisionProposed, "another person must confirm it", nil
	}
}

// resolvedResult returns the outcome that two people have established.
func resolvedResult(w *paymentWorkflow, action support.SupportAction) operator.OperatorResult {
	w.decidedBySupport = true
	message := "settled by support: " + action.Evidence
	if action.Resolution == support.ResolvedPaid {
		return operator.OperatorResult{Outcome: pirogue.OutcomePaid, Message: message, Extra: w.claim}
	}
	return operator.OperatorResult{Outcome: pirogue.OutcomeDeclined, Message: message}
}
