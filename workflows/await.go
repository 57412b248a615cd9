package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// pollRound limits the polls of one activity past the finality window. The next activity goes on;
// the limit bounds the history of one activity only.
const pollRound = 30 * 24 * time.Hour

// keptOpenFor extends a customer's time while operators are asked first. Then the last status call
// is made again.
const keptOpenFor = 10 * time.Minute

// waitEnd names the event that ended a wait.
type waitEnd string

// The events that end a wait.
const (
	endedByPoll      waitEnd = "poll"      // the result of a poll
	endedByInterrupt waitEnd = "interrupt" // a callback or a support action
	endedByTime      waitEnd = "time"      // the limit of the wait
)

// awaitCollection returns the final outcome of a cash-in. When the customer's time is over, it
// returns the result of one last status call: a cash-in expires here. Nothing ends that time early.
// Whatever a callback or support asks before, a result that is not final goes on waiting.
func awaitCollection(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	w.enter(ctx, phaseAwaiting)
	w.deadline = windowEnd(ctx, w)
	for {
		left := w.timeLeft(ctx)
		if left <= 0 {
			result, err := askStatusAtExpiry(ctx, w)
			if err != nil || !result.StaysOpen {
				return result, err
			}
			w.deadline = workflow.Now(ctx).Add(keptOpenFor)
			continue
		}
		w.showCustomerWait(ctx)
		result, end, err := w.pollStatus(ctx, activities.Brisk, left)
		switch {
		case err != nil:
			return result, err
		case end == endedByTime: // up to one poll early: none more fits in
			if _, err := sleepUntilDeadline(ctx, w); err != nil {
				return operator.OperatorResult{}, err
			}
		case end == endedByPoll || result.Outcome != pirogue.OutcomePending:
			return result, nil
		}
	}
}

// awaitDisbursement returns the final outcome of money that leaves us, however long it takes. Past
// the operator's finality window a case calls for a person, and the polls go on.
func awaitDisbursement(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, error) {
	w.enter(ctx, phaseAwaiting)
	w.deadline = finalityEnd(ctx, w)
	for {
		limit := pollRound
		if !w.outcomeUnknown {
			limit = max(w.timeLeft(ctx), time.Second)
		}
		w.showOperatorWait(ctx)
		result, end, err := w.pollStatus(ctx, activities.Long, limit)
		if end == endedByTime && err == nil {
			if w.outcomeUnknown {
				continue
			}
			result, err = openUnknownCase(ctx, w)
		}
		if err != nil || end == endedByPoll || result.Outcome != pirogue.OutcomePending {
			return result, err
		}
	}
}

// pollStatus polls the operator at a pace until a result ends the polls or limit is over. A support
// action or a callback ends them too: whatever a callback claims, it leads to one status call, of which
// pollStatus returns the result. Before the payment's end that call is made beside the polls, which go on
// if it says pending.
func (w *paymentWorkflow) pollStatus(
	ctx workflow.Context, pace activities.Pace, limit time.Duration,
) (operator.OperatorResult, waitEnd, error) {
	if result, asked, err := askIfInterrupted(ctx, w); asked {
		return result, endedByInterrupt, err
	}
	w.progress.pollingSince, w.progress.pace = workflow.Now(ctx), pace
	polling, stop := workflow.WithCancel(ctx)
	poll := start(polling, within(pollOptions(w.input, pace), limit), activityNames.AskStatus, w.statusInput(pace))
	for w.isPollInterrupted(ctx, poll.future) {
		beside := w.hasFewerTasks() && !pace.Watches() && !w.actions.hasAny()
		if !beside {
			stop()
		}
		result, _, err := askIfInterrupted(ctx, w)
		if beside && err == nil && result.Outcome == pirogue.OutcomePending {
			w.progress.pace = pace // the poll is under way
			continue
		}
		if !beside || result.Outcome != pirogue.OutcomePaid {
			stop() // the poll of a payment that was paid ends by itself
		}
		return result, endedByInterrupt, err
	}
	result, err := poll.get(ctx)
	if activities.TimedOut(err) {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, endedByTime, nil
	}
	w.progress.note(result)
	return result, endedByPoll, err
}

// isPollInterrupted waits for a poll, a support action or a callback. It reports whether one of the
// latter came first.
func (w *paymentWorkflow) isPollInterrupted(ctx workflow.Context, poll workflow.Future) bool {
	interrupted := false
	interrupt := func(workflow.ReceiveChannel, bool) { interrupted = true }
	selector := workflow.NewSelector(ctx).AddFuture(poll, func(workflow.Future) {})
	selector.AddReceive(w.actions.added, interrupt)
	if w.callbacks.isOpen() {
		selector.AddReceive(w.callbacks.channel, interrupt)
	}
	selector.Select(ctx)
	return interrupted
}

// askIfInterrupted asks the operator out of turn when support or a callback gives a reason, and
// reports whether it did.
func askIfInterrupted(ctx workflow.Context, w *paymentWorkflow) (operator.OperatorResult, bool, error) {
	calledBack := w.callbacks.take()
	if w.actions.takeWakeUp() {
		result, err := handleActions(ctx, w)
		return result, true, err
	}
	if !calledBack {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, false, nil
	}
	w.logger(ctx).Info("callback leads to a status call", "callbacks", w.callbacks.taken)
	if err := askEarlierAttempts(ctx, w); err != nil {
		return operator.OperatorResult{}, true, err
	}
	result, err := askStatus(ctx, w, "verify callback")
	return result, true, err
}

// sleepUntilDeadline waits without polls until the deadline, or until a callback or a support action
// waits.
func sleepUntilDeadline(ctx workflow.Context, w *paymentWorkflow) (waitEnd, error) {
	left := w.timeLeft(ctx)
	if left <= 0 {
		return endedByTime, nil
	}
	interrupted, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: left, TimerOptions: workflow.TimerOptions{Summary: string(w.phase) + " until the deadline"},
	}, w.isInterrupted)
	if interrupted {
		return endedByInterrupt, err
	}
	return endedByTime, err
}

// sleep waits for a time, whatever happens.
func sleep(ctx workflow.Context, d time.Duration, summary string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}

// awaitActivity waits for an activity, and gives each support action that comes meanwhile the same
// result.
func (w *paymentWorkflow) awaitActivity(
	ctx workflow.Context, activity workflow.Future, reply support.ActionResult,
) error {
	for !activity.IsReady() {
		workflow.NewSelector(ctx).AddFuture(activity, func(workflow.Future) {}).
			AddReceive(w.actions.added, func(workflow.ReceiveChannel, bool) {}).Select(ctx)
		if !activity.IsReady() && w.actions.takeWakeUp() {
			if err := w.replyToActions(ctx, reply, everyAction); err != nil {
				return err
			}
		}
	}
	return nil
}
