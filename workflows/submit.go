package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// insistFor is how long an operator that is down is tried again.
const insistFor = time.Minute

// submit sends the payment and gives the API its first answer. Where nothing could be
// sent, or the operator refused for a reason of its own, the next one of the route is
// tried; what may be at an operator is never sent to another.
func (s *story) submit(ctx workflow.Context) (activities.Submitted, error) {
	for {
		submitted, err := s.try(ctx)
		if err != nil {
			return submitted, err
		}
		s.number, s.found = submitted.Number, submitted.Found
		if leg, next, other := s.holder(submitted); other {
			if err := s.turnTo(ctx, leg, next, 0); err != nil {
				return submitted, err
			}
			continue
		}
		if s.passes(submitted) {
			if err := s.pass(ctx, submitted.Number); err != nil {
				return submitted, err
			}
			continue
		}
		submitted, err = s.insist(ctx, submitted)
		if err != nil || submitted.Class != activities.Held {
			return submitted, err
		}
		if resumed, err := s.held(ctx, submitted.Words); err != nil || !resumed {
			return submitted, err
		}
	}
}

// takeUpAfter says how long a payment may wait in its operator's queue before its row says
// that it is taken up: well before its start deadline.
const takeUpAfter = 20 * time.Second

// try sends the payment to the operator whose turn it is, once.
func (s *story) try(ctx workflow.Context) (activities.Submitted, error) {
	s.tell(ctx, waitsForOperator, "submitting to "+string(s.order.Leg.Operator))
	sending := start(ctx, submitting(s.order, "submit"), do.Submit, s.submission())
	if s.number == 0 {
		if err := s.takeUp(ctx, sending.future); err != nil {
			return activities.Submitted{}, err
		}
	}
	if err := s.answering(ctx, sending.future, waitsForTurn); err != nil {
		return activities.Submitted{}, err
	}
	return s.sent(ctx, sending)
}

// waitsForTurn holds what support hears of a payment that waits in its operator's queue.
var waitsForTurn = pirogue.Verdict{
	Decision: pirogue.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the payment waits for its turn at the operator, which has not answered its submission yet",
}

// takeUp waits for the first submission, and after a while has the payment say that it is
// taken up: it waits in its operator's queue, and the sweep must not expire it.
func (s *story) takeUp(ctx workflow.Context, sending workflow.Future) error {
	waiting, stop := workflow.WithCancel(ctx)
	defer stop()
	late := workflow.NewTimerWithOptions(waiting, takeUpAfter, workflow.TimerOptions{Summary: "take up"})
	workflow.NewSelector(ctx).AddFuture(sending, func(workflow.Future) {}).
		AddFuture(late, func(workflow.Future) {}).Select(ctx)
	if sending.IsReady() {
		return nil
	}
	s.tell(ctx, waitsForOperator, "waiting for its turn at "+string(s.order.Leg.Operator))
	_, err := call(ctx, ours(s.order.MerchantID, "take up"), do.TakeUp, s.order.PaymentID)
	return err
}

// submission is what the operator whose turn it is is asked to do.
func (s *story) submission() activities.Submission {
	return activities.Submission{PaymentID: s.order.PaymentID, Leg: s.order.Leg, After: s.after}
}

// passes reports whether the payment goes to the next operator at once. Money that
// leaves us does so after a refusal only once the operator's status confirms it.
func (s *story) passes(submitted activities.Submitted) bool {
	if len(s.order.Next) == 0 || !submitted.Free {
		return false
	}
	return submitted.Class == activities.Unavailable || !s.order.Kind.MoneyOut()
}

// pass gives the turn to the next operator, after an attempt that came to nothing.
func (s *story) pass(ctx workflow.Context, after int) error {
	left := s.order.Leg
	err := s.turnTo(ctx, s.order.Next[0], s.order.Next[1:], after)
	s.left = left
	return err
}

// holder returns the operator that has the payment, and what may come after it, when it is
// not the one whose turn it is: one to which an earlier telling of this story had passed
// it, or the one just left, to which a run that was thought to be dead had sent it after
// all. Of that one the payment stays for good.
func (s *story) holder(submitted activities.Submitted) (leg pirogue.Leg, next []pirogue.Leg, other bool) {
	has := func(l pirogue.Leg) bool { return l.Operator != "" && l.Operator == submitted.Operator }
	if i := slices.IndexFunc(s.order.Next, has); i >= 0 {
		return s.order.Next[i], s.order.Next[i+1:], true
	}
	return s.left, nil, has(s.left)
}

