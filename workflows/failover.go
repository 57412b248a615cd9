package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
	"pirogue/operator"
)

// routeFrom is a candidate of the payment's route and the candidates that may follow it. After is
// the number of the attempt that the previous candidate did not take; 0 for none.
type routeFrom struct {
	current   operator.RouteCandidate
	fallbacks []operator.RouteCandidate
	after     int
}

// mayFailover reports whether the payment goes on to the next candidate at once. Money that leaves
// us does so after a refusal only when the operator's status confirms it: see submitCashOut.
func mayFailover(w *paymentWorkflow, submitted activities.SubmitResult) bool {
	if len(w.input.Fallbacks) == 0 || submitted.AtOperator != activities.NothingAtOperator {
		return false
	}
	return submitted.NotTaken() || !w.input.Kind.MoneyOut()
}

// failover goes on to the next candidate, after an attempt that the current one did not take.
func failover(ctx workflow.Context, w *paymentWorkflow, after int) error {
	left := w.input.Current
	w.logger(ctx).Info("failover", "to", w.input.Fallbacks[0].Operator)
	err := switchCandidate(ctx, w, routeFrom{w.input.Fallbacks[0], w.input.Fallbacks[1:], after})
	w.previous = left
	return err
}

// currentCarrier returns the candidate that has the payment when that is not the current one. An
// earlier run may have failed over to it. Or an earlier run that had not ended sent it to the
// candidate that this run has just left. The payment stays there for good.
func currentCarrier(w *paymentWorkflow, submitted activities.SubmitResult) (routeFrom, bool) {
	carries := func(c operator.RouteCandidate) bool { return c.Operator != "" && c.Operator == submitted.Operator }
	if i := slices.IndexFunc(w.input.Fallbacks, carries); i >= 0 {
		return routeFrom{current: w.input.Fallbacks[i], fallbacks: w.input.Fallbacks[i+1:]}, true
	}
	return routeFrom{current: w.previous}, carries(w.previous)
}

// switchCandidate makes another candidate the current one. No previous one is kept.
func switchCandidate(ctx workflow.Context, w *paymentWorkflow, to routeFrom) error {
	w.previous = operator.RouteCandidate{}
	w.input.Current, w.input.Fallbacks, w.failoverAfter = to.current, to.fallbacks, to.after
	return workflow.UpsertTypedSearchAttributes(ctx, Operator.ValueSet(string(to.current.Operator)))
}
