package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// bookLateSuccess books money that moved after the payment had ended. Money that came in goes where
// the merchant's policy says. Money that left without our knowledge is for a person.
func bookLateSuccess(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	cause := lateCause(w, result)
	policy := pirogue.LatePolicy("")
	if cause == support.CauseLateSuccess {
		var err error
		if policy, err = readLatePolicy(ctx, w); err != nil {
			return err
		}
	}
	if policy == pirogue.LateAccept {
		accepted := successInput(result)
		accepted.From = w.status
		status, err := finalize(ctx, w, accepted)
		if err != nil {
			return err
		}
		if succeeded(status) {
			return bookSecondPayment(ctx, w, result)
		} // money of it waits in suspense already
	}
	id, err := w.openCase(ctx, cause, result)
	if err != nil || id == "" {
		return err
	}
	return moneyCase{id, cause}.settleFinal(ctx, w, policy == pirogue.LateReturn)
}

// lateCause returns the cause of the case of money that moved after the payment had ended.
func lateCause(w *paymentWorkflow, result operator.OperatorResult) support.Cause {
	switch {
	case w.isMismatch(result):
		return mismatchCause(result)
	case w.input.Kind.MoneyOut():
		return support.CausePaidAfterAll
	default:
		return support.CauseLateSuccess
	}
}

// bookOvertaken books the money of a payment that another run has ended without it.
func bookOvertaken(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	if err := reopen(ctx, w); err != nil {
		return err
	}
	return bookLateSuccess(ctx, w, result)
}

// bookSecondPayment books what moved under the latest attempt beside what is in the books: a second
// payment of the same order. It goes back to its payer where the merchant's policy says so, and
// waits for a person otherwise.
func bookSecondPayment(ctx workflow.Context, w *paymentWorkflow, result operator.OperatorResult) error {
	if !w.isUnbooked(result) {
		return nil
	}
	id, err := w.openCase(ctx, support.CauseSecondPayment, result)
	if err != nil || id == "" {
		return err
	}
	w.addCase(id, support.CauseSecondPayment)
	return settleNextCase(ctx, w, support.CauseSecondPayment)
}

// readLatePolicy returns the merchant's policy for money that comes late.
func readLatePolicy(ctx workflow.Context, w *paymentWorkflow) (pirogue.LatePolicy, error) {
	return call(ctx, ours(w.input.MerchantID, "late policy"), activityNames.Policy, w.input.MerchantID)
}

// returnsLate reports whether money that comes late goes back to its payer without a person.
func returnsLate(ctx workflow.Context, w *paymentWorkflow) (bool, error) {
	if w.input.Kind.MoneyOut() {
		return false, nil
	}
	policy, err := readLatePolicy(ctx, w)
	return policy == pirogue.LateReturn, err
}

// returnByPolicy begins to give the money of a case back to its payer. It does so for money that
// came in, if the merchant wants that. The case stays open until the money is back: see
// settleNextCase.
func returnByPolicy(ctx workflow.Context, w *paymentWorkflow, id support.CaseID) error {
	returns, err := returnsLate(ctx, w)
	if err == nil && returns {
		_, err = call(ctx, ours(w.input.MerchantID, "give back"), activityNames.GiveBack, activities.ReturnRequest{Case: id})
	}
	return err
}
