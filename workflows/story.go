package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// The names by which the API reaches a payment's workflow.
const (
	FirstUpdate    = "first"    // waits for the operator's first answer
	WaitingQuery   = "waiting"  // what the payment waits for
	CallbackSignal = "callback" // the operator called back; carries nothing
)

// The search attributes of a payment's workflow. The last two change.
var (
	PaymentKind    = temporal.NewSearchAttributeKeyKeyword("PaymentKind")
	Operator       = temporal.NewSearchAttributeKeyKeyword("Operator")
	MerchantID     = temporal.NewSearchAttributeKeyKeyword("MerchantId")
	Country        = temporal.NewSearchAttributeKeyKeyword("Country")
	PaymentStatus  = temporal.NewSearchAttributeKeyKeyword("PaymentStatus")
	NeedsAttention = temporal.NewSearchAttributeKeyBool("NeedsAttention")
)

// What a payment can wait for, in the words of the API.
const (
	waitsForOperator = "operator"
	waitsForCustomer = "customer"
	waitsForSupport  = "support"
	waitsForNothing  = ""
)

// maxCallbacks is how many callbacks of one payment are each worth a status call.
// An operator sends a handful; more is noise, and polling goes on without them.
const maxCallbacks = 50

// paymentWorkflow is what the workflow of one payment knows.
type paymentWorkflow struct {
	input          lifecycle.PaymentInput
	first          *lifecycle.FirstResponse // nil until the operator was called
	waitsFor       string
	since          time.Time // when the current questions began
	pace           activities.Pace
	deadline       time.Time
	callbacks      workflow.ReceiveChannel
	callbacksSeen  int                     // callbacks acted upon
	number         int                     // of the latest attempt
	previous       operator.RouteCandidate // the operator before, when another one was turned to
	failoverAfter  int                     // the attempt there, which came to nothing; 0: none
	actions        actionQueue
	sentBefore     bool           // an earlier telling of this story had perhaps sent it
	final          bool           // terminal: only money that moves late can still matter
	status         pirogue.Status // once it has ended
	outcomeUnknown bool           // unknown past the operator's horizon: its case is open
	bySupport      bool           // the outcome was established by people
	settled        bool           // this run ended it, or goes on with one that had ended
	finished       bool           // its row says that its workflow has nothing left to do
	ignored        cancellation

	booked  int64         // minor units that moved under the latest attempt and have a place in the books
	claim   pirogue.Money // that proven callbacks say moved beside it; zero: none
	arrived []arrival     // open cases about money that waits for a person
	earlier []*earlierOne // attempts before the latest that something may have left by
	readTo  int           // number of the latest attempt when those were read
	watches int           // of them that are still watched
	broken  error         // what ended a watch too early
}

// runPayment tells a payment's story to its end and lets everyone who waits for it leave.
// A cancel request changes nothing: only the operator, its window and support end a payment.
func runPayment(
	ctx workflow.Context, order lifecycle.PaymentInput, tell func(*paymentWorkflow, workflow.Context) (pirogue.Status, error),
) (pirogue.Status, error) {
	requests := ctx.Done()
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	s, err := newPaymentWorkflow(ctx, order)
	if err != nil {
		return "", err
	}
	s.ignoreCancel(ctx, requests)
	if order.Resumes != nil && order.Resumes.Status.Terminal() {
		tell = (*paymentWorkflow).resumeFinal
	}
	status, err := tell(s, ctx)
	if err != nil {
		return status, err
	}
	return s.conclude(ctx, status)
}

// newPaymentWorkflow makes the payment reachable for the API and the Web UI.
func newPaymentWorkflow(ctx workflow.Context, order lifecycle.PaymentInput) (*paymentWorkflow, error) {
	if r := order.Resumes; r != nil {
		order.Resumes = r.ByClock(workflow.GetInfo(ctx).WorkflowStartTime)
	}
	s := &paymentWorkflow{input: order, callbacks: workflow.GetSignalChannel(ctx, CallbackSignal)}
	err := workflow.SetUpdateHandlerWithOptions(ctx, FirstUpdate, s.awaitFirstResponse, workflow.UpdateHandlerOptions{
		Description: "Waits for the operator's first answer.",
	})
	if err != nil {
		return nil, err
	}
	if err := s.openActionQueue(ctx); err != nil {
		return nil, err
	}
	return s, workflow.SetQueryHandlerWithOptions(ctx, WaitingQuery, s.queryWaitState, workflow.QueryHandlerOptions{
		Description: "What the payment waits for: who, the next poll, the deadline. Takes the present time.",
	})
}

// awaitFirstResponse is the handler of FirstUpdate.
func (s *paymentWorkflow) awaitFirstResponse(ctx workflow.Context) (lifecycle.FirstResponse, error) {
	if err := workflow.Await(ctx, func() bool { return s.first != nil }); err != nil {
		return lifecycle.FirstResponse{}, err
	}
	return *s.first, nil
}

