package workflows

import (
	"errors"
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

// arrival is an open case about money that no payment expects.
type arrival struct {
	id    support.CaseID
	cause support.Cause
}

// unplaced reports whether an operator tells of money under the latest attempt that has no
// place in the books yet.
func (s *paymentWorkflow) unplaced(r operator.OperatorResult) bool {
	return r.Outcome == pirogue.OutcomePaid && r.Moved(s.input.Amount) > s.booked
}

// handleSecondPayment places what moved under the latest attempt beside what has its place: a second
// payment of the same order. It comes back to its payer where the merchant's policy says so,
// and waits for a person otherwise.
func (s *paymentWorkflow) handleSecondPayment(ctx workflow.Context, r operator.OperatorResult, status pirogue.Status) error {
	if !s.unplaced(r) {
		return nil
	}
	id, err := s.openCase(ctx, support.CauseSecondPayment, r)
	if err != nil || id == "" {
		return err
	}
	s.leaveCase(id, support.CauseSecondPayment)
	return s.settleNext(ctx, support.CauseSecondPayment, status)
}

// verify asks about a payment that is SUCCESS, because a callback or a lost workflow gives a
// reason to. More money has its case, and so has a success that the operator takes back: of
// that nothing is moved before people say so.
func (s *paymentWorkflow) verify(ctx workflow.Context, status pirogue.Status) error {
	s.booked = max(s.booked, s.input.Amount.Minor)
	options := within(theirs(s.input, priorityVerify, "verify success"), 2*activities.ProofSpan(s.input.Current))
	receipt, err := call(ctx, options, do.AskStatus, activities.StatusInput{
		PaymentID: s.input.PaymentID, Pace: activities.Long, Candidate: s.input.Current, AlreadyBooked: s.booked,
	})
	v := support.ActionResult{
		Decision: support.DecisionWaiting, Status: status,
		Reason: "the operator was asked; it says nothing, or not often enough to prove anything",
	}
	switch {
	case activities.TimedOut(err): // or it does not say what a callback says
		return errors.Join(s.replyToActions(ctx, v, ofKind(support.ActionRecheck)), s.watchClaim(ctx, status))
	case err != nil:
		return err
	case receipt.Outcome == pirogue.OutcomeDeclined || receipt.Outcome == pirogue.OutcomeExpired:
		return s.handleReversal(ctx, status, receipt)
	case s.unplaced(receipt):
		return s.handleSecondPayment(ctx, receipt, status)
	}
	v.Decision, v.Reason, v.Evidence = support.DecisionSettled, "the operator says that it was paid", receipt.Message
	return s.replyToActions(ctx, v, ofKind(support.ActionRecheck))
}

// handleReversal opens the case of a success that the operator takes back, and waits for people.
func (s *paymentWorkflow) handleReversal(ctx workflow.Context, status pirogue.Status, r operator.OperatorResult) error {
	id, err := s.open(ctx, activities.OpenCaseInput{
		PaymentID: s.input.PaymentID, Cause: support.CauseReversed, Note: "the operator takes the success back: " + r.Message,
	})
	if err != nil || id == "" {
		return err
	}
	return s.settleNext(ctx, support.CauseReversed, status)
}

// byPolicy begins to give the money of a case back to its payer if it came in and the merchant
// wants late money returned. The case stays open until the money is back; see settleNext.
func (s *paymentWorkflow) byPolicy(ctx workflow.Context, id support.CaseID) error {
	returns, err := s.returnsLate(ctx)
	if err == nil && returns {
		_, err = call(ctx, ours(s.input.MerchantID, "give back"), do.GiveBack, activities.ReturnRequest{Case: id})
	}
	return err
}

// returnsLate reports whether money that comes late goes back to its payer by itself.
func (s *paymentWorkflow) returnsLate(ctx workflow.Context) (bool, error) {
	if s.input.Kind.MoneyOut() {
		return false, nil
	}
	policy, err := call(ctx, ours(s.input.MerchantID, "late policy"), do.Policy, s.input.MerchantID)
	return policy == pirogue.LateReturn, err
}

// leaveCase leaves a case to be settled.
func (s *paymentWorkflow) leaveCase(id support.CaseID, cause support.Cause) {
	s.arrived = append(s.arrived, arrival{id, cause})
}

// untilCalled waits for support while a case is open. What arrives under the latest attempt
// meanwhile, until the deadline or told by a callback, has a case of its own.
func (s *paymentWorkflow) untilCalled(ctx workflow.Context) error {
	for !s.hasPendingAction() {
		receipt, err := s.listen(ctx)
		if err != nil {
			return err
		}
		if !s.unplaced(receipt) {
			continue
		}
		id, err := s.openCase(ctx, support.CauseSecondPayment, receipt)
		if err != nil || id == "" {
			return err
		}
		s.leaveCase(id, support.CauseSecondPayment)
		if err := s.byPolicy(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// listen returns what the operator says when a callback gives a reason to ask it, or when
// more money has moved. It returns a pending answer when support calls.
func (s *paymentWorkflow) listen(ctx workflow.Context) (operator.OperatorResult, error) {
	pending := operator.OperatorResult{Outcome: pirogue.OutcomePending}
	if s.drainCallbacks() {
		if err := s.askEarlier(ctx); err != nil {
			return pending, err
		}
		return s.askStatus(ctx, "verify callback")
	}
	left := s.deadline.Sub(workflow.Now(ctx))
	if left <= 0 {
		return pending, workflow.Await(ctx, s.disturbed)
	}
	asking, stop := workflow.WithCancel(ctx)
	defer stop()
	poll := start(asking, within(theirs(s.input, priorityPoll, "watch for more"), left), do.AskStatus, activities.StatusInput{
		PaymentID: s.input.PaymentID, Pace: activities.Slow, Candidate: s.input.Current, AlreadyBooked: s.booked,
	})
	if err := workflow.Await(ctx, func() bool { return s.disturbed() || poll.future.IsReady() }); err != nil {
		return pending, err
	}
	if !poll.future.IsReady() {
		return pending, nil
	}
	receipt, err := poll.get(ctx)
	if !activities.TimedOut(err) {
		return receipt, err
	}
	if rang, err := s.sleepUnlessPrompted(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil || rang {
		return pending, err
	}
	return s.askStatus(ctx, "last look")
}

// disturbed reports whether support or a callback waits to be heard.
func (s *paymentWorkflow) disturbed() bool {
	return len(s.actions.waiting) > 0 || s.callbacksSeen < maxCallbacks && s.callbacks.Len() > 0
}

// earlierOne is an attempt that another one has followed.
type earlierOne struct {
	activities.EarlierAttempt

	placed   int64 // minor units that moved under it and have a case
	watched  bool  // it is watched, or was
	unserved bool  // nobody answered the last question
}

// readEarlier learns which attempts before the latest something may have left by. A payment
// with one attempt has none, and reads nothing.
func (s *paymentWorkflow) readEarlier(ctx workflow.Context) error {
	if s.number <= max(s.readTo, 1) {
		return nil
	}
	attempts, err := call(ctx, ours(s.input.MerchantID, "earlier attempts"), do.EarlierAttempts, s.input.PaymentID)
	if err != nil {
		return err
	}
	for _, one := range attempts {
		if !one.Now.IsZero() { // the row's time, by the clock that workflows go by
			one.Until = one.Until.Add(workflow.Now(ctx).Sub(one.Now))
		}
		if slices.ContainsFunc(s.earlier, func(e *earlierOne) bool { return e.Number == one.Number }) {
			continue
		}
		e := &earlierOne{EarlierAttempt: one, watched: one.Gone}
		s.earlier = append(s.earlier, e)
		if one.Gone {
			if err := s.doubt(ctx, e); err != nil {
				return err
			}
		}
	}
	s.readTo = s.number
	return nil
}

// askEarlier asks about every earlier attempt, because a callback may be about any.
func (s *paymentWorkflow) askEarlier(ctx workflow.Context) error {
	if err := s.readEarlier(ctx); err != nil {
		return err
	}
	for _, one := range s.earlier {
		if one.Gone || one.unserved { // an open payment does not wait for it a second time
			continue
		}
		if err := s.askOf(ctx, one, "verify callback"); err != nil {
			return err
		}
	}
	return nil
}

// askOf puts one question about an earlier attempt and places what moved under it.
func (s *paymentWorkflow) askOf(ctx workflow.Context, one *earlierOne, why string) error {
	order, question := s.about(one, activities.Once)
	receipt, served, err := s.put(ctx, order, priorityVerify, why, question)
	if err != nil {
		return err
	}
	one.unserved = !served
	return s.bookArrival(ctx, one, receipt)
}

// doubt opens the case of an earlier attempt that nobody can ask about. The payment goes on.
func (s *paymentWorkflow) doubt(ctx workflow.Context, one *earlierOne) error {
	id, err := s.open(ctx, activities.OpenCaseInput{
		PaymentID: s.input.PaymentID, Cause: support.CauseEarlierUnknown, Attempt: one.Number,
		Note: fmt.Sprintf("attempt %d may be at %s, which nobody can ask any more", one.Number, one.Candidate.Operator),
	})
	if err != nil || id == "" {
		return err
	}
	s.leaveCase(id, support.CauseEarlierUnknown)
	return nil
}

// about returns the order as the operator of an earlier attempt has it, and a question.
func (s *paymentWorkflow) about(one *earlierOne, pace activities.Pace) (lifecycle.PaymentInput, activities.StatusInput) {
	order := s.input
	order.Current = one.Candidate
	return order, activities.StatusInput{
		PaymentID: order.PaymentID, Pace: pace, Candidate: one.Candidate, Number: one.Number, AlreadyBooked: one.placed,
	}
}

// bookArrival opens the case of money under an earlier attempt: the payment has another one, which
// may be paid as well. It goes back as the merchant's policy says.
func (s *paymentWorkflow) bookArrival(ctx workflow.Context, one *earlierOne, r operator.OperatorResult) error {
	if r.Outcome != pirogue.OutcomePaid || r.Moved(s.input.Amount) <= one.placed {
		return nil
	}
	trouble := s.trouble(support.CauseEarlierPaid, r)
	trouble.Attempt = one.Number
	trouble.Note = fmt.Sprintf("attempt %d at %s: %s", one.Number, one.Candidate.Operator, trouble.Note)
	id, err := s.open(ctx, trouble)
	if err != nil {
		return err
	}
	one.placed = r.Moved(s.input.Amount)
	if id == "" {
		return nil
	}
	s.leaveCase(id, support.CauseEarlierPaid)
	return s.byPolicy(ctx, id)
}

// watchEarlier begins to watch every earlier attempt of a payment that has ended.
func (s *paymentWorkflow) watchEarlier(ctx workflow.Context) error {
	if err := s.readEarlier(ctx); err != nil {
		return err
	}
	for _, one := range s.earlier {
		if one.watched {
			continue
		}
		one.watched = true
		s.watches++
		workflow.Go(ctx, func(ctx workflow.Context) {
			err := s.watchAttempt(ctx, one)
			s.watches--
			if err != nil && s.broken == nil {
				s.broken = err
			}
		})
	}
	return nil
}

// watchAttempt looks for money under an earlier attempt until its operator's horizon, and once more
// when that has passed.
func (s *paymentWorkflow) watchAttempt(ctx workflow.Context, one *earlierOne) error {
	for {
		left := one.Until.Sub(workflow.Now(ctx))
		if left <= 0 {
			if err := s.askOf(ctx, one, "last look"); err != nil || !one.unserved {
				return err
			}
			return s.doubt(ctx, one)
		}
		order, question := s.about(one, activities.Slow)
		summary := fmt.Sprintf("watch attempt %d", one.Number)
		receipt, err := call(ctx, within(theirs(order, priorityPoll, summary), left), do.AskStatus, question)
		if activities.TimedOut(err) { // up to one question early: none more fits in
			err = workflow.Sleep(ctx, max(one.Until.Sub(workflow.Now(ctx)), time.Second))
		} else if err == nil {
			err = s.bookArrival(ctx, one, receipt)
		}
		if err != nil {
			return err
		}
	}
}

// awaitEarlier keeps a payment that has ended reachable until its earlier attempts need no
// watch any more and nothing of theirs waits for a person.
func (s *paymentWorkflow) awaitEarlier(ctx workflow.Context, status pirogue.Status) error {
	for s.watches > 0 || len(s.arrived) > 0 {
		if len(s.arrived) > 0 {
			if err := s.settleNext(ctx, s.arrived[0].cause, status); err != nil {
				return err
			}
			continue
		}
		s.setDetails(ctx, waitsForNothing, string(status)+"; earlier attempts are watched for money")
		err := workflow.Await(ctx, func() bool { return s.watches == 0 || len(s.arrived) > 0 || s.disturbed() })
		if err != nil {
			return err
		}
		if err := s.disturb(ctx, status); err != nil {
			return err
		}
	}
	return s.broken
}

// disturb answers support, and asks about every attempt when a callback came, of a payment
// that has ended and whose earlier attempts are watched.
func (s *paymentWorkflow) disturb(ctx workflow.Context, status pirogue.Status) error {
	if s.drainCallbacks() {
		if err := s.askEarlier(ctx); err != nil || !succeeded(status) {
			return err
		}
		return s.verify(ctx, status)
	}
	if succeeded(status) && s.asked(support.ActionRecheck) {
		return s.verify(ctx, status)
	}
	return s.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionRefused, Status: status,
		Reason: "the payment has ended; its earlier attempts are watched for money",
	}, everyAction)
}
