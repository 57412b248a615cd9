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
		case err != nil:
			return status, err
		case succeeded(status):
			return status, s.second(ctx, receipt, status)
		case status.Terminal(): // the rows are ahead: another run has ended it without the money
			return s.overtaken(ctx, status, receipt)
		} // its money waits in suspense already
	}
	if err := s.known(ctx); err != nil {
		return "", err
	}
	cause := mismatch(receipt)
	s.deadline = workflow.Now(ctx).Add(s.order.Leg.Horizon)
	id, err := s.openCase(ctx, cause, receipt)
	if err != nil {
		return "", err
	}
	if id == "" { // it is closed already: its money is back
		return s.end(ctx, s.otherwise(id, pirogue.ResolvedReturn))
	}
	as, err := s.settleCase(ctx, id, cause, pirogue.StatusPending, false)
	if err != nil {
		return "", err
	}
	return s.end(ctx, s.otherwise(id, as))
}

// overtaken places the money of a payment that another run has ended without it.
func (s *story) overtaken(
	ctx workflow.Context, status pirogue.Status, receipt pirogue.Receipt,
) (pirogue.Status, error) {
	if err := s.reopen(ctx); err != nil {
		return status, err
	}
	return s.late(ctx, status, receipt)
}

// otherwise is the ending of a payment that was not paid as ordered, as two people say. Of a
// return nothing is left to move: its success has closed the case.
func (s *story) otherwise(id pirogue.CaseID, as pirogue.Resolution) activities.Ending {
	ending := failed(pirogue.FailedOtherwise, string(id))
	switch as {
	case pirogue.ResolvedReturn:
		return ending
	case pirogue.ResolvedPaid:
		ending = s.success(pirogue.Receipt{})
	case pirogue.ResolvedUnpaid:
		ending = failed(pirogue.FailedBySupport, string(id))
	case pirogue.ResolvedInPart:
		ending = failed(pirogue.FailedInPart, string(id))
	case pirogue.ResolvedPlaced:
	}
	ending.Case, ending.Resolution = id, as
	return ending
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
		trouble.Note, trouble.Paid, trouble.Again = "the operator's horizon has passed: "+r.Words, 0, true
	}
	id, err := s.open(ctx, trouble)
	if err == nil && cause != pirogue.CauseUnknown {
		s.placed = max(s.placed, r.Moved(s.order.Amount))
	}
	return id, err
}

// trouble holds what a case about money says: the order, and all that moved.
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
