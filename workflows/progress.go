package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// What a payment can wait for, in the words of the API.
const (
	waitsForOperator = lifecycle.WaitsForOperator
	waitsForCustomer = lifecycle.WaitsForCustomer
	waitsForSupport  = lifecycle.WaitsForSupport
	waitsForNothing  = ""
)

// progress holds the wait of a payment, as the API and the Web UI show it.
type progress struct {
	waitsFor     string
	pace         activities.Pace // of the polls under way; "": none
	pollingSince time.Time
	details      string
	reference    pirogue.OperatorRef // of the latest attempt
	providerTxID string              // the operator's own ID of the transaction
	message      string              // the operator's last message, redacted
	cancelAsked  time.Time           // when a cancel request came, which is ignored; zero: none came
	cancelLogged bool                // the request is in the audit log, as far as it can be
}

// submitted keeps the reference of an attempt and the operator's message.
func (p *progress) submitted(ref pirogue.OperatorRef, message string) {
	if p.reference != ref {
		p.reference, p.providerTxID = ref, ""
	}
	if message != "" {
		p.message = message
	}
}

// note keeps the operator's last message and its ID of the transaction.
func (p *progress) note(r operator.OperatorResult) {
	if r.Message != "" {
		p.message = r.Message
	}
	if r.ProviderTxID != "" {
		p.providerTxID = r.ProviderTxID
	}
}

// isCancelLogged reports whether no cancel request waits to be recorded.
func (p *progress) isCancelLogged() bool { return p.cancelAsked.IsZero() || p.cancelLogged }

// queryWaitState is the handler of WaitStateQuery. It computes the next poll from the beginning of
// the polls, because single polls leave no trace in the history.
func (w *paymentWorkflow) queryWaitState(now time.Time) (lifecycle.WaitState, error) {
	state := lifecycle.WaitState{For: w.progress.waitsFor, Deadline: w.deadline}
	if w.progress.pace == "" {
		return state, nil
	}
	next := w.progress.pollingSince
	for n := int32(1); !next.After(now) && next.Before(w.deadline); n++ {
		next = next.Add(w.progress.pace.Delay(n))
	}
	state.NextPoll = next
	return state, nil
}

// showWait shows in the Web UI and to the API what the payment waits for. No polls are under way.
func (w *paymentWorkflow) showWait(ctx workflow.Context, waitsFor, details string) {
	w.progress.waitsFor, w.progress.pace, w.progress.details = waitsFor, "", details
	w.showDetails(ctx)
}

// showCustomerWait shows that the customer has to act, and when the operator is polled.
func (w *paymentWorkflow) showCustomerWait(ctx workflow.Context) {
	next := workflow.Now(ctx).Add(activities.Brisk.Delay(1))
	w.progress.waitsFor = waitsForCustomer
	w.progress.details = fmt.Sprintf("waiting for the customer; next poll %s, then every 5 s, later 10 s; deadline %s",
		clockTime(next), clockTime(w.deadline))
	w.showDetails(ctx)
}

// showOperatorWait shows what money that leaves us waits for.
func (w *paymentWorkflow) showOperatorWait(ctx workflow.Context) {
	if w.outcomeUnknown {
		w.showWait(ctx, waitsForSupport, "the outcome is unknown past the finality window; a person must settle it")
		return
	}
	next := clockTime(workflow.Now(ctx).Add(activities.Long.Delay(1)))
	w.showWait(ctx, waitsForOperator,
		"waiting for the operator; next poll "+next+"; a person is called at "+dateTime(w.deadline))
}

// showDetails puts the payment's progress into the Web UI.
func (w *paymentWorkflow) showDetails(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, w.progress.describe(w.attempt, w.input.Current.Operator))
}

// describe returns the progress as paragraphs: an ignored cancel request and what the payment waits
// for, the attempt with its references, and the operator's last message.
func (p *progress) describe(attempt int, at pirogue.OperatorCode) string {
	wait := p.details
	if !p.cancelAsked.IsZero() {
		wait = "cancel request of " + dateTime(p.cancelAsked) + " ignored; " + wait
	}
	lines := []string{wait}
	if attempt > 0 {
		line := fmt.Sprintf("attempt %d at %s", attempt, at)
		if p.reference != "" {
			line += ", reference " + string(p.reference)
		}
		if p.providerTxID != "" {
			line += ", operator's transaction " + p.providerTxID
		}
		lines = append(lines, line)
	}
	if p.message != "" {
		lines = append(lines, "operator's last message: "+p.message)
	}
	return strings.Join(lines, "\n\n")
}

// clockTime prints a moment of the day.
func clockTime(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

// dateTime prints a moment that may lie days ahead.
func dateTime(t time.Time) string { return t.UTC().Format(time.DateTime) }