// releaseFirstResponse releases everyone who waits for the first answer.
func (s *paymentWorkflow) releaseFirstResponse(first lifecycle.FirstResponse) { s.first = &first }

// queryWaitState is the handler of WaitingQuery. The next poll is reckoned from when the
// questions began, because the questions themselves leave no trace in the history.
func (s *paymentWorkflow) queryWaitState(now time.Time) (lifecycle.WaitState, error) {
	w := lifecycle.WaitState{For: s.waitsFor, Deadline: s.deadline}
	if s.pace == "" {
		return w, nil
	}
	next := s.since
	for n := int32(1); !next.After(now) && next.Before(s.deadline); n++ {
		next = next.Add(s.pace.Cadence(n))
	}
	w.NextPoll = next
	return w, nil
}

// setDetails shows in the Web UI what the payment waits for.
func (s *paymentWorkflow) setDetails(ctx workflow.Context, waitsFor, details string) {
	s.waitsFor, s.pace = waitsFor, ""
	s.setCurrentDetails(ctx, details)
}

// setAwaitingDetails shows that the customer has to act, and when the operator is asked.
func (s *paymentWorkflow) setAwaitingDetails(ctx workflow.Context) {
	now := workflow.Now(ctx)
	s.waitsFor = waitsForCustomer
	s.setCurrentDetails(ctx, fmt.Sprintf(
		"waiting for the customer; next poll %s, then every 5 s, later 10 s; deadline %s",
		clockTime(now.Add(activities.Brisk.Cadence(1))), clockTime(s.deadline),
	))
}

