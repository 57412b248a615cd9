package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// CashOut pays a merchant's money into a wallet. The money is held before the workflow starts.
//
//  1. submit: the payment is sent once.
//  2. await: the operator is polled until its outcome is final. Whether it accepted, refused or
//     never responded, only its status tells.
//  3. finalize: a success captures the hold, and a proven failure releases it. An unknown outcome
//     does neither: the payment stays open until the operator, or two people with evidence, settle
//     it. No timer does.
//  4. watch: after a failure slow polls go on, for an operator that paid after all.
func CashOut(ctx workflow.Context, input lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, input, runCashOut)
}

// runCashOut runs the phases of money that leaves us.
func runCashOut(ctx workflow.Context, w *paymentWorkflow) error {
	for {
		s, err := submitCashOut(ctx, w)
		switch {
		case err != nil:
			return err
		case s.submitted.Outcome == activities.SubmitAlreadyFinal:
			return returnFinal(ctx, w, s.submitted.Status)
		case !s.isProvenUnsent():
			return finalizeCashOut(ctx, w, s)
		}
		if ended, err := finalizeUnsent(ctx, w, s); err != nil || ended {
			return err
		}
	}
}

// submitCashOut submits the payment and awaits its outcome. After a refusal for a reason of the
// operator's own it fails over, once the status confirms the refusal.
func submitCashOut(ctx workflow.Context, w *paymentWorkflow) (submission, error) {
	for {
		submitted, err := submitPayment(ctx, w)
		s := submission{submitted: submitted}
		if err != nil || submitted.Outcome == activities.SubmitAlreadyFinal || s.isProvenUnsent() {
			return s, err
		}
		if s.result, err = awaitDisbursement(ctx, w); err != nil {
			return s, err
		}
		unable := submitted.Outcome == activities.SubmitUnable && s.result.Outcome == pirogue.OutcomeDeclined
		if !unable || w.decidedBySupport || len(w.input.Fallbacks) == 0 {
			return s, nil
		}
		if err := closeUnknownCaseIfAny(ctx, w); err != nil {
			return s, err
		}
		if err := failover(ctx, w, submitted.Number); err != nil {
			return s, err
		}
		w.outcomeUnknown = false
	}
}

// finalizeCashOut ends money that leaves us by its operator's final outcome.
func finalizeCashOut(ctx workflow.Context, w *paymentWorkflow, s submission) error {
	submitted, result := s.submitted, s.result
	paid := result.Outcome == pirogue.OutcomePaid
	if paid && w.isMismatch(result) {
		return finalizePaid(ctx, w, result)
	}
	if err := closeUnknownCaseIfAny(ctx, w); err != nil {
		return err
	}
	if paid {
		return finalizePaid(ctx, w, result)
	}
	return finalizeAndWatch(ctx, w, refusedInput(w, submitted, result))
}

// refusedInput returns the end of a payment that is proven not to have been executed.
func refusedInput(
	w *paymentWorkflow, submitted activities.SubmitResult, result operator.OperatorResult,
) activities.FinalizeInput {
	switch {
	case w.decidedBySupport:
		return failedInput(pirogue.FailedBySupport, result.Message)
	case submitted.Outcome == activities.SubmitRefused || submitted.Outcome == activities.SubmitUnable:
		return failedInput(pirogue.FailedRefused, submitted.Message)
	case submitted.Outcome == activities.SubmitUnknown:
		return failedInput(pirogue.FailedUnavailable, result.Message)
	default:
		return failedInput(pirogue.FailedDeclined, result.Message)
	}
}
