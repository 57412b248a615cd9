package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// endAndWatch ends a payment without success and goes on looking, slowly, for money
// that moves late.
func (s *story) endAndWatch(ctx workflow.Context, ending activities.Ending) (pirogue.Status, error) {
	ending.Watched = true
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
		case receipt.Outcome == pirogue.OutcomeNotSent: // learned after the end: no money can come late
			return receipt, false, nil
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
	receipt, err := s.askAt(ctx, priorityWatch, "last look")
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
	if policy == pirogue.LateAccept {
		accepted := s.success(receipt)
		accepted.From = status
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
