package workflows

import (
	"cmp"
	"errors"
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// ActionUpdate is the Update by which support acts on a payment. It carries the ID of the act's
// row, and nothing else: what a client of Temporal says decides nothing.
const ActionUpdate = "remedy"

// maxActions is how many remedies one payment takes. Each is a few events of history.
const maxActions = 300

// actionQueue is where remedies wait for the story. Only the story acts, one step after the
// other: whatever is asked twice, or by two people at once, has one effect.
type actionQueue struct {
	waiting []*queuedAction
	taken   int
	wake    workflow.Channel
}

// queuedAction is one remedy and, once it was dealt with, its verdict.
type queuedAction struct {
	action support.SupportAction
	result *support.ActionResult
}

// openActionQueue lets support reach the payment.
func (s *paymentWorkflow) openActionQueue(ctx workflow.Context) error {
	s.actions.wake = workflow.NewBufferedChannel(ctx, 1)
	return workflow.SetUpdateHandlerWithOptions(ctx, ActionUpdate, s.handleAction, workflow.UpdateHandlerOptions{
		Validator:   s.validateAction,
		Description: "Support asks the operator, makes another attempt, or settles with evidence.",
	})
}

// maxAuditID says how long the ID of an act may be, in bytes.
const maxAuditID = 64

// validateAction turns an Update away that cannot name an act, without a trace in the history.
func (s *paymentWorkflow) validateAction(act string) error {
	switch {
	case act == "" || len(act) > maxAuditID:
		return errors.New("a remedy is the ID of its act")
	case s.actions.taken >= maxActions:
		return errors.New("this payment has had too many remedies; settle it in the database with finance")
	default:
		return nil
	}
}

// handleAction is the handler of ActionUpdate. It reads the act from its row and gives it to the
// story; one that its row does not allow is refused at once.
func (s *paymentWorkflow) handleAction(ctx workflow.Context, act string) (support.ActionResult, error) {
	s.actions.taken++
	ctx, stop := workflow.NewDisconnectedContext(ctx) // a cancel request cuts no act off
	defer stop()
	loaded, err := call(ctx, ours(s.input.MerchantID, "read act"), do.LoadAction,
		activities.ActionQuery{AuditEntry: act, PaymentID: s.input.PaymentID})
	if err != nil {
		return support.ActionResult{}, err
	}
	if loaded.Refused != "" {
		return s.refuse(ctx, act, loaded)
	}
	request := &queuedAction{action: loaded.Action}
	s.actions.waiting = append(s.actions.waiting, request)
	s.actions.wake.SendAsync(nil)
	if err := workflow.Await(ctx, func() bool { return request.result != nil }); err != nil {
		return support.ActionResult{}, err
	}
	return *request.result, nil
}

// refuse answers an act that its row does not allow, and keeps that in the row if it is about
// this payment and has no verdict yet.
func (s *paymentWorkflow) refuse(
	ctx workflow.Context, act string, loaded activities.LoadedAction,
) (support.ActionResult, error) {
	v := support.ActionResult{Decision: support.DecisionRefused, Reason: loaded.Refused, Status: loaded.Status}
	if !loaded.Begun {
		return v, nil
	}
	_, err := call(ctx, ours(s.input.MerchantID, "refuse act"), do.RecordActionResult,
		[]activities.ConcludeInput{{AuditEntry: act, Result: v}})
	return v, err
}

// replyToActions gives the waiting remedies that choose selects one verdict, and keeps it beside
// each act.
func (s *paymentWorkflow) replyToActions(ctx workflow.Context, v support.ActionResult, choose func(support.SupportAction) bool) error {
	var ruled []*queuedAction
	var left []*queuedAction
	var acts []activities.ConcludeInput
	for _, r := range s.actions.waiting {
		if choose(r.action) {
			ruled = append(ruled, r)
			acts = append(acts, activities.ConcludeInput{AuditEntry: r.action.AuditID, Result: v})
			continue
		}
		left = append(left, r)
	}
	if len(ruled) == 0 {
		return nil
	}
	s.actions.waiting = left
	_, err := call(ctx, ours(s.input.MerchantID, "keep verdict "+string(v.Decision)), do.RecordActionResult, acts)
	if err != nil {
		return err
	}
	for _, r := range ruled {
		r.result = &v
	}
	return nil
}

// everyAction chooses all remedies.
func everyAction(support.SupportAction) bool { return true }

// ofKind chooses the remedies with a verb.
func ofKind(verb support.SupportActionKind) func(support.SupportAction) bool {
	return func(r support.SupportAction) bool { return r.Kind == verb }
}

// onlyAction chooses one remedy.
func onlyAction(one support.SupportAction) func(support.SupportAction) bool {
	return func(r support.SupportAction) bool { return r.AuditID == one.AuditID }
}

// asked reports whether a remedy with a verb waits.
func (s *paymentWorkflow) asked(verb support.SupportActionKind) bool {
	return slices.ContainsFunc(s.actions.waiting, func(r *queuedAction) bool { return r.action.Kind == verb })
}

// closeWatch answers whoever still waits and lets every handler finish, so that no Update
// is cut off by the end of the story. Who asks about a success has the operator asked.
func (s *paymentWorkflow) closeWatch(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	for {
		done := func() bool { return len(s.actions.waiting) > 0 || workflow.AllHandlersFinished(ctx) }
		if err := workflow.Await(ctx, done); err != nil || len(s.actions.waiting) == 0 {
			return status, err
		}
		if succeeded(status) && s.asked(support.ActionRecheck) {
			if err := errors.Join(s.reopen(ctx), s.verify(ctx, status)); err != nil {
				return status, err
			}
		}
		v := support.ActionResult{Decision: support.DecisionRefused, Reason: "the payment has ended", Status: status}
		if err := s.replyToActions(ctx, v, everyAction); err != nil {
			return status, err
		}
	}
}

// hasPendingAction takes the bell's ring and reports whether a remedy waits.
func (s *paymentWorkflow) hasPendingAction() bool {
	for s.actions.wake.ReceiveAsync(nil) {
		continue
	}
	return len(s.actions.waiting) > 0
}

// handleActions deals with the remedies of a payment. The operator is asked first, once for all
// of them. When its word is final, they wait for the end it brings; otherwise each has
// its verdict at once, unless the payment has ended: then watch knows what to say.
func (s *paymentWorkflow) handleActions(ctx workflow.Context) (operator.OperatorResult, error) {
	receipt, err := s.askStatus(ctx, "support asks")
	if err != nil || receipt.Outcome != pirogue.OutcomePending || s.final && !s.outcomeUnknown {
		return receipt, err
	}
	resolved, err := s.resolve(ctx, receipt)
	if err != nil || resolved.Outcome != pirogue.OutcomePending {
		return resolved, err
	}
	if err := s.redrive(ctx, receipt); err != nil {
		return receipt, err
	}
	return receipt, s.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionWaiting, Reason: "the operator was asked and has not decided",
		Evidence: receipt.Message, Status: s.currentStatus(),
	}, ofKind(support.ActionRecheck))
}

