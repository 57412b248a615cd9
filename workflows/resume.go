package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// resumeFinal goes on with a terminal payment whose workflow was lost. A case waits for a person.
// Money that can still move late is watched for until the end of the operator's finality window.
func resumeFinal(ctx workflow.Context, w *paymentWorkflow) error {
	r := w.input.Resumes
	w.endedHere, w.status, w.attempt = true, r.Status, r.Attempts
	w.setFirstResponse(lifecycle.FirstResponse{})
	if succeeded(r.Status) {
		w.booked = w.input.Amount.Minor
	}
	w.logger(ctx).Info("resumed", "status", r.Status, "cause", r.Case)
	if err := watchEarlierAttempts(ctx, w); err != nil {
		return err
	}
	switch {
	case r.Case == support.CauseUnknown:
		return pollUntilReadable(ctx, w, operator.OperatorResult{Unreadable: true})
	case r.Case != "":
		return settleOpenCases(ctx, w)
	case succeeded(r.Status):
		return verifySuccess(ctx, w)
	}
	if !r.Watched() { // nothing that left can move any more
		return nil
	}
	w.deadline = r.EndedAt.Add(w.input.Current.FinalityWindow)
	return watchUntilFinal(ctx, w)
}

// settleOpenCases settles the open cases of a terminal payment, the oldest first, and watches on
// where money can still move. Money that moves meanwhile has a case of its own.
func settleOpenCases(ctx workflow.Context, w *paymentWorkflow) error {
	r := w.input.Resumes
	if r.Watched() {
		w.deadline = r.EndedAt.Add(w.input.Current.FinalityWindow)
	}
	open, err := call(ctx, ours(w.input.MerchantID, "open cases"), activityNames.UnsettledCases, w.input.PaymentID)
	if err != nil {
		return err
	}
	for _, c := range open {
		w.addCase(c.ID, c.Cause)
	}
	for len(w.cases) > 0 {
		if err := settleNextCase(ctx, w, w.cases[0].cause); err != nil {
			return err
		}
	}
	if !workflow.Now(ctx).Before(w.deadline) {
		return nil
	}
	return watchUntilFinal(ctx, w)
}

// windowEnd returns the end of the customer's time. A resumed payment keeps the end that the customer
// was told.
func windowEnd(ctx workflow.Context, w *paymentWorkflow) time.Time {
	if r := w.input.Resumes; r != nil && !r.ExpiresAt.IsZero() {
		return r.ExpiresAt
	}
	return workflow.Now(ctx).Add(w.input.Current.Window)
}

// finalityEnd returns the end of the finality window of money that leaves us. It counts from the
// first sending of the latest attempt.
func finalityEnd(ctx workflow.Context, w *paymentWorkflow) time.Time {
	if r := w.input.Resumes; r != nil && !r.FirstSent.IsZero() && w.attempt <= r.Attempts {
		return r.FirstSent.Add(w.input.Current.FinalityWindow)
	}
	return workflow.Now(ctx).Add(w.input.Current.FinalityWindow)
}
