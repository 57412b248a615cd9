package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/support"
)

// takeUpAfter limits the wait in an operator's queue while the payment is still CREATED. It ends well
// before the payment's start deadline.
const takeUpAfter = 20 * time.Second

// submitPayment sends the payment and gives the API its first response. Where nothing could be
// sent, it goes on to the next candidate of the route. It also goes on when the operator refused for
// a reason of its own. An attempt that may be at an operator is never sent to another.
func submitPayment(ctx workflow.Context, w *paymentWorkflow) (activities.SubmitResult, error) {
	w.enter(ctx, phaseSubmitting)
	for {
		submitted, err := submitOnce(ctx, w)
		if err != nil {
			return submitted, err
		}
		if to, moved := currentCarrier(w, submitted); moved {
			if err := switchCandidate(ctx, w, to); err != nil {
				return submitted, err
			}
			continue
		}
		if mayFailover(w, submitted) {
			if err := failover(ctx, w, submitted.Number); err != nil {
				return submitted, err
			}
			continue
		}
		submitted, err = retryAndPark(ctx, w, submitted)
		if err != nil || submitted.Outcome != activities.SubmitPostponed {
			return submitted, err
		}
		if resumed, err := waitWhilePostponed(ctx, w, submitted.Message); err != nil || !resumed {
			return submitted, err
		}
	}
}

// submitOnce sends the payment to the current candidate, once.
func submitOnce(ctx workflow.Context, w *paymentWorkflow) (activities.SubmitResult, error) {
	w.showWait(ctx, waitsForOperator, "submitting to "+string(w.input.Current.Operator))
	sending := start(ctx, submitOptions(w.input, "submit"), activityNames.Submit, w.submitInput())
	if w.attempt == 0 {
		if err := awaitTakeUp(ctx, w, sending.future); err != nil {
			return activities.SubmitResult{}, err
		}
	}
	if err := w.awaitActivity(ctx, sending.future, queuedAtOperator); err != nil {
		return activities.SubmitResult{}, err
	}
	submitted, err := readSubmitted(ctx, w, sending)
	if err != nil {
		return submitted, err
	}
	w.attempt, w.foundSent = submitted.Number, submitted.SentBy == activities.SentByEarlierRun
	return submitted, nil
}

// queuedAtOperator is support's reply about a payment that waits in its operator's queue.
var queuedAtOperator = support.ActionResult{
	Decision: support.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the payment waits for its turn at the operator, which has not answered its submission yet",
}

// awaitTakeUp waits for the first submission, at most takeUpAfter. Then it makes the payment PENDING.
// The payment waits in its operator's queue, and the sweep must not expire it.
func awaitTakeUp(ctx workflow.Context, w *paymentWorkflow, sending workflow.Future) error {
	waiting, stop := workflow.WithCancel(ctx)
	defer stop()
	late := workflow.NewTimerWithOptions(waiting, takeUpAfter, workflow.TimerOptions{Summary: "take up"})
	workflow.NewSelector(ctx).AddFuture(sending, func(workflow.Future) {}).
		AddFuture(late, func(workflow.Future) {}).Select(ctx)
	if sending.IsReady() {
		return nil
	}
	w.showWait(ctx, waitsForOperator, "waiting for its turn at "+string(w.input.Current.Operator))
	_, err := call(ctx, ours(w.input.MerchantID, "take up"), activityNames.TakeUp, w.input.PaymentID)
	return err
}

// submitInput returns the input of a submission to the current candidate.
func (w *paymentWorkflow) submitInput() activities.SubmitInput {
	return activities.SubmitInput{
		PaymentID: w.input.PaymentID, Candidate: w.input.Current, Mode: activities.SubmitOnce, After: w.failoverAfter,
	}
}

// readSubmitted returns the result of a submission. Where nobody made it in time, the rows tell
// whether anything may have left.
func readSubmitted(
	ctx workflow.Context, w *paymentWorkflow, sending pendingResult[activities.SubmitResult],
) (activities.SubmitResult, error) {
	submitted, err := sending.get(ctx)
	w.noWorker = activities.TimedOut(err)
	if w.noWorker {
		options := ours(w.input.MerchantID, "read submission")
		submitted, err = call(ctx, options, activityNames.ReadSubmission, w.input.PaymentID)
	}
	if err != nil {
		return submitted, err
	}
	noteSubmitted(ctx, w, submitted)
	return submitted, nil
}

// noteSubmitted keeps the reference and the operator's message of a submission, and logs its outcome.
func noteSubmitted(ctx workflow.Context, w *paymentWorkflow, submitted activities.SubmitResult) {
	w.progress.submitted(submitted.Ref, submitted.Message)
	w.logger(ctx).Info("submitted", "reference", submitted.Ref, "outcome", submitted.Outcome)
}

// retryAndPark gives the API its first response, and goes on trying.
func retryAndPark(
	ctx workflow.Context, w *paymentWorkflow, submitted activities.SubmitResult,
) (activities.SubmitResult, error) {
	unavailable := submitted.NotTaken() || submitted.Outcome == activities.SubmitUnknown ||
		submitted.Outcome == activities.SubmitPostponed
	w.setFirstResponse(lifecycle.FirstResponse{Unavailable: unavailable})
	submitted, err := retryWhileUnavailable(ctx, w, submitted)
	if err != nil {
		return submitted, err
	}
	return park(ctx, w, submitted)
}
