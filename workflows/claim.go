package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/support"
)

// watchClaim watches a payment that succeeded until its operator's horizon while a proven callback
// names a transaction that the books do not have. What the operator has not confirmed by then is a
// case: people look at the operator's statement.
func (s *paymentWorkflow) watchClaim(ctx workflow.Context, status pirogue.Status) error {
	if err := s.readClaim(ctx); err != nil || s.claim.Minor == 0 {
		return err
	}
	s.deadline = workflow.Now(ctx).Add(s.input.Current.FinalityWindow)
	receipt, moved, err := s.watchLate(ctx, status)
	switch {
	case err != nil:
		return err
	case moved:
		return s.handleSecondPayment(ctx, receipt, status)
	case !receipt.Unreadable:
		return nil
	}
	if _, err := s.openCase(ctx, support.CauseUnknown, receipt); err != nil {
		return err
	}
	_, err = s.untilClear(ctx, status, receipt)
	return err
}

// readClaim reads what proven callbacks say moved beside what the books have.
func (s *paymentWorkflow) readClaim(ctx workflow.Context) error {
	claim, err := call(ctx, ours(s.input.MerchantID, "read callbacks"), do.ReadClaim,
		activities.StatusInput{PaymentID: s.input.PaymentID, AlreadyBooked: s.booked})
	s.claim = claim
	return err
}
