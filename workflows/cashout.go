package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// patience is how long questions go on, past the horizon, before they are asked anew:
// it bounds nothing but the history of one activity.
const patience = 30 * 24 * time.Hour

// CashOut pays a merchant's money into a wallet.
//
// The money is held already. The payment is submitted once, and then its status is
// asked until the operator's word is final: whether it accepted, refused or never
// answered, only its status tells. A success takes the hold, a failure that is proven
// frees it. Unknown is neither: it keeps the hold and the story open until the
// operator, or two people with evidence, settle it. No timer does.
func CashOut(ctx workflow.Context, order pirogue.Order) (pirogue.Status, error) {
	return perform(ctx, order, (*story).payOut)
}

// payOut is the story of money that leaves us.
func (s *story) payOut(ctx workflow.Context) (pirogue.Status, error) {
	for {
		submitted, receipt, err := s.carry(ctx)
		switch {
		case err != nil:
			return "", err
		case submitted.Class == activities.Over:
			return s.over(ctx, submitted.Status)
		case !unsent(submitted, receipt):
			return s.paidOut(ctx, submitted, receipt)
		}
		if status, ended, err := s.endUnsent(ctx, submitted, receipt); err != nil || ended {
			return status, err
		}
	}
}

// paidOut ends a payment by its operator's final word.
func (s *story) paidOut(
	ctx workflow.Context, submitted activities.Submitted, receipt pirogue.Receipt,
) (pirogue.Status, error) {
	if receipt.Outcome == pirogue.OutcomePaid && s.differs(receipt) {
		return s.paid(ctx, receipt)
	}
	if err := s.known(ctx); err != nil {
		return "", err
	}
	if receipt.Outcome == pirogue.OutcomePaid {
		return s.paid(ctx, receipt)
	}
	return s.endAndWatch(ctx, s.refusal(submitted, receipt))
}

// carry submits the payment and learns what became of it. A refusal for a reason of the
// operator's own, once its status confirms it, is the next operator's chance.
func (s *story) carry(ctx workflow.Context) (activities.Submitted, pirogue.Receipt, error) {
	for {
		submitted, err := s.submit(ctx)
		if err != nil || submitted.Class == activities.Over || unsent(submitted, pirogue.Receipt{}) {
			return submitted, pirogue.Receipt{}, err
		}
		receipt, err := s.learn(ctx)
		if err != nil {
			return submitted, receipt, err
		}
		refused := submitted.Class == activities.Declined && receipt.Outcome == pirogue.OutcomeDeclined
		if !refused || !submitted.Free || s.bySupport || len(s.order.Next) == 0 {
			return submitted, receipt, nil
		}
		if err := errors.Join(s.known(ctx), s.pass(ctx, submitted.Number)); err != nil {
			return submitted, receipt, err
		}
		s.overdue = false
	}
}

// known closes the case of an outcome that was unknown for too long, also one that an
// earlier telling of this story had opened.
func (s *story) known(ctx workflow.Context) error {
	if !s.overdue && !s.found {
		return nil
	}
	_, err := call(ctx, ours(s.order.MerchantID, "close case"), do.CloseCase,
		pirogue.NewCaseID(s.order.PaymentID, pirogue.CauseUnknown))
	if err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}

// refusal is the ending of a payment that is proven not to have happened.
func (s *story) refusal(submitted activities.Submitted, receipt pirogue.Receipt) activities.Ending {
	switch {
	case s.bySupport:
		return failed(pirogue.FailedBySupport, receipt.Words)
	case submitted.Class == activities.Declined:
		return failed(pirogue.FailedRefused, submitted.Words)
	case submitted.Class == activities.Unsure:
		return failed(pirogue.FailedUnavailable, receipt.Words)
	default:
		return failed(pirogue.FailedDeclined, receipt.Words)
	}
}

// learn returns the operator's final word, however long it takes. Past the operator's
// horizon a case calls for a person, and the questions go on.
func (s *story) learn(ctx workflow.Context) (pirogue.Receipt, error) {
	s.deadline = s.horizonEnd(ctx)
	for {
		limit := patience
		if !s.overdue {
			limit = max(s.deadline.Sub(workflow.Now(ctx)), time.Second)
		}
		s.tellLearning(ctx)
		receipt, word, err := s.follow(ctx, activities.Long, limit)
		switch {
		case activities.TimedOut(err) && s.overdue:
			continue
		case activities.TimedOut(err):
			receipt, err = s.callForAPerson(ctx)
		case err == nil && word == polled:
			return receipt, nil
		}
		if err != nil || receipt.Outcome != pirogue.OutcomePending {
			return receipt, err
		}
	}
}

// callForAPerson asks once more at the horizon, for only then is the operator's word
// worth more, and opens the case of an outcome that nobody knows.
func (s *story) callForAPerson(ctx workflow.Context) (pirogue.Receipt, error) {
	if rang, err := s.sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil || rang {
		return pirogue.Receipt{Outcome: pirogue.OutcomePending}, err
	}
	receipt, err := s.ask(ctx, "the horizon has passed")
	if err != nil || receipt.Outcome != pirogue.OutcomePending {
		return receipt, err
	}
	s.overdue = true
	_, err = s.openCase(ctx, pirogue.CauseUnknown, receipt)
	return receipt, err
}

// sleep waits without asking, until support or a callback gives a reason to: questions
// end up to one early, when none more fits in.
func (s *story) sleep(ctx workflow.Context, d time.Duration) (rang bool, err error) {
	if d <= 0 {
		return false, nil
	}
	return workflow.AwaitWithTimeout(ctx, d, func() bool {
		return len(s.desk.waiting) > 0 || s.heard < maxCallbacks && s.callbacks.Len() > 0
	})
}

// tellLearning shows what an outgoing payment waits for.
func (s *story) tellLearning(ctx workflow.Context) {
	if s.overdue {
		s.tell(ctx, waitsForSupport, "the outcome is unknown past the operator's horizon; a person must settle it")
		return
	}
	next := hour(workflow.Now(ctx).Add(activities.Long.Cadence(1)))
	s.tell(ctx, waitsForOperator, "waiting for the operator; next poll "+next+"; a person is called at "+day(s.deadline))
}