// redrive makes another attempt if the latest one's row proves that it is dead, or sends the
// same reference again where the operator still executes it once; the activity looks at the
// row, not at what anybody says.
func (s *paymentWorkflow) redrive(ctx workflow.Context, receipt operator.OperatorResult) error {
	if !s.asked(support.ActionRedrive) {
		return nil
	}
	submitted, err := s.sent(ctx, start(ctx, single(s.input, prioritySubmit, "redrive"), do.Submit,
		activities.SubmitInput{PaymentID: s.input.PaymentID, Candidate: s.input.Current, AfterDeadAttempt: true, OperatorKnowsNothing: receipt.Absent}))
	if err != nil {
		return err
	}
	v := support.ActionResult{
		Decision: support.DecisionRefused, Evidence: receipt.Message, Status: s.currentStatus(),
		Reason: "nothing proves that the operator will not execute the attempt, so no other is made; " +
			"two people settle it with evidence: resolve",
	}
	switch {
	case submitted.Outcome == activities.SubmitNotSent:
		v.Reason, v.Evidence = "the operator cannot be reached; nothing was sent", submitted.Message
	case submitted.Number > s.number: // made by this run, or by one that was cut off
		v.Decision = support.DecisionResubmitted
		v.Reason = "past its horizon the operator does not know the old attempt, which proves it; another was made"
	case submitted.Sent:
		v.Decision = support.DecisionResubmitted
		v.Reason = "the operator does not know the reference and executes it once; it was sent again"
	}
	s.number = max(s.number, submitted.Number)
	return s.replyToActions(ctx, v, ofKind(support.ActionRedrive))
}

