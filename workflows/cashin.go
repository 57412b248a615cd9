package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// insistFor is how long an operator that is down is tried again.
const insistFor = time.Minute

// CashIn collects money from a customer for a merchant.
//
// The payment is submitted, its status is asked until the operator's word is final
// or the customer's time is over, and the end is booked and told to the merchant.
// A callback only makes the question come sooner. After EXPIRED or FAILED a slow
// watch goes on, because money can come late; and an amount that is not the order's
// is never a success.
func CashIn(ctx workflow.Context, order pirogue.Order) (pirogue.Status, error) {
	s, err := open(ctx, order)
	if err != nil {
		return "", err
	}

	submitted, err := s.submit(ctx)
	if err != nil {
		return "", err
	}
	switch submitted.Class {
	case activities.Over:
		return s.over(ctx, submitted.Status)
	case activities.Declined:
		return s.end(ctx, failed(pirogue.FailedRefused, submitted.Words))
	case activities.Unavailable:
		return s.end(ctx, failed(pirogue.FailedUnavailable, submitted.Words))
	case activities.Accepted, activities.Unsure:
	}

	receipt, err := s.await(ctx)
	if err != nil {
		return "", err
	}
	switch receipt.Outcome {
	case pirogue.OutcomePaid:
		return s.paid(ctx, receipt)
	case pirogue.OutcomeDeclined:
		return s.endAndWatch(ctx, failed(pirogue.FailedDeclined, receipt.Words))
	default:
		return s.endAndWatch(ctx, expired(receipt.Words))
	}
}

// submit sends the payment and gives the API its first answer. An operator that is
// down is tried again for a while, because nothing that could move money is there.
//
// When that while is over, one last try decides: it has no end of its own, so it also
// finds what a run that was cut off at the last moment may have left at the operator.
func (s *story) submit(ctx workflow.Context) (activities.Submitted, error) {
	s.tell(ctx, waitsForOperator, "submitting to "+string(s.order.Leg.Operator))
	in := activities.Submission{PaymentID: s.order.PaymentID, Leg: s.order.Leg}
	submitted, err := call(ctx, theirs(s.order, prioritySubmit, "submit"), do.Submit, in)
	if err != nil {
		return submitted, err
	}
	s.answer(pirogue.FirstAnswer{Unavailable: submitted.Class == activities.Unavailable})
	if submitted.Class != activities.Unavailable {
		return submitted, nil
	}

	s.deadline = workflow.Now(ctx).Add(insistFor)
	s.tell(ctx, waitsForOperator, "operator unavailable; tried again until "+hour(s.deadline))
	insisting := in
	insisting.Insist = true
	again, err := call(ctx, within(theirs(s.order, prioritySubmit, "submit again"), insistFor), do.Submit, insisting)
	if !activities.TimedOut(err) {
		return again, err
	}
	if err := workflow.Sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
		return submitted, err
	}
	return call(ctx, theirs(s.order, prioritySubmit, "last try"), do.Submit, in)
}

// await returns the operator's final word, or a pending one when the window and one
// last question brought none.
func (s *story) await(ctx workflow.Context) (pirogue.Receipt, error) {
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Window)
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			return s.ask(ctx, "last question")
		}
		s.tellWaiting(ctx)
		receipt, heard, err := s.follow(ctx, activities.Brisk, left)
		switch {
		case activities.TimedOut(err): // up to one question early: none more fits in
			s.callbacks.ReceiveWithTimeout(ctx, s.deadline.Sub(workflow.Now(ctx)), nil)
			return s.ask(ctx, "last question")
		case err != nil || !heard || receipt.Outcome != pirogue.OutcomePending:
			return receipt, err
		}
	}
}

// paid ends a payment whose operator says that it was paid. Another amount or
// currency than the order's is never a success: the money waits in suspense, and
// the payment stays PENDING and in sight until a person settles it.
func (s *story) paid(ctx workflow.Context, receipt pirogue.Receipt) (pirogue.Status, error) {
	if !s.differs(receipt) {
		return s.end(ctx, s.success(receipt))
	}
	if err := s.openCase(ctx, pirogue.CauseAmountMismatch, receipt); err != nil {
		return "", err
	}
	s.tell(ctx, waitsForSupport, "another amount was paid than ordered; a person must settle it")
	ctx.Done().Receive(ctx, nil)
	return pirogue.StatusPending, ctx.Err()
}

// endAndWatch ends a payment without success and goes on looking, slowly, for money
// that comes late. The merchant's policy says what becomes of it.
func (s *story) endAndWatch(ctx workflow.Context, ending activities.Ending) (pirogue.Status, error) {
	status, err := s.end(ctx, ending)
	if err != nil || status != ending.Status {
		return status, err
	}
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Horizon)
	receipt, paid, err := s.watch(ctx)
	if err != nil || !paid {
		return status, err
	}
	if s.differs(receipt) {
		return status, s.openCase(ctx, pirogue.CauseAmountMismatch, receipt)
	}
	policy, err := call(ctx, ours(s.order.MerchantID, "late policy"), do.Policy, s.order.MerchantID)
	if err != nil {
		return status, err
	}
	if policy == pirogue.LateAccept && status == pirogue.StatusExpired {
		late := s.success(receipt)
		late.From = pirogue.StatusExpired
		return s.end(ctx, late)
	}
	return status, s.openCase(ctx, pirogue.CauseLateSuccess, receipt)
}

// watch looks for late money until the operator's horizon. It reports whether any
// came.
func (s *story) watch(ctx workflow.Context) (pirogue.Receipt, bool, error) {
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			return pirogue.Receipt{}, false, nil
		}
		s.tell(ctx, waitsForNothing, "ended; watching for a late success until "+hour(s.deadline))
		receipt, _, err := s.follow(ctx, activities.Slow, left)
		switch {
		case activities.TimedOut(err):
			return receipt, false, nil
		case err != nil || receipt.Outcome == pirogue.OutcomePaid:
			return receipt, err == nil, err
		}
	}
}