// turnTo makes leg the operator whose turn it is, with what may come after it. None is
// left behind.
func (s *story) turnTo(ctx workflow.Context, leg pirogue.Leg, next []pirogue.Leg, after int) error {
	s.left, s.order.Leg, s.order.Next, s.after = pirogue.Leg{}, leg, next, after
	return workflow.UpsertTypedSearchAttributes(ctx, Operator.ValueSet(string(leg.Operator)))
}

// insist gives the first answer, and goes on trying.
func (s *story) insist(ctx workflow.Context, submitted activities.Submitted) (activities.Submitted, error) {
	down := submitted.Class == activities.Unavailable || submitted.Class == activities.Unsure ||
		submitted.Class == activities.Held
	s.answer(pirogue.FirstAnswer{Unavailable: down})
	submitted, err := s.persist(ctx, submitted)
	if err != nil {
		return submitted, err
	}
	return s.park(ctx, submitted)
}

// persist tries an operator that is down again for a while, because nothing that could move
// money is there. Money that leaves us has time: it does not try an operator that is out of
// service, but waits for it.
//
// When that while is over, one last try decides: it has more time, so it also finds what a
// run that was cut off at the last moment may have left at the operator.
//
// Attempts that were renewed meanwhile are watched where the customer may still pay one. Most
// are not: the answer that was lost held all that anybody could pay or ask with.
func (s *story) persist(ctx workflow.Context, submitted activities.Submitted) (activities.Submitted, error) {
	if s.parks(submitted) || submitted.Unserved || !submitted.Repeatable(s.order.Leg) {
		return submitted, nil
	}
	s.deadline = workflow.Now(ctx).Add(insistFor)
	s.tell(ctx, waitsForOperator, "operator unavailable; tried again until "+hour(s.deadline))
	insisting := s.submission()
	insisting.Insist = true
	again, err := call(ctx, within(theirs(s.order, prioritySubmit, "submit again"), insistFor), do.Submit, insisting)
	if activities.TimedOut(err) {
		if err := workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
			return submitted, err
		}
		again, err = s.sent(ctx, start(ctx, submitting(s.order, "last try"), do.Submit, s.submission()))
	}
	if err != nil {
		return submitted, err
	}
	if again.Earlier {
		s.number = max(s.number, again.Number)
	}
	return again, nil
}

// parks reports whether the payment waits for its operator to come back into service.
func (s *story) parks(submitted activities.Submitted) bool {
	return submitted.Down && s.order.Kind.MoneyOut()
}

// park keeps the payment until its operator is back, and then sends it when its turn on
// the ramp has come. Nothing of it has left, so it may end as unavailable when the
// operator stays away for too long.
func (s *story) park(ctx workflow.Context, submitted activities.Submitted) (activities.Submitted, error) {
	until := workflow.Now(ctx).Add(pirogue.ParkFor)
	for tried := 0; s.parks(submitted); tried++ {
		s.deadline = until
		back, err := s.away(ctx, tried)
		if err != nil || !back {
			return submitted, err
		}
		if submitted, err = s.try(ctx); err != nil {
			return submitted, err
		}
		s.number, s.found = submitted.Number, submitted.Found
		if submitted, err = s.persist(ctx, submitted); err != nil {
			return submitted, err
		}
	}
	return submitted, nil
}

// nothingSent is what support hears of a parked payment.
var nothingSent = pirogue.Verdict{
	Decision: pirogue.DecisionRefused, Status: pirogue.StatusPending,
	Reason: "the operator is out of service; nothing was sent, and it will be when it is back",
}

// away waits until a payment that was tried in vain so often may be tried again, and reports
// false when that took too long. What support asks for meanwhile is answered at once: there
// is nothing to ask.
func (s *story) away(ctx workflow.Context, tried int) (bool, error) {
	left := s.deadline.Sub(workflow.Now(ctx))
	if left <= 0 {
		return false, nil
	}
	s.tell(ctx, waitsForOperator, "parked: "+string(s.order.Leg.Operator)+
		" is out of service; sent when it is back, given up at "+day(s.deadline))
	parked := start(ctx, parking(s.order.MerchantID, left), do.Park,
		activities.Parking{PaymentID: s.order.PaymentID, Operator: s.order.Leg.Operator, Tried: tried})
	if err := s.answering(ctx, parked.future, nothingSent); err != nil {
		return false, err
	}
	back, err := parked.get(ctx)
	if activities.TimedOut(err) {
		return false, nil
	}
	return back, err
}
