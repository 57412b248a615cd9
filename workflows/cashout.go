package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// pollingRound is how long questions go on, past the horizon, before they are asked anew:
// it bounds nothing but the history of one activity.
const pollingRound = 30 * 24 * time.Hour

// CashOut pays a merchant's money into a wallet.
//
// The money is held already. The payment is submitted once, and then its status is
// asked until the operator's word is final: whether it accepted, refused or never
// answered, only its status tells. A success takes the hold, a failure that is proven
// frees it. Unknown is neither: it keeps the hold and the story open until the
// operator, or two people with evidence, settle it. No timer does.
func CashOut(ctx workflow.Context, order lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, order, (*paymentWorkflow).runCashOut)
}

// settleMerchant is the story of money that leaves us.
func (s *paymentWorkflow) runCashOut(ctx workflow.Context) (pirogue.Status, error) {
	for {
		submitted, receipt, err := s.submitWithFailover(ctx)
		switch {
		case err != nil:
			return "", err
		case submitted.Outcome == activities.SubmitAlreadyFinal:
			return s.returnFinal(ctx, submitted.Status)
		case !nothingSentProven(submitted, receipt):
			return s.finalizeCashOut(ctx, submitted, receipt)
		}
		if status, ended, err := s.finalizeUnsent(ctx, submitted, receipt); err != nil || ended {
			return status, err
		}
	}
}

// finalizeCashOut ends a payment by its operator's final word.
func (s *paymentWorkflow) finalizeCashOut(
	ctx workflow.Context, submitted activities.SubmitResult, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	if receipt.Outcome == pirogue.OutcomePaid && s.isMismatch(receipt) {
		return s.finalizePaid(ctx, receipt)
	}
	if err := s.closeUnknownCase(ctx); err != nil {
		return "", err
	}
	if receipt.Outcome == pirogue.OutcomePaid {
		return s.finalizePaid(ctx, receipt)
	}
	return s.finalizeAndWatch(ctx, s.refusalInput(submitted, receipt))
}

// submitWithFailover submits the payment and learns what became of it. A refusal for a reason of the
// operator's own, once its status confirms it, is the next operator's chance.
func (s *paymentWorkflow) submitWithFailover(ctx workflow.Context) (activities.SubmitResult, operator.OperatorResult, error) {
	for {
		submitted, err := s.submit(ctx)
		if err != nil || submitted.Outcome == activities.SubmitAlreadyFinal || nothingSentProven(submitted, operator.OperatorResult{}) {
			return submitted, operator.OperatorResult{}, err
		}
		receipt, err := s.awaitOperatorOutcome(ctx)
		if err != nil {
			return submitted, receipt, err
		}
		refused := submitted.Outcome == activities.SubmitRefused && receipt.Outcome == pirogue.OutcomeDeclined
		if !refused || !submitted.NothingAtOperator || s.bySupport || len(s.input.Fallbacks) == 0 {
			return submitted, receipt, nil
		}
		if err := errors.Join(s.closeUnknownCase(ctx), s.failover(ctx, submitted.Number)); err != nil {
			return submitted, receipt, err
		}
		s.outcomeUnknown = false
	}
}

// closeUnknownCase closes the case of an outcome that was unknown for too long, also one that an
// earlier telling of this story had opened.
func (s *paymentWorkflow) closeUnknownCase(ctx workflow.Context) error {
	if !s.outcomeUnknown && !s.sentBefore {
		return nil
	}
	_, err := call(ctx, ours(s.input.MerchantID, "close case"), do.CloseCase,
		support.NewCaseID(s.input.PaymentID, support.CauseUnknown))
	if err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(false))
}

// refusalInput is the ending of a payment that is proven not to have happened.
func (s *paymentWorkflow) refusalInput(submitted activities.SubmitResult, receipt operator.OperatorResult) activities.FinalizeInput {
	switch {
	case s.bySupport:
		return failedInput(pirogue.FailedBySupport, receipt.Message)
	case submitted.Outcome == activities.SubmitRefused:
		return failedInput(pirogue.FailedRefused, submitted.Message)
	case submitted.Outcome == activities.SubmitUnknown:
		return failedInput(pirogue.FailedUnavailable, receipt.Message)
	default:
		return failedInput(pirogue.FailedDeclined, receipt.Message)
	}
}

// awaitOperatorOutcome returns the operator's final word, however long it takes. Past the operator's
// horizon a case calls for a person, and the questions go on.
func (s *paymentWorkflow) awaitOperatorOutcome(ctx workflow.Context) (operator.OperatorResult, error) {
	s.deadline = s.horizonEnd(ctx)
	for {
		limit := pollingRound
		if !s.outcomeUnknown {
			limit = max(s.deadline.Sub(workflow.Now(ctx)), time.Second)
		}
		s.setUnknownDetails(ctx)
		receipt, word, err := s.pollStatus(ctx, activities.Long, limit)
		switch {
		case activities.TimedOut(err) && s.outcomeUnknown:
			continue
		case activities.TimedOut(err):
			receipt, err = s.openUnknownCase(ctx)
		case err == nil && word == polled:
			return receipt, nil
		}
		if err != nil || receipt.Outcome != pirogue.OutcomePending {
			return receipt, err
		}
	}
}

// openUnknownCase asks once more at the horizon, for only then is the operator's word
// worth more, and opens the case of an outcome that nobody knows.
func (s *paymentWorkflow) openUnknownCase(ctx workflow.Context) (operator.OperatorResult, error) {
	if rang, err := s.sleepUnlessPrompted(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil || rang {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, err
	}
	receipt, err := s.askStatus(ctx, "the horizon has passed")
	if err != nil || receipt.Outcome != pirogue.OutcomePending {
		return receipt, err
	}
	s.outcomeUnknown = true
	_, err = s.openCase(ctx, support.CauseUnknown, receipt)
	return receipt, err
}

// sleepUnlessPrompted waits without asking, until support or a callback gives a reason to: questions
// end up to one early, when none more fits in.
func (s *paymentWorkflow) sleepUnlessPrompted(ctx workflow.Context, d time.Duration) (rang bool, err error) {
	if d <= 0 {
		return false, nil
	}
	return workflow.AwaitWithTimeout(ctx, d, func() bool {
		return len(s.actions.waiting) > 0 || s.callbacksSeen < maxCallbacks && s.callbacks.Len() > 0
	})
}

// setUnknownDetails shows what an outgoing payment waits for.
func (s *paymentWorkflow) setUnknownDetails(ctx workflow.Context) {
	if s.outcomeUnknown {
		s.setDetails(ctx, waitsForSupport, "the outcome is unknown past the operator's horizon; a person must settle it")
		return
	}
	next := clockTime(workflow.Now(ctx).Add(activities.Long.Cadence(1)))
	s.setDetails(ctx, waitsForOperator, "waiting for the operator; next poll "+next+"; a person is called at "+dateTime(s.deadline))
}
