package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// earlierAttempts holds the attempts of a payment that another one has followed, and under which
// money may still move.
type earlierAttempts struct {
	all     []*earlierAttempt
	readTo  int   // number of the latest attempt when they were read
	watches int   // watches under way
	err     error // ended a watch too early; nil: none
}

// earlierAttempt is an attempt that another one has followed.
type earlierAttempt struct {
	activities.EarlierAttempt

	booked   int64 // minor units that moved under it and have a case
	watched  bool  // it is watched, or was
	unserved bool  // nobody made the last status call
}

// has reports whether an attempt was read already.
func (e *earlierAttempts) has(number int) bool {
	return slices.ContainsFunc(e.all, func(a *earlierAttempt) bool { return a.Number == number })
}

// readEarlierAttempts reads the attempts before the latest under which money may move. A payment with
// one attempt has none, and reads nothing.
func readEarlierAttempts(ctx workflow.Context, w *paymentWorkflow) error {
	if w.attempt <= max(w.earlier.readTo, 1) {
		return nil
	}
	read, err := call(ctx, ours(w.input.MerchantID, "earlier attempts"), activityNames.EarlierAttempts, w.input.PaymentID)
	if err != nil {
		return err
	}
	for _, attempt := range read {
		if !attempt.Now.IsZero() { // the row's time, by the clock that workflows go by
			attempt.Until = attempt.Until.Add(workflow.Now(ctx).Sub(attempt.Now))
		}
		if w.earlier.has(attempt.Number) {
			continue
		}
		earlier := &earlierAttempt{EarlierAttempt: attempt, watched: attempt.Gone}
		w.earlier.all = append(w.earlier.all, earlier)
		if attempt.Gone {
			if err := openDoubtCase(ctx, w, earlier); err != nil {
				return err
			}
		}
	}
	w.earlier.readTo = w.attempt
	return nil
}

// askEarlierAttempts asks about every earlier attempt, because a callback may be about any.
func askEarlierAttempts(ctx workflow.Context, w *paymentWorkflow) error {
	if err := readEarlierAttempts(ctx, w); err != nil {
		return err
	}
	for _, earlier := range w.earlier.all {
		if earlier.Gone || earlier.unserved { // an open payment does not wait for it a second time
			continue
		}
		if err := earlier.askStatus(ctx, w, "verify callback"); err != nil {
			return err
		}
	}
	return nil
}

// askStatus asks once about an earlier attempt and books money that moved under it.
func (earlier *earlierAttempt) askStatus(ctx workflow.Context, w *paymentWorkflow, why string) error {
	options := single(w.inputAt(earlier), priorityVerify, why)
	result, served, err := w.callStatus(ctx, options, w.earlierStatusInput(earlier, activities.Once))
	if err != nil {
		return err
	}
	earlier.unserved = !served
	return earlier.bookPayment(ctx, w, result)
}

// openDoubtCase opens the case of an earlier attempt that nobody can ask about. The payment goes on.
func openDoubtCase(ctx workflow.Context, w *paymentWorkflow, earlier *earlierAttempt) error {
	id, err := callOpenCase(ctx, w, activities.OpenCaseInput{
		PaymentID: w.input.PaymentID, Cause: support.CauseEarlierUnknown, Attempt: earlier.Number,
		Note: fmt.Sprintf("attempt %d may be at %s, which nobody can ask any more", earlier.Number,
			earlier.Candidate.Operator),
	})
	if err != nil || id == "" {
		return err
	}
	w.addCase(id, support.CauseEarlierUnknown)
	return nil
}

// inputAt returns the payment's input as the operator of an earlier attempt has it.
func (w *paymentWorkflow) inputAt(earlier *earlierAttempt) lifecycle.PaymentInput {
	input := w.input
	input.Current = earlier.Candidate
	return input
}

// earlierStatusInput returns the input of a status call about an earlier attempt.
func (w *paymentWorkflow) earlierStatusInput(
	earlier *earlierAttempt, pace activities.Pace,
) activities.StatusInput {
	return activities.StatusInput{
		PaymentID: w.input.PaymentID, Pace: pace, Candidate: earlier.Candidate, Number: earlier.Number,
		AlreadyBooked: earlier.booked,
	}
}

