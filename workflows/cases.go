package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// finalizePaid ends a payment whose operator says that it was paid. Another amount, currency
// or counterparty than the order's is never a success: the money waits in suspense,
// and the payment stays PENDING and in sight until a person settles it.
func (s *paymentWorkflow) finalizePaid(ctx workflow.Context, receipt operator.OperatorResult) (pirogue.Status, error) {
	if !s.isMismatch(receipt) {
		status, err := s.finalize(ctx, s.successInput(receipt))
		switch {
		case err != nil:
			return status, err
		case succeeded(status):
			return status, s.handleSecondPayment(ctx, receipt, status)
		case status.Terminal(): // the rows are ahead: another run has ended it without the money
			return s.overtaken(ctx, status, receipt)
		} // its money waits in suspense already
	}
	if err := s.closeUnknownCase(ctx); err != nil {
		return "", err
	}
	cause := mismatch(receipt)
	s.deadline = workflow.Now(ctx).Add(s.input.Current.FinalityWindow)
	id, err := s.openCase(ctx, cause, receipt)
	if err != nil {
		return "", err
	}
	if id == "" { // it is closed already: its money is back
		return s.finalize(ctx, s.otherwise(id, support.ResolvedReturn))
	}
	as, err := s.settleCase(ctx, id, cause, pirogue.StatusPending, false)
	if err != nil {
		return "", err
	}
	return s.finalize(ctx, s.otherwise(id, as))
}

// overtaken places the money of a payment that another run has ended without it.
func (s *paymentWorkflow) overtaken(
	ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	if err := s.reopen(ctx); err != nil {
		return status, err
	}
	return s.handleLateSuccess(ctx, status, receipt)
}

// otherwise is the ending of a payment that was not paid as ordered, as two people say. Of a
// return nothing is left to move: its success has closed the case.
func (s *paymentWorkflow) otherwise(id support.CaseID, as support.Resolution) activities.FinalizeInput {
	ending := failedInput(pirogue.FailedOtherwise, string(id))
	switch as {
	case support.ResolvedReturn:
		return ending
	case support.ResolvedPaid:
		ending = s.successInput(operator.OperatorResult{})
	case support.ResolvedUnpaid:
		ending = failedInput(pirogue.FailedBySupport, string(id))
	case support.ResolvedInPart:
		ending = failedInput(pirogue.FailedInPart, string(id))
	case support.ResolvedPlaced:
	}
	ending.Case, ending.Resolution = id, as
	return ending
}

// mismatch is the cause of a case about something that is not as it was ordered.
func mismatch(r operator.OperatorResult) support.Cause {
	if r.Mismatch == "counterparty" {
		return support.CauseMismatch
	}
	return support.CauseAmountMismatch
}

// openCase books money that no payment expects and calls for a person. It returns the case.
func (s *paymentWorkflow) openCase(ctx workflow.Context, cause support.Cause, r operator.OperatorResult) (support.CaseID, error) {
	trouble := s.trouble(cause, r)
	if cause == support.CauseUnknown {
		trouble.Note, trouble.Paid, trouble.Again = "the operator's horizon has passed: "+r.Message, 0, true
	}
	id, err := s.open(ctx, trouble)
	if err == nil && cause != support.CauseUnknown {
		s.booked = max(s.booked, r.Moved(s.input.Amount))
	}
	return id, err
}

// trouble holds what a case about money says: the order, and all that moved.
func (s *paymentWorkflow) trouble(cause support.Cause, r operator.OperatorResult) activities.OpenCaseInput {
	paid := s.input.Amount
	if r.Amount != (pirogue.Money{}) {
		paid = r.Amount
	}
	trouble := activities.OpenCaseInput{
		PaymentID: s.input.PaymentID, Cause: cause, Note: fmt.Sprintf("ordered %s, paid %s", s.input.Amount, paid),
	}
	if r.Extra.Minor > 0 {
		trouble.Note += fmt.Sprintf(" and %s beside it", r.Extra)
	}
	if paid.Currency == s.input.Amount.Currency {
		trouble.Paid = r.Moved(s.input.Amount)
	}
	return trouble
}

// open opens a case and returns it; "" when there is nothing to settle.
func (s *paymentWorkflow) open(ctx workflow.Context, trouble activities.OpenCaseInput) (support.CaseID, error) {
	summary := "open case " + string(trouble.Cause)
	id, err := call(ctx, ours(s.input.MerchantID, summary), do.OpenCase, trouble)
	if err != nil || id == "" {
		return "", err
	}
	return id, workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(true))
}
