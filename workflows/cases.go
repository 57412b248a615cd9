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

// endAndWatch ends a payment without success and goes on looking, slowly, for money
// that moves late.
func (s *story) endAndWatch(ctx workflow.Context, ending activities.Ending) (pirogue.Status, error) {
	status, err := s.end(ctx, ending)
	if err != nil || status != ending.Status {
		return status, err
	}
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Horizon)
	receipt, moved, err := s.watch(ctx, status)
	if err != nil || !moved {
		return status, err
	}
	return s.late(ctx, status, receipt)
}

// watch looks for late money until the operator's horizon, and once more when it has
// passed. It reports whether any moved.
func (s *story) watch(ctx workflow.Context, status pirogue.Status) (pirogue.Receipt, bool, error) {
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			return pirogue.Receipt{}, false, nil
		}
		s.tell(ctx, waitsForNothing, "ended; watching for a late success until "+hour(s.deadline))
		receipt, _, err := s.follow(ctx, activities.Slow, left)
		switch {
		case activities.TimedOut(err):
			receipt, rang, err := s.lastLook(ctx)
			if err == nil && rang {
				continue
			}
			return receipt, receipt.Outcome == pirogue.OutcomePaid, err
		case err != nil || receipt.Outcome == pirogue.OutcomePaid:
			return receipt, err == nil, err
		}
		v := pirogue.Verdict{
			Decision: pirogue.DecisionRefused, Reason: "the payment has ended; the operator knows of no money",
			Evidence: receipt.Words, Status: status,
		}
		if err := s.rule(ctx, v, everyone); err != nil {
			return receipt, false, err
		}
	}
}

// lastLook asks once more at the horizon: the questions end up to one early, when none
// more fits in. It reports whether a callback or support rang before that.
func (s *story) lastLook(ctx workflow.Context) (pirogue.Receipt, bool, error) {
	if workflow.GetVersion(ctx, "last look", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return pirogue.Receipt{}, false, nil
	}
	rang, err := s.sleep(ctx, s.deadline.Sub(workflow.Now(ctx)))
	if err != nil || rang {
		return pirogue.Receipt{}, rang, err
	}
	receipt, err := s.ask(ctx, "last look")
	return receipt, false, err
}

// late places money that moved after the payment had ended. What came in goes where
// the merchant's policy says; what left without our knowledge is for a person.
func (s *story) late(
	ctx workflow.Context, status pirogue.Status, receipt pirogue.Receipt,
) (pirogue.Status, error) {
	cause := pirogue.CauseLateSuccess
	switch {
	case s.differs(receipt):
		cause = mismatch(receipt)
	case s.order.Kind.MoneyOut():
		cause = pirogue.CausePaidAfterAll
	}
	policy := pirogue.LatePolicy("")
	if cause == pirogue.CauseLateSuccess {
		var err error
		policy, err = call(ctx, ours(s.order.MerchantID, "late policy"), do.Policy, s.order.MerchantID)
		if err != nil {
			return status, err
		}
	}
	if policy == pirogue.LateAccept && status == pirogue.StatusExpired {
		accepted := s.success(receipt)
		accepted.From = pirogue.StatusExpired
		return s.end(ctx, accepted)
	}
	if err := s.openCase(ctx, cause, receipt); err != nil {
		return status, err
	}
	if policy == pirogue.LateReturn {
		if back, err := s.giveBack(ctx, cause); err != nil || back {
			return status, err
		}
	}
	return status, s.settled(ctx, cause, status)
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
		trouble.Note = "the operator's horizon has passed: " + r.Words
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
		v = s.propose(r, v)
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
