package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// finalizeAndWatch ends a payment without success and goes on looking, slowly, for money
// that moves late.
func (s *paymentWorkflow) finalizeAndWatch(ctx workflow.Context, ending activities.FinalizeInput) (pirogue.Status, error) {
	ending.Watched = true
	status, err := s.finalize(ctx, ending)
	if err != nil || status != ending.Status {
		return status, err
	}
	s.deadline = workflow.Now(ctx).Add(s.input.Current.FinalityWindow)
	return s.watchUntilHorizon(ctx, status)
}

// watchUntilHorizon watches a payment that has ended, and places what comes of it, however often.
func (s *paymentWorkflow) watchUntilHorizon(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	for {
		receipt, moved, err := s.watchLate(ctx, status)
		switch {
		case err != nil:
			return status, err
		case !moved:
			return s.unconfirmed(ctx, status, receipt)
		}
		if status, err = s.handleLateSuccess(ctx, status, receipt); err != nil || status == pirogue.StatusSuccess {
			return status, err
		}
	}
}

// watchLate looks for late money until the operator's horizon, and once more when it has
// passed. It reports whether any moved that has no place yet.
func (s *paymentWorkflow) watchLate(ctx workflow.Context, status pirogue.Status) (operator.OperatorResult, bool, error) {
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			receipt, final, err := s.askLastTime(ctx, status)
			if err == nil && !final {
				continue
			}
			return receipt, s.unplaced(receipt), err
		}
		s.setDetails(ctx, waitsForNothing, "ended; watching for a late success until "+clockTime(s.deadline))
		receipt, _, err := s.pollStatus(ctx, activities.Slow, left)
		switch {
		case activities.TimedOut(err): // up to one question early: none more fits in
			if _, err := s.sleepUnlessPrompted(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
				return operator.OperatorResult{}, false, err
			}
			continue
		case err != nil || s.unplaced(receipt):
			return receipt, err == nil, err
		case receipt.Outcome == pirogue.OutcomeNotSent: // learned after the end: no money can come late
			return receipt, false, nil
		}
		if err := s.nothingMoved(ctx, status, receipt); err != nil {
			return receipt, false, err
		}
	}
}

// lastLookFor says how long an operator whose word cannot be read is asked for a last one: an
// outage at the horizon makes no case.
const lastLookFor = time.Hour

// askLastTime asks once more when the horizon has passed. It reports whether the answer is the
// last word, or only that of a callback or of support.
func (s *paymentWorkflow) askLastTime(ctx workflow.Context, status pirogue.Status) (operator.OperatorResult, bool, error) {
	s.setDetails(ctx, waitsForOperator, "ended; asking a last time")
	receipt, word, err := s.pollStatus(ctx, activities.Final, lastLookFor)
	if activities.TimedOut(err) {
		receipt, err = s.askStatusAt(ctx, priorityWatch, "last look")
		return receipt, true, err
	}
	if err != nil || word == polled || s.unplaced(receipt) {
		return receipt, true, err
	}
	return receipt, false, s.nothingMoved(ctx, status, receipt)
}

// nothingMoved tells whoever waits that the operator knows of no late money.
func (s *paymentWorkflow) nothingMoved(ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult) error {
	return s.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionRefused, Reason: "the payment has ended; the operator knows of no money",
		Evidence: receipt.Message, Status: status,
	}, everyAction)
}

// handleLateSuccess places money that moved after the payment had ended. What came in goes where
// the merchant's policy says; what left without our knowledge is for a person.
func (s *paymentWorkflow) handleLateSuccess(
	ctx workflow.Context, status pirogue.Status, receipt operator.OperatorResult,
) (pirogue.Status, error) {
	cause := support.CauseLateSuccess
	switch {
	case s.isMismatch(receipt):
		cause = mismatch(receipt)
	case s.input.Kind.MoneyOut():
		cause = support.CausePaidAfterAll
	}
	policy := pirogue.LatePolicy("")
	if cause == support.CauseLateSuccess {
		var err error
		policy, err = call(ctx, ours(s.input.MerchantID, "late policy"), do.Policy, s.input.MerchantID)
		if err != nil {
			return status, err
		}
	}
	if policy == pirogue.LateAccept {
		accepted := s.successInput(receipt)
		accepted.From = status
		ended, err := s.finalize(ctx, accepted)
		if err != nil {
			return ended, err
		}
		if succeeded(ended) {
			return ended, s.handleSecondPayment(ctx, receipt, ended)
		} // money of it waits in suspense already
	}
	id, err := s.openCase(ctx, cause, receipt)
	if err != nil {
		return status, err
	}
	if id == "" {
		return status, nil
	}
	return status, s.settleEnded(ctx, id, cause, status, policy == pirogue.LateReturn)
}
