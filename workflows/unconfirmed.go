package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// unconfirmed ends the watch over a payment with its operator's last answer. Where that tells
// nobody whether money moved, a case calls for a person. The questions go on until the
// operator answers clearly, or two people with evidence say what became of it.
func (s *paymentWorkflow) unconfirmed(
	ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	proven := s.input.Kind.MoneyOut() && !receipt.Contradicted // its refusal took two answers
	if !receipt.Unreadable || proven || s.booked > 0 {
		return status, nil
	}
	if _, err := s.openCase(ctx, support.CauseUnknown, receipt); err != nil {
		return status, err
	}
	return s.untilClear(ctx, status, receipt)
}

// untilClear asks on about a payment whose case UNKNOWN_OUTCOME is open, until its operator or
// people say what became of it.
func (s *paymentWorkflow) untilClear(
	ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	s.outcomeUnknown = true
	if succeeded(status) && s.claim.Minor == 0 {
		if err := s.readClaim(ctx); err != nil {
			return status, err
		}
	}
	for receipt.Unreadable {
		s.setDetails(ctx, waitsForSupport, "nobody knows whether money moved; a person must settle it")
		answer, _, err := s.pollStatus(ctx, activities.Final, pollingRound)
		switch {
		case activities.TimedOut(err):
		case err != nil:
			return status, err
		default:
			receipt = answer
		}
	}
	return s.confirmed(ctx, status, receipt)
}

// confirmed tells support what became of a payment, places the money if there is any, and
// closes the case last: until the money has its place, somebody has to look at it.
func (s *paymentWorkflow) confirmed(
	ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	paid := receipt.Outcome == pirogue.OutcomePaid
	reason := "no money has moved; the payment stays " + string(status)
	if paid {
		reason = "money has moved; it gets its place"
	}
	err := s.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionSettled, Reason: reason, Evidence: receipt.Message, Status: status,
	}, everyAction)
	switch {
	case err != nil || !s.unplaced(receipt):
	case succeeded(status):
		err = s.handleSecondPayment(ctx, receipt, status)
	default:
		status, err = s.handleLateSuccess(ctx, status, receipt)
	}
	if err != nil {
		return status, err
	}
	_, err = call(ctx, ours(s.input.MerchantID, "close case"), do.CloseCase,
		support.NewCaseID(s.input.PaymentID, support.CauseUnknown))
	return status, err
}
