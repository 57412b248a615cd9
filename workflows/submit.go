package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// retryCalledOffFor is how long an operator that is down is tried again.
const retryWindow = time.Minute

// submit sends the payment and gives the API its first answer. Where nothing could be
// sent, or the operator refused for a reason of its own, the next one of the route is
// tried; what may be at an operator is never sent to another.
func (s *paymentWorkflow) submit(ctx workflow.Context) (activities.SubmitResult, error) {
	for {
		submitted, err := s.submitOnce(ctx)
		if err != nil {
			return submitted, err
		}
		s.number, s.sentBefore = submitted.Number, submitted.FoundSent
		if leg, next, other := s.currentHolder(submitted); other {
			if err := s.switchTo(ctx, leg, next, 0); err != nil {
				return submitted, err
			}
			continue
		}
		if s.mayFailover(submitted) {
			if err := s.failover(ctx, submitted.Number); err != nil {
				return submitted, err
			}
			continue
		}
		submitted, err = s.retryAndPark(ctx, submitted)
		if err != nil || submitted.Outcome != activities.SubmitHeld {
			return submitted, err
		}
		if resumed, err := s.waitWhileSuspended(ctx, submitted.Message); err != nil || !resumed {
			return submitted, err
		}
	}
}

// takeUpAfter says how long a payment may wait in its operator's queue before its row says
// that it is taken up: well before its start deadline.
const takeUpAfter = 20 * time.Second

// submitOnce sends the payment to the operator whose turn it is, once.
func (s *paymentWorkflow) submitOnce(ctx workflow.Context) (activities.SubmitResult, error) {
	s.setDetails(ctx, waitsForOperator, "submitting to "+string(s.input.Current.Operator))
	sending := start(ctx, submitting(s.input, "submit"), do.Submit, s.submitInput())
	if s.number == 0 {
		if err := s.awaitTakeUp(ctx, sending.future); err != nil {
			return activities.SubmitResult{}, err
		}
	}
	if err := s.answering(ctx, sending.future, waitsForTurn); err != nil {
		return activities.SubmitResult{}, err
	}
	return s.sent(ctx, sending)
}

// waitsForTurn holds what support hears of a payment that waits in its operator's queue.
var waitsForTurn = support.ActionResult{
	Decision: support.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the payment waits for its turn at the operator, which has not answered its submission yet",
}

// awaitTakeUp waits for the first submission, and after a while has the payment say that it is
// taken up: it waits in its operator's queue, and the sweep must not expire it.
func (s *paymentWorkflow) awaitTakeUp(ctx workflow.Context, sending workflow.Future) error {
	waiting, stop := workflow.WithCancel(ctx)
	defer stop()
	late := workflow.NewTimerWithOptions(waiting, takeUpAfter, workflow.TimerOptions{Summary: "take up"})
	workflow.NewSelector(ctx).AddFuture(sending, func(workflow.Future) {}).
		AddFuture(late, func(workflow.Future) {}).Select(ctx)
	if sending.IsReady() {
		return nil
	}
	s.setDetails(ctx, waitsForOperator, "waiting for its turn at "+string(s.input.Current.Operator))
	_, err := call(ctx, ours(s.input.MerchantID, "take up"), do.TakeUp, s.input.PaymentID)
	return err
}

// submitInput is what the operator whose turn it is is asked to do.
func (s *paymentWorkflow) submitInput() activities.SubmitInput {
	return activities.SubmitInput{PaymentID: s.input.PaymentID, Candidate: s.input.Current, FailoverAfter: s.failoverAfter}
}

// mayFailover reports whether the payment goes to the next operator at once. Money that
// leaves us does so after a refusal only once the operator's status confirms it.
func (s *paymentWorkflow) mayFailover(submitted activities.SubmitResult) bool {
	if len(s.input.Fallbacks) == 0 || !submitted.NothingAtOperator {
		return false
	}
	return submitted.Outcome == activities.SubmitNotSent || !s.input.Kind.MoneyOut()
}

// failover gives the turn to the next operator, after an attempt that came to nothing.
func (s *paymentWorkflow) failover(ctx workflow.Context, after int) error {
	left := s.input.Current
	err := s.switchTo(ctx, s.input.Fallbacks[0], s.input.Fallbacks[1:], after)
	s.previous = left
	return err
}

// currentHolder returns the operator that has the payment, and what may come after it, when it is
// not the one whose turn it is: one to which an earlier telling of this story had passed
// it, or the one just left, to which a run that was thought to be dead had sent it after
// all. Of that one the payment stays for good.
func (s *paymentWorkflow) currentHolder(submitted activities.SubmitResult) (leg operator.RouteCandidate, next []operator.RouteCandidate, other bool) {
	has := func(l operator.RouteCandidate) bool { return l.Operator != "" && l.Operator == submitted.Operator }
	if i := slices.IndexFunc(s.input.Fallbacks, has); i >= 0 {
		return s.input.Fallbacks[i], s.input.Fallbacks[i+1:], true
	}
	return s.previous, nil, has(s.previous)
}

