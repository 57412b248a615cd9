package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// phase is the step of a payment's workflow. A failover, and a payment of which nothing was sent,
// go back to phaseSubmitting.
type phase string

// The phases of a payment.
const (
	phaseSubmitting phase = "submitting" // sends an attempt, or waits until it may: submit.go, failover.go, park.go
	phaseAwaiting   phase = "awaiting"   // the operator may have the attempt: await.go
	phaseUnknown    phase = "unknown"    // the case UNKNOWN_OUTCOME is open: unknown.go
	phaseSettling   phase = "settling"   // people decide about money in another case: settlecase.go
	phaseFinalizing phase = "finalizing" // makes the payment terminal: finalize.go
	phaseWatching   phase = "watching"   // the payment is terminal, and money may still move: watch.go
	phaseFinishing  phase = "finishing"  // replies to everybody who waits for the payment: finish.go
)

// paymentWorkflow holds the state of one payment's workflow.
type paymentWorkflow struct {
	input    lifecycle.PaymentInput // Current and Fallbacks change with a failover
	phase    phase
	status   pirogue.Status // once it is terminal; "" before
	deadline time.Time      // of the phase

	first     *lifecycle.FirstResponse // nil until the operator was called
	progress  progress
	callbacks callbackInbox
	actions   actionQueue

	attempt       int                     // number of the latest attempt
	foundSent     bool                    // the latest attempt was perhaps sent before this submission
	noWorker      bool                    // no worker made the latest submission in time: a retry at once is no use
	previous      operator.RouteCandidate // the candidate before the latest failover
	failoverAfter int                     // number of the attempt there, which it did not take; 0: none

	outcomeUnknown   bool // the case UNKNOWN_OUTCOME was opened for the current candidate
	decidedBySupport bool // two people established the outcome
	endedHere        bool // this run made the payment terminal, or resumed a terminal one
	finished         bool // the payment's row says that its workflow has nothing left to do

	booked  int64         // minor units that moved under the latest attempt and are in the books
	claim   pirogue.Money // proven callbacks say that this moved beside it; zero: none
	cases   []moneyCase   // open cases about money that this run settles
	earlier earlierAttempts

	deliveries []pendingResult[activities.DeliverResult] // first ones of the payment's events
}

// runPayment runs one kind of payment to its end and replies to everyone who waits for it. A cancel
// request changes nothing: only the operator, its finality window and support end a payment.
func runPayment(
	ctx workflow.Context, input lifecycle.PaymentInput, run func(workflow.Context, *paymentWorkflow) error,
) (pirogue.Status, error) {
	requests := ctx.Done()
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	w, err := newPaymentWorkflow(ctx, input)
	if err != nil {
		return "", err
	}
	ignoreCancel(ctx, w, requests)
	if input.Resumes != nil && input.Resumes.Status.Terminal() {
		run = resumeFinal
	}
	if err := run(ctx, w); err != nil {
		return w.currentStatus(), err
	}
	err = finishPayment(ctx, w)
	return w.currentStatus(), err
}

// newPaymentWorkflow returns the state of a payment's workflow and registers its handlers.
func newPaymentWorkflow(ctx workflow.Context, input lifecycle.PaymentInput) (*paymentWorkflow, error) {
	if r := input.Resumes; r != nil {
		input.Resumes = r.ByClock(workflow.GetInfo(ctx).WorkflowStartTime)
	}
	w := &paymentWorkflow{
		input: input, phase: phaseSubmitting, actions: newActionQueue(ctx),
		callbacks: callbackInbox{channel: workflow.GetSignalChannel(ctx, CallbackSignal)},
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, FirstResponseUpdate, w.awaitFirstResponse,
		workflow.UpdateHandlerOptions{Description: "Waits for the operator's first response."})
	if err != nil {
		return nil, err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, ActionUpdate, w.handleAction, workflow.UpdateHandlerOptions{
		Validator:   w.actions.validate,
		Description: "Support asks the operator, makes another attempt, or resolves with evidence.",
	})
	if err != nil {
		return nil, err
	}
	return w, workflow.SetQueryHandlerWithOptions(ctx, WaitStateQuery, w.queryWaitState, workflow.QueryHandlerOptions{
		Description: "What the payment waits for, the next poll and the deadline. Takes the present time.",
	})
}

// awaitFirstResponse is the handler of FirstResponseUpdate.
func (w *paymentWorkflow) awaitFirstResponse(ctx workflow.Context) (lifecycle.FirstResponse, error) {
	if err := workflow.Await(ctx, func() bool { return w.first != nil }); err != nil {
		return lifecycle.FirstResponse{}, err
	}
	return *w.first, nil
}

// setFirstResponse gives everyone who waits for it the first response.
func (w *paymentWorkflow) setFirstResponse(first lifecycle.FirstResponse) { w.first = &first }

// enter begins a phase.
func (w *paymentWorkflow) enter(ctx workflow.Context, next phase) {
	if w.phase == next {
		return
	}
	w.phase = next
	w.logger(ctx).Debug("phase begins", "phase", next)
}

// logger returns a logger that names the payment, its attempt and its operator.
func (w *paymentWorkflow) logger(ctx workflow.Context) log.Logger {
	return log.With(workflow.GetLogger(ctx),
		"payment", w.input.PaymentID, "attempt", w.attempt, "operator", w.input.Current.Operator)
}

// currentStatus returns the payment's status as support reads it: an open payment is PENDING.
func (w *paymentWorkflow) currentStatus() pirogue.Status {
	return cmp.Or(w.status, pirogue.StatusPending)
}

// hasFewerTasks reports whether the workflow takes the steps of lifecycle.RevisionFewerTasks.
func (w *paymentWorkflow) hasFewerTasks() bool {
	return w.input.Revision >= lifecycle.RevisionFewerTasks
}

// isMismatch reports whether the operator confirmed something else than the payment. An operator
// that confirms no amount has confirmed the payment's.
func (w *paymentWorkflow) isMismatch(r operator.OperatorResult) bool {
	return r.Mismatch != "" || r.Amount != pirogue.Money{} && r.Amount != w.input.Amount
}

// isUnbooked reports whether an operator names money under the latest attempt that is not in the
// books yet.
func (w *paymentWorkflow) isUnbooked(r operator.OperatorResult) bool {
	return r.Outcome == pirogue.OutcomePaid && r.Moved(w.input.Amount) > w.booked
}

// isInterrupted reports whether a support action or a callback waits.
func (w *paymentWorkflow) isInterrupted() bool { return w.actions.hasAny() || w.callbacks.hasAny() }

// timeLeft returns the time until the deadline.
func (w *paymentWorkflow) timeLeft(ctx workflow.Context) time.Duration {
	return w.deadline.Sub(workflow.Now(ctx))
}

// succeeded reports whether a status says that the operator moved the payment's amount. Money that
// was given back since had moved too.
func succeeded(status pirogue.Status) bool {
	return status == pirogue.StatusSuccess || status == pirogue.StatusReversed
}
