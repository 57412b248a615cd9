package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// lastAskFor limits the polls of an operator whose last status cannot be read: an outage at the end
// of the finality window opens no case.
const lastAskFor = time.Hour

// finalizeAndWatch ends a payment without success and goes on with slow polls for money that moves
// late.
func finalizeAndWatch(ctx workflow.Context, w *paymentWorkflow, end activities.FinalizeInput) error {
	end.Watched = true
	status, err := finalize(ctx, w, end)
	if err != nil || status != end.Status {
		return err
	}
	w.deadline = workflow.Now(ctx).Add(w.input.Current.FinalityWindow)
	return watchUntilFinal(ctx, w)
}

// watchUntilFinal watches a terminal payment until its deadline and books late money, however often
// it comes.
func watchUntilFinal(ctx workflow.Context, w *paymentWorkflow) error {
	for {
		result, moved, err := watchLate(ctx, w)
		switch {
		case err != nil:
			return err
		case !moved:
			return openCaseIfUnreadable(ctx, w, result)
		}
		err = bookLateSuccess(ctx, w, result)
		if err != nil || w.status == pirogue.StatusSuccess {
			return err
		}
	}
}

// watchLate polls for late money until the deadline, and once more after it. It returns the last
// result, and whether money moved that is not in the books.
func watchLate(ctx workflow.Context, w *paymentWorkflow) (result operator.OperatorResult, moved bool, err error) {
	w.enter(ctx, phaseWatching)
	for {
		left := w.timeLeft(ctx)
		if left <= 0 {
			result, final, err := askLastTime(ctx, w)
			if err == nil && !final {
				continue
			}
			return result, w.isUnbooked(result), err
		}
		w.showWait(ctx, waitsForNothing, "ended; watching for a late success until "+clockTime(w.deadline))
		result, end, err := w.pollStatus(ctx, activities.Slow, left)
		switch {
		case err != nil:
			return result, false, err
		case end == endedByTime: // up to one poll early: none more fits in
			if _, err := sleepUntilDeadline(ctx, w); err != nil {
				return result, false, err
			}
			continue
		case w.isUnbooked(result):
			return result, true, nil
		case result.Outcome == pirogue.OutcomeNotSent: // learned after the end: no money can come late
			return result, false, nil
		}
		if err := replyNothingMoved(ctx, w, result); err != nil {
			return result, false, err
		}
	}
}

// askLastTime asks once more after the deadline. It reports whether the result is the last one, or
// only that of a callback or of support.
func askLastTime(ctx workflow.Context, w *paymentWorkflow) (result operator.OperatorResult, final bool, err error) {
	w.showWait(ctx, waitsForOperator, "ended; asking a last time")
	result, end, err := w.pollStatus(ctx, activities.Final, lastAskFor)
	if err == nil && end == endedByTime {
		result, err = w.askStatusAt(ctx, priorityWatch, "last status")
		return result, true, err
	}
	if err != nil || end == endedByPoll || w.isUnbooked(result) {
		return result, true, err
	}
	return result, false, replyNothingMoved(ctx, w, result)
}

// replyNothingMoved tells support that the operator knows of no late money.
func replyNothingMoved(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	return w.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionRefused, Reason: "the payment has ended; the operator knows of no money",
		Evidence: result.Message, Status: w.currentStatus(),
	}, everyAction)
}
