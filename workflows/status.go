package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
)

const (
	// unservedTries limits the tries of a status call that no worker takes. The first may wait
	// while no worker runs at all. The second waits only if no worker serves the operator.
	unservedTries = 2
	// failedTries limits the tries of a status call that fails by an error of ours. Together they
	// take an hour, so that the database comes back before the payment ends without a status.
	failedTries = 30
)

// askStatus asks the operator once and returns its result as it is.
func askStatus(ctx workflow.Context, w *paymentWorkflow, why string) (operator.OperatorResult, error) {
	return w.askStatusAt(ctx, priorityVerify, why)
}

// askStatusAt does the same at another priority.
func (w *paymentWorkflow) askStatusAt(
	ctx workflow.Context, priority int, why string,
) (operator.OperatorResult, error) {
	w.progress.pace = ""
	result, _, err := w.callStatus(ctx, single(w.input, priority, why), w.statusInput(activities.Once))
	w.progress.note(result)
	return result, err
}

// askStatusAtExpiry asks for the status with which the customer's time ends.
func askStatusAtExpiry(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	w.progress.pace = ""
	query := w.statusInput(activities.Once)
	query.Closing = true
	result, _, err := w.callStatus(ctx, single(w.input, priorityVerify, "last question"), query)
	w.progress.note(result)
	return result, err
}

// statusInput returns the input of a status call about the latest attempt.
func (w *paymentWorkflow) statusInput(pace activities.Pace) activities.StatusInput {
	return activities.StatusInput{
		PaymentID: w.input.PaymentID, Pace: pace, Candidate: w.input.Current, AlreadyBooked: w.booked,
	}
}

// callStatus makes one status call and returns its result as it is, and whether somebody made the
// call. Where nobody did in time the result is pending and unreadable, so that the payment goes on.
func (w *paymentWorkflow) callStatus(
	ctx workflow.Context, options workflow.ActivityOptions, query activities.StatusInput,
) (operator.OperatorResult, bool, error) {
	for tries := 1; ; tries++ {
		result, err := call(ctx, options, activityNames.AskStatus, query)
		if !activities.TimedOut(err) {
			return result, true, err
		}
		if tries >= w.statusTries(err) {
			w.logger(ctx).Warn("nobody asked for the status in time", "asked", query.Candidate.Operator)
			return operator.OperatorResult{
				Outcome: pirogue.OutcomePending, Unreadable: true,
				Message: "nobody has put the question to " + string(query.Candidate.Operator) + " in time",
			}, false, nil
		}
	}
}

// statusTries returns the number of tries of a status call that ended with err. Support does not
// wait for an error of ours to go away.
func (w *paymentWorkflow) statusTries(err error) int {
	if activities.RunFailed(err) && !w.actions.hasAny() {
		return failedTries
	}
	return unservedTries
}
