package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// CashIn collects money from a customer for a merchant.
//
// The payment is submitted, its status is asked until the operator's word is final
// or the customer's time is over, and the end is booked and told to the merchant.
// A callback only makes the question come sooner. After EXPIRED or FAILED a slow
// watch goes on, because money can come late; and an amount that is not the order's
// is never a success.
func CashIn(ctx workflow.Context, order lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, order, (*paymentWorkflow).runCashIn)
}

// runCashIn is the story of a cash-in.
func (s *paymentWorkflow) runCashIn(ctx workflow.Context) (pirogue.Status, error) {
	for {
		submitted, err := s.submit(ctx)
		if err != nil {
			return "", err
		}
		receipt := operator.OperatorResult{}
		switch submitted.Outcome {
		case activities.SubmitAlreadyFinal:
			return s.returnFinal(ctx, submitted.Status)
		case activities.SubmitRefused:
			return s.finalize(ctx, failedInput(pirogue.FailedRefused, submitted.Message))
		case activities.SubmitAccepted, activities.SubmitUnknown:
			if receipt, err = s.awaitOutcome(ctx); err != nil {
				return "", err
			}
		case activities.SubmitNotSent, activities.SubmitTooLate, activities.TooLate, activities.SubmitHeld:
		}
		if !nothingSentProven(submitted, receipt) {
			return s.finalizeCashIn(ctx, submitted, receipt)
		}
		if status, ended, err := s.finalizeUnsent(ctx, submitted, receipt); err != nil || ended {
			return status, err
		}
	}
}

// finalizeCashIn ends a cash-in by its operator's final word, or by the end of its window.
func (s *paymentWorkflow) finalizeCashIn(
	ctx workflow.Context, submitted activities.SubmitResult, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	switch {
	case submitted.Outcome == activities.SubmitNotSent:
		return s.unreached(ctx, submitted)
	case receipt.Outcome == pirogue.OutcomePaid:
		return s.finalizePaid(ctx, receipt)
	case receipt.Outcome == pirogue.OutcomeDeclined:
		return s.finalizeAndWatch(ctx, failedInput(pirogue.FailedDeclined, receipt.Message))
	default:
		return s.finalizeAndWatch(ctx, unpaidInput(submitted, receipt))
	}
}

// unreached ends a cash-in that its operator did not take within the time that it was tried.
// What may have been sent, nobody can pay, for nobody was shown it. Where the operator can be
// asked about it, that is not proven: it is watched.
func (s *paymentWorkflow) unreached(ctx workflow.Context, submitted activities.SubmitResult) (pirogue.Status, error) {
	switch {
	case submitted.Named:
		return s.finalizeAndWatch(ctx, failedInput(pirogue.FailedUnconfirmed, submitted.Message))
	case submitted.EarlierAttempts:
		return s.finalize(ctx, failedInput(pirogue.FailedUnconfirmed, submitted.Message))
	default:
		return s.finalize(ctx, failedInput(pirogue.FailedUnavailable, submitted.Message))
	}
}

// unpaidInput is the ending of a payment whose time is over. Where the operator's answer to the
// submission was lost, or its last word cannot be read, nobody knows whether it was paid.
func unpaidInput(submitted activities.SubmitResult, receipt operator.OperatorResult) activities.FinalizeInput {
	ending := expiredInput(receipt.Message)
	switch {
	case submitted.Outcome == activities.SubmitUnknown && receipt.Outcome == pirogue.OutcomePending:
		return failedInput(pirogue.FailedUnconfirmed, receipt.Message)
	case receipt.Unreadable:
		ending.Failure.Code = pirogue.FailedUnconfirmed
	}
	return ending
}

// keptOpenFor adds to a customer's time while operators are asked first: then the last
// question is put again.
const keptOpenFor = 10 * time.Minute

// awaitOutcome returns the operator's final word, or what one last question at the end of the
// window brought. Nothing ends the window early: whatever a callback or support asks
// before it closes, an answer that is not final goes on waiting.
func (s *paymentWorkflow) awaitOutcome(ctx workflow.Context) (operator.OperatorResult, error) {
	s.deadline = s.windowEnd(ctx)
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			receipt, err := s.askClosing(ctx)
			if err != nil || !receipt.KeptOpen {
				return receipt, err
			}
			s.deadline = workflow.Now(ctx).Add(keptOpenFor)
			continue
		}
		s.setAwaitingDetails(ctx)
		receipt, word, err := s.pollStatus(ctx, activities.Brisk, left)
		switch {
		case activities.TimedOut(err): // up to one question early: none more fits in
			if _, err := s.sleepUnlessPrompted(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
				return operator.OperatorResult{}, err
			}
		case err != nil || word == polled || receipt.Outcome != pirogue.OutcomePending:
			return receipt, err
		}
	}
}
