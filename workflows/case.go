package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
)

// moneyCase is an open case about money that no payment expects.
type moneyCase struct {
	id    support.CaseID
	cause support.Cause
}

// addCase lets a case wait until it is settled.
func (w *paymentWorkflow) addCase(id support.CaseID, cause support.Cause) {
	w.cases = append(w.cases, moneyCase{id, cause})
}

// mismatchCause returns the cause of a case about money that differs from its payment.
func mismatchCause(r operator.OperatorResult) support.Cause {
	if r.Mismatch == "counterparty" {
		return support.CauseMismatch
	}
	return support.CauseAmountMismatch
}

// openCase books money that no payment expects and calls for a person. It returns the case's ID; ""
// when nothing is left to settle.
func (w *paymentWorkflow) openCase(
	ctx workflow.Context, cause support.Cause, r operator.OperatorResult,
) (support.CaseID, error) {
	in := openCaseInput(w, cause, r)
	if cause == support.CauseUnknown {
		in.Note, in.Paid, in.Again = "the operator's finality window has passed: "+r.Message, 0, true
	}
	id, err := callOpenCase(ctx, w, in)
	if err == nil && cause != support.CauseUnknown {
		w.booked = max(w.booked, r.Moved(w.input.Amount))
	}
	return id, err
}

// openCaseInput returns the input of a case about money: the payment's amount, and all that moved.
func openCaseInput(w *paymentWorkflow, cause support.Cause, r operator.OperatorResult) activities.OpenCaseInput {
	paid := w.input.Amount
	if r.Amount != (pirogue.Money{}) {
		paid = r.Amount
	}
	in := activities.OpenCaseInput{
		PaymentID: w.input.PaymentID, Cause: cause, Note: fmt.Sprintf("ordered %s, paid %s", w.input.Amount, paid),
	}
	if r.Extra.Minor > 0 {
		in.Note += fmt.Sprintf(" and %s beside it", r.Extra)
	}
	if paid.Currency == w.input.Amount.Currency {
		in.Paid = r.Moved(w.input.Amount)
	}
	return in
}

// callOpenCase opens a case and returns its ID; "" when nothing is left to settle.
func callOpenCase(
	ctx workflow.Context, w *paymentWorkflow, in activities.OpenCaseInput,
) (support.CaseID, error) {
	id, err := call(ctx, ours(w.input.MerchantID, "open case "+string(in.Cause)), activityNames.OpenCase, in)
	if err != nil || id == "" {
		return "", err
	}
	w.logger(ctx).Warn("case is open", "case", id, "cause", in.Cause)
	return id, workflow.UpsertTypedSearchAttributes(ctx, NeedsAttention.ValueSet(true))
}
