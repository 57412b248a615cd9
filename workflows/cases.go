package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// paid ends a payment whose operator says that it was paid. Another amount, currency
// or counterparty than the order's is never a success: the money waits in suspense,
// and the payment stays PENDING and in sight until a person settles it.
func (s *story) paid(ctx workflow.Context, receipt pirogue.Receipt) (pirogue.Status, error) {
	if !s.differs(receipt) {
		status, err := s.end(ctx, s.success(receipt))
		switch {
		case err != nil || status.Terminal() && status != pirogue.StatusSuccess:
			return status, err
		case status == pirogue.StatusSuccess:
			return status, s.second(ctx, receipt, status)
		} // its money waits in suspense already
	}
	cause := mismatch(receipt)
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Horizon)
	id, err := s.openCase(ctx, cause, receipt)
	if err != nil {
		return "", err
	}
	s.leave(id, cause)
	if err := s.settled(ctx, cause, pirogue.StatusPending); err != nil {
		return "", err
	}
	return s.end(ctx, failed(pirogue.FailedBySupport, string(cause)))
}

// mismatch is the cause of a case about something that is not as it was ordered.
func mismatch(r pirogue.Receipt) pirogue.Cause {
	if r.Mismatch == "counterparty" {
		return pirogue.CauseMismatch
	}
	return pirogue.CauseAmountMismatch
}

// openCase books money that no payment expects and calls for a person. It returns the case.
func (s *story) openCase(ctx workflow.Context, cause pirogue.Cause, r pirogue.Receipt) (pirogue.CaseID, error) {
	trouble := s.trouble(cause, r)
	if cause == pirogue.CauseUnknown {
		trouble.Note, trouble.Paid, trouble.Again = "the operator's horizon has passed: "+r.Words, 0, s.ended
	}
	id, err := s.open(ctx, trouble)
	if err == nil && cause != pirogue.CauseUnknown {
		s.placed = max(s.placed, r.Moved(s.order.Amount))
	}
	return id, err
}

// trouble is what a case about money says: the order, and all that moved.
func (s *story) trouble(cause pirogue.Cause, r pirogue.Receipt) activities.Trouble {
	paid := s.order.Amount
	if r.Amount != (pirogue.Money{}) {
		paid = r.Amount
	}
	trouble := activities.Trouble{
		PaymentID: s.order.PaymentID, Cause: cause, Note: fmt.Sprintf("ordered %s, paid %s", s.order.Amount, paid),
	}
	if r.Extra.Minor > 0 {
		trouble.Note += fmt.Sprintf(" and %s beside it", r.Extra)
	}
	if paid.Currency == s.order.Amount.Currency {
		trouble.Paid = r.Moved(s.order.Amount)
	}
	return trouble
}

// open opens a case and returns it; "" when there is nothing to settle.
func (s *story) open(ctx workflow.Context, trouble activities.Trouble) (pirogue.CaseID, error) {
	summary := "open case " + string(trouble.Cause)
	id, err := call(ctx, ours(s.order.MerchantID, summary), do.OpenCase, trouble)
	if err != nil || id == "" {
		return "", err
	}
	return id, workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(true))
}

// giveBack returns the money of every open case to its payer and reports whether there is a
// way to.
func (s *story) giveBack(ctx workflow.Context) (bool, error) {
	open, err := call(ctx, ours(s.order.MerchantID, "open cases"), do.UnplacedCases, s.order.PaymentID)
	if err != nil {
		return false, err
	}
	for _, id := range open {
		back, err := s.giveBackOf(ctx, id)
		if err != nil || !back {
			return false, err
		}
	}
	return len(open) > 0, nil
}

// giveBackOf is giveBack of one case.
func (s *story) giveBackOf(ctx workflow.Context, id pirogue.CaseID) (bool, error) {
	back, err := call(ctx, ours(s.order.MerchantID, "give back"), do.GiveBack, id)
	return back.Refund != "", err
}

// settled waits until support has settled a case: by giving the money back, or by
// having placed it by hand. Nothing else is possible meanwhile.
func (s *story) settled(ctx workflow.Context, cause pirogue.Cause, status pirogue.Status) error {
	s.tell(ctx, waitsForSupport, "a person must settle the case "+string(cause))
	for {
		for _, r := range s.desk.waiting {
			done, err := s.settle(ctx, r.remedy, cause, status)
			if err != nil || done {
				return err
			}
		}
		if err := s.untilCalled(ctx); err != nil {
			return err
		}
	}
}

// settle applies one remedy to an open case and reports whether the case is closed.
func (s *story) settle(
	ctx workflow.Context, r pirogue.Remedy, cause pirogue.Cause, status pirogue.Status,
) (bool, error) {
	v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Evidence: r.Evidence, Status: status}
	returns := r.Resolution == pirogue.ResolvedReturn && !s.order.Kind.MoneyOut() && cause != pirogue.CauseReversed
	switch {
	case r.Verb != pirogue.VerbResolve:
		v.Reason = "the case " + string(cause) + " is open: resolve it"
	case !returns && r.Resolution != pirogue.ResolvedPlaced:
		v.Reason = "stray money that came in is resolved as return or placed, money that left as placed"
	default:
		var err error
		if v, err = s.propose(ctx, r, v); err != nil {
			return false, err
		}
	}
	if v.Decision == pirogue.DecisionSettled && returns {
		back, err := s.giveBack(ctx)
		if err != nil {
			return false, err
		}
		if !back {
			v.Decision, v.Reason = pirogue.DecisionRefused, "no operator can pay into the payer's wallet: place it by hand"
		}
	}
	if v.Decision == pirogue.DecisionSettled {
		v.Reason = "the case is settled: " + string(r.Resolution)
		_, err := call(ctx, ours(s.order.MerchantID, "close cases"), do.CloseCases, s.order.PaymentID)
		if err != nil {
			return false, err
		}
		s.arrived = nil
	}
	return v.Decision == pirogue.DecisionSettled, s.rule(ctx, v, only(r))
}
