package admin

import (
	"context"
	"errors"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// actOnRestarted starts the workflow of a payment again, like the sweep, and passes an action to it. It
// leaves a payment that is not started to the sweep. For a SUCCESS without a case it allows a
// recheck only.
func (h actionRoutes) actOnRestarted(ctx context.Context, a recordedAction) (support.ActionResult, error) {
	r, err := h.restarts.Restart(ctx, a.payment.ID)
	if err != nil {
		return support.ActionResult{}, err
	}
	result := noWorkflow(r.Payment)
	switch {
	case r.Err != nil:
		result.Reason = notStarted + r.Err.Error()
		return result, nil //nolint:nilerr // a row that cannot be read is a result
	case !restartable(r, a.kind):
		return result, nil
	}
	if err := h.restarts.Reopen(ctx, a.payment.ID, h.clock.Now()); err != nil {
		return support.ActionResult{}, err
	}
	restarted, err := h.workflows.ActOnRestarted(ctx, r, a.auditID)
	if err == nil || pirogue.CodeOf(err) == operator.Unknown { // the workflow runs, whether or not it has responded
		err = errors.Join(err, h.closeCasesOver(ctx, r))
	}
	if pirogue.CodeOf(err) != pirogue.Internal {
		return restarted, err
	}
	// The operator is not configured: that is a result, not a failure of the request.
	result.Reason = notStarted + err.Error()
	return result, nil
}

// closeCasesOver closes the cases that are over because a payment's workflow runs again. It does so even
// after the request's deadline.
func (h actionRoutes) closeCasesOver(ctx context.Context, r lifecycle.Restart) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTime)
	defer cancel()
	for _, id := range r.Over {
		if err := h.cases.CloseCase(ctx, id, h.clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// notStarted begins the reason of a result: the payment's rows or the configuration do not let its
// workflow start.
const notStarted = "The payment's workflow is gone and cannot be started: "

// restartable reports whether a payment's workflow has work that an action of this kind
// can concern. A recheck of a SUCCESS is allowed, because the operator may have taken it back.
func restartable(r lifecycle.Restart, k support.SupportActionKind) bool {
	switch r.Payment.Status {
	case pirogue.StatusCreated:
		return false
	case pirogue.StatusSuccess:
		return r.Case != "" || k == support.ActionRecheck
	case pirogue.StatusReversed:
		return r.Case != ""
	default:
		return true
	}
}

// noWorkflow returns the result on an action for a payment without a workflow.
func noWorkflow(p pirogue.Payment) support.ActionResult {
	return support.ActionResult{
		Decision: support.DecisionRefused, Status: p.Status,
		Reason: "No workflow is open for the payment, and it has nothing to do: it has not begun, or has ended.",
	}
}
