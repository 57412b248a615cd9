package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// ignoreCancel records a cancel request and lets the payment go on. A Temporal client decides nothing
// about money, and a payment that nobody follows keeps its hold for ever.
func ignoreCancel(ctx workflow.Context, w *paymentWorkflow, requests workflow.Channel) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		requests.Receive(ctx, nil)
		w.progress.cancelAsked = workflow.Now(ctx)
		w.logger(ctx).Warn("a cancel request is ignored: the payment goes on")
		w.showDetails(ctx)
		in := activities.CancelRequest{PaymentID: w.input.PaymentID, At: w.progress.cancelAsked}
		options := ours(w.input.MerchantID, "record cancel request")
		if _, err := call(ctx, options, activityNames.RecordCancel, in); err != nil {
			w.logger(ctx).Error("a cancel request is not in the audit log", "error", err)
		}
		w.progress.cancelLogged = true
	})
}

// withoutCancel returns a context that no cancel request ends. It is for workflows whose end would
// leave a bulk or an event that nobody follows. The request is logged.
func withoutCancel(ctx workflow.Context) (workflow.Context, workflow.CancelFunc) {
	requests := ctx.Done()
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		requests.Receive(ctx, nil)
		workflow.GetLogger(ctx).Warn("a cancel request is ignored")
	})
	return ctx, stop
}
