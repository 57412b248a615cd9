package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// CashIn collects money from a customer for a merchant.
//
//  1. submit: the payment is sent to the first candidate of its route that takes it.
//  2. await: the operator is polled until its outcome is final or the customer's time is over. A
//     callback only makes a status call come sooner.
//  3. finalize: the outcome is booked, and the merchant's webhook follows.
//  4. watch: after EXPIRED or FAILED slow polls go on, because money can come late.
//
// A confirmed amount that differs from the payment's is never a success.
func CashIn(ctx workflow.Context, input lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, input, runCashIn)
}

// runCashIn runs the phases of a cash-in.
func runCashIn(ctx workflow.Context, w *paymentWorkflow) error {
	for { // submits again if finalizeUnsent finds that another run may have sent the payment
		submitted, err := submitPayment(ctx, w)
		if err != nil {
			return err
		}
		s := submission{submitted: submitted}
		switch submitted.Outcome {
		case activities.SubmitAlreadyFinal:
			return returnFinal(ctx, w, submitted.Status)
		case activities.SubmitRefused, activities.SubmitUnable:
			_, err := finalize(ctx, w, failedInput(pirogue.FailedRefused, submitted.Message))
			return err
		case activities.SubmitAccepted, activities.SubmitUnknown:
			if s.result, err = awaitCollection(ctx, w); err != nil {
				return err
			}
		case activities.SubmitNotSent, activities.SubmitLost, activities.SubmitOutOfService,
			activities.SubmitPastDeadline, activities.SubmitPastWindow, activities.SubmitPostponed:
			// No operator is known to have the attempt, so there is nothing to await.
		}
		if !s.isProvenUnsent() {
			return finalizeCashIn(ctx, w, s)
		}
		if ended, err := finalizeUnsent(ctx, w, s); err != nil || ended {
			return err
		}
	}
}

// finalizeCashIn ends a cash-in by its operator's final outcome, or by the end of the customer's
// time.
func finalizeCashIn(ctx workflow.Context, w *paymentWorkflow, s submission) error {
	submitted, result := s.submitted, s.result
	switch {
	case submitted.NotTaken():
		return finalizeNotTaken(ctx, w, submitted)
	case result.Outcome == pirogue.OutcomePaid:
		return finalizePaid(ctx, w, result)
	case result.Outcome == pirogue.OutcomeDeclined:
		return finalizeAndWatch(ctx, w, failedInput(pirogue.FailedDeclined, result.Message))
	default:
		return finalizeAndWatch(ctx, w, unpaidInput(submitted, result))
	}
}

// finalizeNotTaken ends a cash-in that its operator did not take within the time of its retries.
// Nobody can pay an attempt that nobody was shown. An attempt whose response was lost may have been
// shown. If the operator can be asked about it, the payment is watched.
func finalizeNotTaken(ctx workflow.Context, w *paymentWorkflow, submitted activities.SubmitResult) error {
	if submitted.AtOperator == activities.LatestAtOperator {
		return finalizeAndWatch(ctx, w, failedInput(pirogue.FailedUnconfirmed, submitted.Message))
	}
	code := pirogue.FailedUnavailable
	if submitted.AtOperator == activities.EarlierAtOperator {
		code = pirogue.FailedUnconfirmed
	}
	_, err := finalize(ctx, w, failedInput(code, submitted.Message))
	return err
}

// unpaidInput returns the end of a payment whose customer's time is over. After a lost
// response, or a last status that cannot be read, nobody knows whether it was paid.
func unpaidInput(submitted activities.SubmitResult, result operator.OperatorResult) activities.FinalizeInput {
	end := expiredInput(result.Message)
	switch {
	case submitted.Outcome == activities.SubmitUnknown && result.Outcome == pirogue.OutcomePending:
		return failedInput(pirogue.FailedUnconfirmed, result.Message)
	case result.Unreadable:
		end.Failure.Code = pirogue.FailedUnconfirmed
	}
	return end
}
