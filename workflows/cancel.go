package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
)

// cancellation is a cancel request that a workflow has ignored.
type cancellation struct {
	at       time.Time // zero: none came
	recorded bool      // in the audit log, as far as it can be
	details  string    // what the Web UI shows beside it
}

// ignoreCancel records a cancel request and lets the payment go on. A Temporal client
// cannot decide about money, and a payment that nobody follows keeps its hold for ever.
func (s *paymentWorkflow) ignoreCancel(ctx workflow.Context, requests workflow.Channel) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		requests.Receive(ctx, nil)
		s.ignored.at = workflow.Now(ctx)
		workflow.GetLogger(ctx).Warn("a cancel request is ignored: the payment goes on")
		s.setCurrentDetails(ctx, s.ignored.details)
		in := activities.CancelRequest{PaymentID: s.input.PaymentID, At: s.ignored.at}
		if _, err := call(ctx, ours(s.input.MerchantID, "record cancel request"), do.RecordCancel, in); err != nil {
			workflow.GetLogger(ctx).Error("a cancel request is not in the audit log", "error", err)
		}
		s.ignored.recorded = true
	})
}

// cancelRecorded reports whether no cancel request waits to be recorded.
func (s *paymentWorkflow) cancelRecorded() bool { return s.ignored.at.IsZero() || s.ignored.recorded }

// setCurrentDetails puts details into the Web UI, after the cancel request that was ignored.
func (s *paymentWorkflow) setCurrentDetails(ctx workflow.Context, details string) {
	s.ignored.details = details
	if !s.ignored.at.IsZero() {
		details = "cancel request of " + dateTime(s.ignored.at) + " ignored; " + details
	}
	workflow.SetCurrentDetails(ctx, details)
}

// withoutCancel returns a context that no cancel request ends, for workflows whose end
// would leave a bulk or an event that nobody follows. The request is logged.
func withoutCancel(ctx workflow.Context) (workflow.Context, workflow.CancelFunc) {
	requests := ctx.Done()
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		requests.Receive(ctx, nil)
		workflow.GetLogger(ctx).Warn("a cancel request is ignored")
	})
	return ctx, stop
}