// resolve settles by a person's word what the operator cannot tell. Because money
// moves by it, a second person must say the same. What the operator still has under
// way is not a person's to settle, before its horizon has passed.
func (s *paymentWorkflow) resolve(ctx workflow.Context, receipt operator.OperatorResult) (operator.OperatorResult, error) {
	for _, r := range s.actions.waiting {
		remedy := r.action
		if remedy.Kind != support.ActionResolve {
			continue
		}
		v := support.ActionResult{Decision: support.DecisionRefused, Evidence: receipt.Message, Status: s.currentStatus()}
		var err error
		switch {
		case !s.input.Kind.MoneyOut() && !s.outcomeUnknown || receipt.UnderWay && workflow.Now(ctx).Before(s.deadline):
			v.Reason = "the operator has the payment under way and decides it"
		case remedy.Case != "" && remedy.Case != support.NewCaseID(s.input.PaymentID, support.CauseUnknown):
			v.Reason = "the payment is open: only its unknown outcome can be resolved"
		case remedy.Resolution != support.ResolvedPaid && remedy.Resolution != support.ResolvedUnpaid:
			v.Reason = "an unknown outcome is resolved as paid or unpaid"
		default:
			v, err = s.propose(ctx, remedy, "", v)
		}
		if err != nil {
			return receipt, err
		}
		if v.Decision == support.DecisionSettled {
			return s.resolvedResult(remedy), nil
		}
		if err := s.replyToActions(ctx, v, onlyAction(remedy)); err != nil {
			return receipt, err
		}
	}
	return receipt, nil
}

// propose notes a resolution, or confirms the one that another person proposed. What was
// proposed stands in the acts' rows, so that a lost history forgets none.
func (s *paymentWorkflow) propose(
	ctx workflow.Context, r support.SupportAction, id support.CaseID, v support.ActionResult,
) (support.ActionResult, error) {
	c, err := call(ctx, ours(s.input.MerchantID, "second person"), do.ConfirmResolution,
		activities.ActionQuery{AuditEntry: r.AuditID, PaymentID: s.input.PaymentID, Case: id})
	switch {
	case err != nil:
		return v, err
	case c.Refused != "":
		v.Reason = c.Refused
	case c.Confirmed:
		v.Decision = support.DecisionSettled
	case c.Proposer:
		v.Decision, v.Reason = support.DecisionProposed, "the person who proposed it cannot confirm it"
	default:
		v.Decision, v.Reason = support.DecisionProposed, "another person must confirm it"
	}
	return v, nil
}

// resolvedResult is the operator's word that two people have established.
func (s *paymentWorkflow) resolvedResult(r support.SupportAction) operator.OperatorResult {
	s.bySupport = true
	words := "settled by support: " + r.Evidence
	if r.Resolution == support.ResolvedPaid {
		return operator.OperatorResult{Outcome: pirogue.OutcomePaid, Message: words, Extra: s.claim}
	}
	return operator.OperatorResult{Outcome: pirogue.OutcomeDeclined, Message: words}
}

// currentStatus returns where the payment stands, in support's words: an open one is PENDING.
func (s *paymentWorkflow) currentStatus() pirogue.Status {
	return cmp.Or(s.status, pirogue.StatusPending)
}
