package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// retryWindow limits the retries of a submission to an operator that is down.
const retryWindow = time.Minute

// retryWhileUnavailable retries an operator that is down for a while, because nothing that could
// move money is there. Money that leaves us has time: it waits for an operator that is out of
// service instead.
//
// When that while is over, one last try decides. It has more time. So it also finds an attempt that
// a run left at the operator before it was cut off.
//
// Attempts that were renewed meanwhile are watched where the customer may still pay one. Most are
// not: only the lost response held what is needed to pay one or to ask about it.
func retryWhileUnavailable(
	ctx workflow.Context, w *paymentWorkflow, submitted activities.SubmitResult,
) (activities.SubmitResult, error) {
	if mustPark(w, submitted) || w.noWorker || !submitted.MayRepeat(w.input.Current) {
		return submitted, nil
	}
	w.deadline = workflow.Now(ctx).Add(retryWindow)
	w.showWait(ctx, waitsForOperator, "operator unavailable; tried again until "+clockTime(w.deadline))
	retry := w.submitInput()
	retry.Mode = activities.SubmitRepeat
	retryOptions := within(theirs(w.input, prioritySubmit, "submit again"), retryWindow)
	again, err := call(ctx, retryOptions, activityNames.Submit, retry)
	if err == nil {
		noteSubmitted(ctx, w, again)
	}
	if activities.TimedOut(err) {
		if err := sleep(ctx, w.timeLeft(ctx), "last try"); err != nil {
			return submitted, err
		}
		options := submitOptions(w.input, "last try")
		again, err = readSubmitted(ctx, w, start(ctx, options, activityNames.Submit, w.submitInput()))
	}
	if err != nil {
		return submitted, err
	}
	if again.AtOperator == activities.EarlierAtOperator || again.AtOperator == activities.LatestAtOperator {
		w.attempt = max(w.attempt, again.Number)
	}
	return again, nil
}

// mustPark reports whether the payment waits for its operator to come back into service.
func mustPark(w *paymentWorkflow, submitted activities.SubmitResult) bool {
	return submitted.Outcome == activities.SubmitOutOfService && w.input.Kind.MoneyOut()
}

// park keeps the payment until its operator is back. It sends it when its turn on the ramp
// has come. Nothing of it has left. It ends as unavailable when the operator does not come back
// within operator.ParkFor.
func park(
	ctx workflow.Context, w *paymentWorkflow, submitted activities.SubmitResult,
) (activities.SubmitResult, error) {
	until := workflow.Now(ctx).Add(operator.ParkFor)
	for tried := 0; mustPark(w, submitted); tried++ {
		w.deadline = until
		unparked, err := waitUntilUnparked(ctx, w, tried)
		if err != nil || !unparked {
			return submitted, err
		}
		if submitted, err = submitOnce(ctx, w); err != nil {
			return submitted, err
		}
		if submitted, err = retryWhileUnavailable(ctx, w, submitted); err != nil {
			return submitted, err
		}
	}
	return submitted, nil
}

// parkedReply is support's reply about a parked payment.
var parkedReply = support.ActionResult{
	Decision: support.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the operator is out of service; nothing was sent, and it will be when it is back",
}

// waitUntilUnparked waits until a payment may be tried again after a number of failed tries. It
// reports false when the deadline has passed. Support actions have their reply at once.
func waitUntilUnparked(ctx workflow.Context, w *paymentWorkflow, tried int) (unparked bool, err error) {
	left := w.timeLeft(ctx)
	if left <= 0 {
		return false, nil
	}
	w.showWait(ctx, waitsForOperator, "parked: "+string(w.input.Current.Operator)+
		" is out of service; sent when it is back, given up at "+dateTime(w.deadline))
	parked := start(ctx, parkOptions(w.input.MerchantID, left), activityNames.WaitUntilUnparked,
		activities.ParkInput{PaymentID: w.input.PaymentID, Operator: w.input.Current.Operator, Tried: tried})
	if err := w.awaitActivity(ctx, parked.future, parkedReply); err != nil {
		return false, err
	}
	unparked, err = parked.get(ctx)
	if activities.TimedOut(err) {
		return false, nil
	}
	w.logger(ctx).Info("payment is unparked", "unparked", unparked)
	return unparked, err
}

// postponedReply returns support's reply about a payment that is postponed.
func postponedReply(message string) support.ActionResult {
	return support.ActionResult{
		Decision: support.DecisionRefused, Status: pirogue.StatusPending,
		Reason: message + "; it will be when that ends",
	}
}

// waitWhilePostponed waits until nothing postpones the payment any more, such as its merchant's
// suspension. It reports false when the customer's time has ended meanwhile. Money that leaves us
// waits without an end, and its hold stays. Support actions have their reply at once.
func waitWhilePostponed(ctx workflow.Context, w *paymentWorkflow, message string) (resumed bool, err error) {
	limit := pollRound
	w.deadline = workflow.Now(ctx).Add(limit)
	details := message + "; sent when that ends"
	if !w.input.Kind.MoneyOut() {
		limit = w.input.Current.Window
		w.deadline = workflow.Now(ctx).Add(limit)
		details += ", given up at " + clockTime(w.deadline)
	}
	for {
		w.showWait(ctx, waitsForSupport, details)
		waiting := start(ctx, parkOptions(w.input.MerchantID, limit), activityNames.AwaitResumed, w.input.PaymentID)
		if err := w.awaitActivity(ctx, waiting.future, postponedReply(message)); err != nil {
			return false, err
		}
		resumed, err := waiting.get(ctx)
		if !activities.TimedOut(err) {
			return resumed, err
		}
		if !w.input.Kind.MoneyOut() {
			return false, sleep(ctx, w.timeLeft(ctx), "the customer's time")
		}
	}
}
