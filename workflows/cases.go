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
		return s.end(ctx, s.success(receipt))
	}
	cause := mismatch(receipt)
	if err := s.openCase(ctx, cause, receipt); err != nil {
		return "", err
	}
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

// openCase books money that no payment expects and calls for a person.
func (s *story) openCase(ctx workflow.Context, cause pirogue.Cause, r pirogue.Receipt) error {
	paid := s.order.Amount
	if r.Amount != (pirogue.Money{}) {
		paid = r.Amount
	}
	trouble := activities.Trouble{
		PaymentID: s.order.PaymentID, Cause: cause, Note: fmt.Sprintf("ordered %s, paid %s", s.order.Amount, paid),
	}
	switch {
	case cause == pirogue.CauseUnknown:
		trouble.Note, trouble.Again = "the operator's horizon has passed: "+r.Words, s.ended
	case paid.Currency == s.order.Amount.Currency:
		trouble.Paid = paid.Minor
	}
	if _, err := call(ctx, ours(s.order.MerchantID, "open case "+string(cause)), do.OpenCase, trouble); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(true))
}

// giveBack returns the stray money of a case to its payer and reports whether there is
// a way to.
func (s *story) giveBack(ctx workflow.Context, cause pirogue.Cause) (bool, error) {
	back, err := call(ctx, ours(s.order.MerchantID, "give back"), do.GiveBack, pirogue.NewCaseID(s.order.PaymentID, cause))
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
		if err := workflow.Await(ctx, s.called); err != nil {
			return err
		}
	}
}

// settle applies one remedy to an open case and reports whether the case is closed.
func (s *story) settle(
	ctx workflow.Context, r pirogue.Remedy, cause pirogue.Cause, status pirogue.Status,
) (bool, error) {
	v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Evidence: r.Evidence, Status: status}
	returns := r.Resolution == pirogue.ResolvedReturn && !s.order.Kind.MoneyOut()
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
		back, err := s.giveBack(ctx, cause)
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
	}
	return v.Decision == pirogue.DecisionSettled, s.rule(ctx, v, only(r))
}