// switchTo makes leg the operator whose turn it is, with what may come after it. None is
// left behind.
func (s *paymentWorkflow) switchTo(ctx workflow.Context, leg operator.RouteCandidate, next []operator.RouteCandidate, after int) error {
	s.previous, s.input.Current, s.input.Fallbacks, s.failoverAfter = operator.RouteCandidate{}, leg, next, after
	return workflow.UpsertTypedSearchAttributes(ctx, Operator.ValueSet(string(leg.Operator)))
}

// retryAndPark gives the first answer, and goes on trying.
func (s *paymentWorkflow) retryAndPark(ctx workflow.Context, submitted activities.SubmitResult) (activities.SubmitResult, error) {
	down := submitted.Outcome == activities.SubmitNotSent || submitted.Outcome == activities.SubmitUnknown ||
		submitted.Outcome == activities.SubmitHeld
	s.releaseFirstResponse(lifecycle.FirstResponse{Unavailable: down})
	submitted, err := s.retryWhileUnavailable(ctx, submitted)
	if err != nil {
		return submitted, err
	}
	return s.park(ctx, submitted)
}

// retryWhileUnavailable tries an operator that is down again for a while, because nothing that could move
// money is there. Money that leaves us has time: it does not try an operator that is out of
// service, but waits for it.
//
// When that while is over, one last try decides: it has more time, so it also finds what a
// run that was cut off at the last moment may have left at the operator.
//
// Attempts that were renewed meanwhile are watched where the customer may still pay one. Most
// are not: the answer that was lost held all that anybody could pay or ask with.
func (s *paymentWorkflow) retryWhileUnavailable(ctx workflow.Context, submitted activities.SubmitResult) (activities.SubmitResult, error) {
	if s.mustPark(submitted) || submitted.Unserved || !submitted.MayRetry(s.input.Current) {
		return submitted, nil
	}
	s.deadline = workflow.Now(ctx).Add(retryWindow)
	s.setDetails(ctx, waitsForOperator, "operator unavailable; tried again until "+clockTime(s.deadline))
	insisting := s.submitInput()
	insisting.KeepRetrying = true
	again, err := call(ctx, within(theirs(s.input, prioritySubmit, "submit again"), retryWindow), do.Submit, insisting)
	if activities.TimedOut(err) {
		if err := workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
			return submitted, err
		}
		again, err = s.sent(ctx, start(ctx, submitting(s.input, "last try"), do.Submit, s.submitInput()))
	}
	if err != nil {
		return submitted, err
	}
	if again.EarlierAttempts {
		s.number = max(s.number, again.Number)
	}
	return again, nil
}

// mustPark reports whether the payment waits for its operator to come back into service.
func (s *paymentWorkflow) mustPark(submitted activities.SubmitResult) bool {
	return submitted.OperatorDown && s.input.Kind.MoneyOut()
}

// park keeps the payment until its operator is back, and then sends it when its turn on
// the ramp has come. Nothing of it has left, so it may end as unavailable when the
// operator stays away for too long.
func (s *paymentWorkflow) park(ctx workflow.Context, submitted activities.SubmitResult) (activities.SubmitResult, error) {
	until := workflow.Now(ctx).Add(operator.ParkFor)
	for tried := 0; s.mustPark(submitted); tried++ {
		s.deadline = until
		back, err := s.waitUntilUnparked(ctx, tried)
		if err != nil || !back {
			return submitted, err
		}
		if submitted, err = s.submitOnce(ctx); err != nil {
			return submitted, err
		}
		s.number, s.sentBefore = submitted.Number, submitted.FoundSent
		if submitted, err = s.retryWhileUnavailable(ctx, submitted); err != nil {
			return submitted, err
		}
	}
	return submitted, nil
}

// nothingSent is what support hears of a parked payment.
var nothingSent = support.ActionResult{
	Decision: support.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the operator is out of service; nothing was sent, and it will be when it is back",
}

// waitUntilUnparked waits until a payment that was tried in vain so often may be tried again, and reports
// false when that took too long. What support asks for meanwhile is answered at once: there
// is nothing to ask.
func (s *paymentWorkflow) waitUntilUnparked(ctx workflow.Context, tried int) (bool, error) {
	left := s.deadline.Sub(workflow.Now(ctx))
	if left <= 0 {
		return false, nil
	}
	s.setDetails(ctx, waitsForOperator, "parked: "+string(s.input.Current.Operator)+
		" is out of service; sent when it is back, given up at "+dateTime(s.deadline))
	parked := start(ctx, parking(s.input.MerchantID, left), do.WaitUntilUnparked,
		activities.ParkInput{PaymentID: s.input.PaymentID, Operator: s.input.Current.Operator, Tried: tried})
	if err := s.answering(ctx, parked.future, nothingSent); err != nil {
		return false, err
	}
	back, err := parked.get(ctx)
	if activities.TimedOut(err) {
		return false, nil
	}
	return back, err
}