// bookPayment opens the case of money under an earlier attempt: the payment has another attempt
// that may be paid as well. The money goes back as the merchant's policy says.
func (earlier *earlierAttempt) bookPayment(
	ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult,
) error {
	if result.Outcome != pirogue.OutcomePaid || result.Moved(w.input.Amount) <= earlier.booked {
		return nil
	}
	in := openCaseInput(w, support.CauseEarlierPaid, result)
	in.Attempt = earlier.Number
	in.Note = fmt.Sprintf("attempt %d at %s: %s", earlier.Number, earlier.Candidate.Operator, in.Note)
	id, err := callOpenCase(ctx, w, in)
	if err != nil {
		return err
	}
	earlier.booked = result.Moved(w.input.Amount)
	if id == "" {
		return nil
	}
	w.addCase(id, support.CauseEarlierPaid)
	return returnByPolicy(ctx, w, id)
}

// watchEarlierAttempts begins to watch every earlier attempt of a terminal payment.
func watchEarlierAttempts(ctx workflow.Context, w *paymentWorkflow) error {
	if err := readEarlierAttempts(ctx, w); err != nil {
		return err
	}
	for _, earlier := range w.earlier.all {
		if earlier.watched {
			continue
		}
		earlier.watched = true
		w.earlier.watches++
		workflow.Go(ctx, func(ctx workflow.Context) {
			err := watchEarlierAttempt(ctx, w, earlier)
			w.earlier.watches--
			if err != nil && w.earlier.err == nil {
				w.earlier.err = err
			}
		})
	}
	return nil
}

// watchEarlierAttempt polls for money under an earlier attempt. It ends with the operator's
// finality window, after one more status call.
func watchEarlierAttempt(ctx workflow.Context, w *paymentWorkflow, earlier *earlierAttempt) error {
	summary := fmt.Sprintf("watch attempt %d", earlier.Number)
	for {
		left := earlier.Until.Sub(workflow.Now(ctx))
		if left <= 0 {
			if err := earlier.askStatus(ctx, w, "last status"); err != nil || !earlier.unserved {
				return err
			}
			return openDoubtCase(ctx, w, earlier)
		}
		options := within(theirs(w.inputAt(earlier), priorityPoll, summary), left)
		result, err := call(ctx, options, activityNames.AskStatus, w.earlierStatusInput(earlier, activities.Slow))
		if activities.TimedOut(err) { // up to one poll early: none more fits in
			err = sleep(ctx, max(earlier.Until.Sub(workflow.Now(ctx)), time.Second), summary)
		} else if err == nil {
			err = earlier.bookPayment(ctx, w, result)
		}
		if err != nil {
			return err
		}
	}
}

// awaitEarlierAttempts keeps a terminal payment reachable. It returns once no earlier attempt is
// watched and no case of theirs is open.
func awaitEarlierAttempts(ctx workflow.Context, w *paymentWorkflow) error {
	for w.earlier.watches > 0 || len(w.cases) > 0 {
		if len(w.cases) > 0 {
			if err := settleNextCase(ctx, w, w.cases[0].cause); err != nil {
				return err
			}
			continue
		}
		w.showWait(ctx, waitsForNothing, string(w.currentStatus())+"; earlier attempts are watched for money")
		err := workflow.Await(ctx, func() bool {
			return w.earlier.watches == 0 || len(w.cases) > 0 || w.isInterrupted()
		})
		if err != nil {
			return err
		}
		if err := replyWhileEarlierWatched(ctx, w); err != nil {
			return err
		}
	}
	return w.earlier.err
}

// replyWhileEarlierWatched replies to support, and asks about every attempt when a callback came.
// The payment is terminal, and its earlier attempts are watched.
func replyWhileEarlierWatched(ctx workflow.Context, w *paymentWorkflow) error {
	if w.callbacks.take() {
		if err := askEarlierAttempts(ctx, w); err != nil || !succeeded(w.status) {
			return err
		}
		return verifySuccess(ctx, w)
	}
	if succeeded(w.status) && w.actions.has(support.ActionRecheck) {
		return verifySuccess(ctx, w)
	}
	return w.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionRefused, Status: w.currentStatus(),
		Reason: "the payment has ended; its earlier attempts are watched for money",
	}, everyAction)
}