// clockTime prints a moment as people say it.
func clockTime(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

// waitEnd is what ended a wait.
type waitEnd int

// A wait ends by the operator's answer to a poll, by an answer to a question that its
// callback or support brought forward.
const (
	polled waitEnd = iota
	prompted
)

// dateTime prints a moment that may lie days ahead.
func dateTime(t time.Time) string { return t.UTC().Format(time.DateTime) }

// pollStatus asks the operator at a pace until the answer ends the waiting or limit is
// over, and races that with the operator's callback and with support: whatever a
// callback claims, it is worth one status call. It reports whether one of them cut the
// questions short.
func (s *paymentWorkflow) pollStatus(ctx workflow.Context, pace activities.Pace, limit time.Duration) (operator.OperatorResult, waitEnd, error) {
	if receipt, did, err := s.askIfPrompted(ctx); did {
		return receipt, prompted, err
	}
	s.since, s.pace = workflow.Now(ctx), pace
	asking, stop := workflow.WithCancel(ctx)
	question := activities.StatusInput{PaymentID: s.input.PaymentID, Pace: pace, Candidate: s.input.Current, AlreadyBooked: s.booked}
	poll := start(asking, within(polling(s.input, pace), limit), do.AskStatus, question)

	rang := false
	wake := func(workflow.ReceiveChannel, bool) { rang = true }
	selector := workflow.NewSelector(ctx).AddFuture(poll.future, func(workflow.Future) {})
	selector.AddReceive(s.actions.wake, wake)
	if s.callbacksSeen < maxCallbacks {
		selector.AddReceive(s.callbacks, wake)
	}
	selector.Select(ctx)
	if !rang {
		receipt, err := poll.get(ctx)
		return receipt, polled, err
	}
	stop()
	receipt, _, err := s.askIfPrompted(ctx)
	return receipt, prompted, err
}

// askIfPrompted asks the operator out of turn when support or a callback gives a reason.
func (s *paymentWorkflow) askIfPrompted(ctx workflow.Context) (operator.OperatorResult, bool, error) {
	heard := s.drainCallbacks()
	if s.hasPendingAction() {
		receipt, err := s.handleActions(ctx)
		return receipt, true, err
	}
	if !heard {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, false, nil
	}
	if err := s.askEarlier(ctx); err != nil {
		return operator.OperatorResult{}, true, err
	}
	receipt, err := s.askStatus(ctx, "verify callback")
	return receipt, true, err
}

// drainCallbacks takes all callbacks that wait and reports whether there was one worth a
// question. Several at once are worth one.
func (s *paymentWorkflow) drainCallbacks() bool {
	rang := false
	for s.callbacks.ReceiveAsync(nil) {
		rang = true
	}
	if !rang || s.callbacksSeen >= maxCallbacks {
		return false
	}
	s.callbacksSeen++
	return true
}

// isMismatch reports whether the operator confirmed something else than was ordered.
// An operator that confirms no amount has confirmed the order's.
func (s *paymentWorkflow) isMismatch(r operator.OperatorResult) bool {
	return r.Mismatch != "" || r.Amount != pirogue.Money{} && r.Amount != s.input.Amount
}

// successInput is the ending of a confirmed payment.
func (s *paymentWorkflow) successInput(r operator.OperatorResult) activities.FinalizeInput {
	return activities.FinalizeInput{
		Status: pirogue.StatusSuccess, ProviderTxID: r.ProviderTxID, Watched: r.Extra.Minor > 0,
	}
}

// failedInput is the ending of a payment that was refused.
func failedInput(code pirogue.FailureCode, note string) activities.FinalizeInput {
	return activities.FinalizeInput{Status: pirogue.StatusFailed, Failure: pirogue.Failure{Code: code, Note: note}}
}

// expiredInput is the ending of a payment whose customer did not pay in time.
func expiredInput(note string) activities.FinalizeInput {
	return activities.FinalizeInput{
		Status: pirogue.StatusExpired, Failure: pirogue.Failure{Code: pirogue.FailedNoAnswer, Note: note},
	}
}

// finalize makes the payment terminal and returns where it stands: as asked, or as
// whoever came first left it. Support's remedies have waited for this. An ending that
// depends on something leaves the payment open when that is not true of it.
func (s *paymentWorkflow) finalize(ctx workflow.Context, ending activities.FinalizeInput) (pirogue.Status, error) {
	ending.PaymentID = s.input.PaymentID
	ending.Watched = ending.Watched || s.number > 1 // its earlier attempts
	s.setDetails(ctx, waitsForNothing, "ending: "+string(ending.Status))
	ended, err := call(ctx, ours(s.input.MerchantID, "settle "+string(ending.Status)), do.Finalize, ending)
	if err != nil || !ended.Status.Terminal() {
		return ended.Status, err
	}
	s.final, s.status, s.finished = true, ended.Status, ended.Finished
	s.settled = s.settled || ended.Status == ending.Status
	if succeeded(ended.Status) && ending.Status == pirogue.StatusSuccess {
		s.booked += s.input.Amount.Minor
	}
	if err := s.watchEarlier(ctx); err != nil {
		return "", err
	}
	s.setDetails(ctx, waitsForNothing, string(ended.Status))
	if err := workflow.UpsertTypedSearchAttributes(ctx, PaymentStatus.ValueSet(string(ended.Status))); err != nil {
		return "", err
	}
	return ended.Status, s.replyToActions(ctx, support.ActionResult{
		Decision: support.DecisionSettled, Reason: "the payment is " + string(ended.Status),
		Evidence: ending.Failure.Note, Status: ended.Status,
	}, everyAction)
}

// nothingSentProven reports whether nothing of a payment was sent, as its rows prove: then it may end.
func nothingSentProven(submitted activities.SubmitResult, receipt operator.OperatorResult) bool {
	return submitted.Outcome == activities.SubmitTooLate || submitted.Outcome == activities.SubmitHeld ||
		submitted.Outcome == activities.TooLate ||
		receipt.Outcome == pirogue.OutcomeNotSent || submitted.Outcome == activities.SubmitNotSent && submitted.NothingAtOperator
}

// finalizeUnsent ends a payment of which nothing was sent, and reports whether it has ended. The
// books look once more: a run that was thought to be dead may have sent it meanwhile.
func (s *paymentWorkflow) finalizeUnsent(
	ctx workflow.Context, submitted activities.SubmitResult, receipt operator.OperatorResult,
) (pirogue.Status, bool, error) {
	ending := failedInput(pirogue.FailedUnavailable, cmp.Or(receipt.Message, submitted.Message))
	if submitted.Outcome == activities.SubmitTooLate {
		ending = activities.NotStarted(s.input.PaymentID)
	}
	if submitted.Outcome == activities.SubmitHeld || submitted.Outcome == activities.TooLate {
		ending = expiredInput(submitted.Message)
	}
	if submitted.Outcome == activities.TooLate {
		ending.Failure.Code = pirogue.FailedNotStarted
	}
	ending.NothingSent = true
	status, err := s.finalize(ctx, ending)
	if err != nil || !status.Terminal() {
		return status, false, err
	}
	return status, true, s.closeUnknownCase(ctx)
}

// returnFinal returns from a payment that ended before it was sent, or whose rows are ahead of its
// history. That has something to do perhaps, which the sweep finds in its rows.
func (s *paymentWorkflow) returnFinal(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	s.releaseFirstResponse(lifecycle.FirstResponse{})
	s.setDetails(ctx, waitsForNothing, string(status))
	return status, nil
}

// SearchAttributes returns every search attribute as "Name=Type", which is how a
// Temporal namespace is told of it.
func SearchAttributes() []string {
	return []string{
		PaymentKind.GetName() + "=Keyword", Operator.GetName() + "=Keyword", MerchantID.GetName() + "=Keyword",
		Country.GetName() + "=Keyword", PaymentStatus.GetName() + "=Keyword", NeedsAttention.GetName() + "=Bool",
	}
}
