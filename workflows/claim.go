package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// watchClaim watches a payment that succeeded until its operator's horizon while a proven callback
// names a transaction that the books do not have. What the operator has not confirmed by then is a
// case: people look at the operator's statement.
func (s *story) watchClaim(ctx workflow.Context, status pirogue.Status) error {
	if err := s.readClaim(ctx); err != nil || s.claim.Minor == 0 {
		return err
	}
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Horizon)
	receipt, moved, err := s.watch(ctx, status)
	switch {
	case err != nil:
		return err
	case moved:
		return s.second(ctx, receipt, status)
	case !receipt.Unclear:
		return nil
	}
	if _, err := s.openCase(ctx, pirogue.CauseUnknown, receipt); err != nil {
		return err
	}
	_, err = s.untilClear(ctx, status, receipt)
	return err
}

// readClaim reads what proven callbacks say moved beside what the books have.
func (s *story) readClaim(ctx workflow.Context) error {
	claim, err := call(ctx, ours(s.order.MerchantID, "read callbacks"), do.ReadClaim,
		activities.Question{PaymentID: s.order.PaymentID, Known: s.placed})
	s.claim = claim
	return err
}
