package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue/support"
)

// finishPayment replies to everyone who waits for a terminal payment. It records in the row that
// nothing is left to do. A run that did not end the payment itself records nothing: the rows are
// ahead of its history, and the sweep starts a workflow from them that goes on.
//
// A callback that came meanwhile reaches this workflow and no other. So finishPayment looks for one
// last, with no wait behind it. After one that comes even later, Temporal runs the task again.
func finishPayment(ctx workflow.Context, w *paymentWorkflow) error {
	for {
		w.enter(ctx, phaseFinishing)
		if err := awaitEarlierAttempts(ctx, w); err != nil {
			return err
		}
		if err := workflow.Await(ctx, w.progress.isCancelLogged); err != nil {
			return err
		}
		if err := awaitHandlers(ctx, w); err != nil {
			return err
		}
		if !w.endedHere {
			return reopen(ctx, w)
		}
		if err := markFinished(ctx, w); err != nil {
			return err
		}
		if !w.isInterrupted() && workflow.AllHandlersFinished(ctx) && !isDelivering(w) {
			return nil
		}
		if w.callbacks.take() {
			if err := reverify(ctx, w); err != nil {
				return err
			}
		}
	}
}

// awaitHandlers replies to the actions that still wait. It lets every handler and every first delivery
// finish. So the end of the workflow cuts none of them off. A recheck of a success has the operator asked.
func awaitHandlers(ctx workflow.Context, w *paymentWorkflow) error {
	for {
		err := workflow.Await(ctx, func() bool {
			return w.actions.hasAny() || workflow.AllHandlersFinished(ctx) && !isDelivering(w)
		})
		if err != nil {
			return err
		}
		if !w.actions.hasAny() {
			forgetDeliveries(ctx, w)
			return nil
		}
		if succeeded(w.status) && w.actions.has(support.ActionRecheck) {
			if err := reopen(ctx, w); err != nil {
				return err
			}
			if err := verifySuccess(ctx, w); err != nil {
				return err
			}
		}
		err = w.replyToActions(ctx, support.ActionResult{
			Decision: support.DecisionRefused, Reason: "the payment has ended", Status: w.currentStatus(),
		}, everyAction)
		if err != nil {
			return err
		}
	}
}

// markFinished records that the payment's workflow has nothing left to do, unless its row says so.
func markFinished(ctx workflow.Context, w *paymentWorkflow) error {
	if w.finished {
		return nil
	}
	_, err := call(ctx, ours(w.input.MerchantID, "finish"), activityNames.Finish, w.input.PaymentID)
	w.finished = err == nil
	return err
}

// reopen records that the payment's workflow has something to do after all.
func reopen(ctx workflow.Context, w *paymentWorkflow) error {
	if !w.finished {
		return nil
	}
	_, err := call(ctx, ours(w.input.MerchantID, "reopen"), activityNames.Reopen, w.input.PaymentID)
	w.finished = err != nil
	return err
}

// reverify asks about every attempt of a terminal payment and books money that has moved. It
// follows a callback that came too late for the phases.
func reverify(ctx workflow.Context, w *paymentWorkflow) error {
	if err := reopen(ctx, w); err != nil {
		return err
	}
	if err := askEarlierAttempts(ctx, w); err != nil {
		return err
	}
	if succeeded(w.status) {
		return verifySuccess(ctx, w)
	}
	w.deadline = workflow.Now(ctx)
	return watchUntilFinal(ctx, w)
}
