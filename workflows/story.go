package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
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

// story is what the workflow of one payment knows.
type story struct {
	order     pirogue.Order
	first     *pirogue.FirstAnswer // nil until the operator was called
	waitsFor  string
	since     time.Time // when the current questions began
	pace      activities.Pace
	deadline  time.Time
	callbacks workflow.ReceiveChannel
	heard     int         // callbacks acted upon
	number    int         // of the latest attempt
	left      pirogue.Leg // the operator before, when another one was turned to
	after     int         // the attempt there, which came to nothing; 0: none
	desk      desk
	found     bool           // an earlier telling of this story had perhaps sent it
	ended     bool           // terminal: only money that moves late can still matter
	status    pirogue.Status // once it has ended
	overdue   bool           // unknown past the operator's horizon: its case is open
	bySupport bool           // the outcome was established by people
	settled   bool           // this run ended it, or goes on with one that had ended
	finished  bool           // its row says that its workflow has nothing left to do
	ignored   cancellation

	placed  int64         // minor units that moved under the latest attempt and have a place in the books
	claim   pirogue.Money // that proven callbacks say moved beside it; zero: none
	arrived []arrival     // open cases about money that waits for a person
	earlier []*earlierOne // attempts before the latest that something may have left by
	readTo  int           // number of the latest attempt when those were read
	watches int           // of them that are still watched
	broken  error         // what ended a watch too early
}

// perform tells a payment's story to its end and lets everyone who waits for it leave.
// A cancel request changes nothing: only the operator, its window and support end a payment.
func perform(
	ctx workflow.Context, order pirogue.Order, tell func(*story, workflow.Context) (pirogue.Status, error),
) (pirogue.Status, error) {
	requests := ctx.Done()
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	s, err := begin(ctx, order)
	if err != nil {
		return "", err
	}
	s.ignoreCancel(ctx, requests)
	if order.Resumes != nil && order.Resumes.Status.Terminal() {
		tell = (*story).resume
	}
	status, err := tell(s, ctx)
	if err != nil {
		return status, err
	}
	return s.conclude(ctx, status)
}

// begin makes the payment reachable for the API and the Web UI.
func begin(ctx workflow.Context, order pirogue.Order) (*story, error) {
	if r := order.Resumes; r != nil {
		order.Resumes = r.ByClock(workflow.GetInfo(ctx).WorkflowStartTime)
	}
	s := &story{order: order, callbacks: workflow.GetSignalChannel(ctx, CallbackSignal)}
	err := workflow.SetUpdateHandlerWithOptions(ctx, FirstUpdate, s.awaitFirst, workflow.UpdateHandlerOptions{
		Description: "Waits for the operator's first answer.",
	})
	if err != nil {
		return nil, err
	}
	if err := s.openDesk(ctx); err != nil {
		return nil, err
	}
	return s, workflow.SetQueryHandlerWithOptions(ctx, WaitingQuery, s.waiting, workflow.QueryHandlerOptions{
		Description: "What the payment waits for: who, the next poll, the deadline. Takes the present time.",
	})
}

// awaitFirst is the handler of FirstUpdate.
func (s *story) awaitFirst(ctx workflow.Context) (pirogue.FirstAnswer, error) {
	if err := workflow.Await(ctx, func() bool { return s.first != nil }); err != nil {
		return pirogue.FirstAnswer{}, err
	}
	return *s.first, nil
}

// answer releases everyone who waits for the first answer.
func (s *story) answer(first pirogue.FirstAnswer) { s.first = &first }

// waiting is the handler of WaitingQuery. The next poll is reckoned from when the
// questions began, because the questions themselves leave no trace in the history.
func (s *story) waiting(now time.Time) (pirogue.Waiting, error) {
	w := pirogue.Waiting{For: s.waitsFor, Deadline: s.deadline}
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

// tell shows in the Web UI what the payment waits for.
func (s *story) tell(ctx workflow.Context, waitsFor, details string) {
	s.waitsFor, s.pace = waitsFor, ""
	s.show(ctx, details)
}

// tellWaiting shows that the customer has to act, and when the operator is asked.
func (s *story) tellWaiting(ctx workflow.Context) {
	now := workflow.Now(ctx)
	s.waitsFor = waitsForCustomer
	s.show(ctx, fmt.Sprintf(
		"waiting for the customer; next poll %s, then every 5 s, later 10 s; deadline %s",
		hour(now.Add(activities.Brisk.Cadence(1))), hour(s.deadline),
	))
}

// hour prints a moment as people say it.
func hour(t time.Time) string { return t.UTC().Format(time.TimeOnly) }

// word is what ended a wait.
type word int

// A wait ends by the operator's answer to a poll, by an answer to a question that its
// callback or support brought forward.
const (
	polled word = iota
	prompted
)

// day prints a moment that may lie days ahead.
func day(t time.Time) string { return t.UTC().Format(time.DateTime) }

// follow asks the operator at a pace until the answer ends the waiting or limit is
// over, and races that with the operator's callback and with support: whatever a
// callback claims, it is worth one status call. It reports whether one of them cut the
// questions short.
func (s *story) follow(ctx workflow.Context, pace activities.Pace, limit time.Duration) (pirogue.Receipt, word, error) {
	if receipt, did, err := s.prompted(ctx); did {
		return receipt, prompted, err
	}
	s.since, s.pace = workflow.Now(ctx), pace
	asking, stop := workflow.WithCancel(ctx)
	question := activities.Question{PaymentID: s.order.PaymentID, Pace: pace, Leg: s.order.Leg, Known: s.placed}
	poll := start(asking, within(polling(s.order, pace), limit), do.Ask, question)

	rang := false
	wake := func(workflow.ReceiveChannel, bool) { rang = true }
	selector := workflow.NewSelector(ctx).AddFuture(poll.future, func(workflow.Future) {})
	selector.AddReceive(s.desk.bell, wake)
	if s.heard < maxCallbacks {
		selector.AddReceive(s.callbacks, wake)
	}
	selector.Select(ctx)
	if !rang {
		receipt, err := poll.get(ctx)
		return receipt, polled, err
	}
	stop()
	receipt, _, err := s.prompted(ctx)
	return receipt, prompted, err
}

// prompted asks the operator out of turn when support or a callback gives a reason.
func (s *story) prompted(ctx workflow.Context) (pirogue.Receipt, bool, error) {
	heard := s.hear()
	if s.called() {
		receipt, err := s.serve(ctx)
		return receipt, true, err
	}
	if !heard {
		return pirogue.Receipt{Outcome: pirogue.OutcomePending}, false, nil
	}
	if err := s.askEarlier(ctx); err != nil {
		return pirogue.Receipt{}, true, err
	}
	receipt, err := s.ask(ctx, "verify callback")
	return receipt, true, err
}

// hear takes all callbacks that wait and reports whether there was one worth a
// question. Several at once are worth one.
func (s *story) hear() bool {
	rang := false
	for s.callbacks.ReceiveAsync(nil) {
		rang = true
	}
	if !rang || s.heard >= maxCallbacks {
		return false
	}
	s.heard++
	return true
}

// differs reports whether the operator confirmed something else than was ordered.
// An operator that confirms no amount has confirmed the order's.
func (s *story) differs(r pirogue.Receipt) bool {
	return r.Mismatch != "" || r.Amount != pirogue.Money{} && r.Amount != s.order.Amount
}

// success is the ending of a confirmed payment.
func (s *story) success(r pirogue.Receipt) activities.Ending {
	return activities.Ending{
		Status: pirogue.StatusSuccess, ProviderTxID: r.ProviderTxID, Watched: r.Extra.Minor > 0,
	}
}

// failed is the ending of a payment that was refused.
func failed(code pirogue.FailureCode, note string) activities.Ending {
	return activities.Ending{Status: pirogue.StatusFailed, Failure: pirogue.Failure{Code: code, Note: note}}
}

// expired is the ending of a payment whose customer did not pay in time.
func expired(note string) activities.Ending {
	return activities.Ending{
		Status: pirogue.StatusExpired, Failure: pirogue.Failure{Code: pirogue.FailedNoAnswer, Note: note},
	}
}

// end makes the payment terminal and returns where it stands: as asked, or as
// whoever came first left it. Support's remedies have waited for this. An ending that
// depends on something leaves the payment open when that is not true of it.
func (s *story) end(ctx workflow.Context, ending activities.Ending) (pirogue.Status, error) {
	ending.PaymentID = s.order.PaymentID
	ending.Watched = ending.Watched || s.number > 1 // its earlier attempts
	s.tell(ctx, waitsForNothing, "ending: "+string(ending.Status))
	ended, err := call(ctx, ours(s.order.MerchantID, "settle "+string(ending.Status)), do.Settle, ending)
	if err != nil || !ended.Status.Terminal() {
		return ended.Status, err
	}
	s.ended, s.status, s.finished = true, ended.Status, ended.Finished
	s.settled = s.settled || ended.Status == ending.Status
	if succeeded(ended.Status) && ending.Status == pirogue.StatusSuccess {
		s.placed += s.order.Amount.Minor
	}
	if err := s.watchEarlier(ctx); err != nil {
		return "", err
	}
	s.tell(ctx, waitsForNothing, string(ended.Status))
	if err := workflow.UpsertTypedSearchAttributes(ctx, PaymentStatus.ValueSet(string(ended.Status))); err != nil {
		return "", err
	}
	return ended.Status, s.rule(ctx, pirogue.Verdict{
		Decision: pirogue.DecisionSettled, Reason: "the payment is " + string(ended.Status),
		Evidence: ending.Failure.Note, Status: ended.Status,
	}, everyone)
}

// unsent reports whether nothing of a payment was sent, as its rows prove: then it may end.
func unsent(submitted activities.Submitted, receipt pirogue.Receipt) bool {
	return submitted.Class == activities.NotInTime || submitted.Class == activities.Held ||
		submitted.Class == activities.TooLate ||
		receipt.Outcome == pirogue.OutcomeNotSent || submitted.Class == activities.Unavailable && submitted.Free
}

// endUnsent ends a payment of which nothing was sent, and reports whether it has ended. The
// books look once more: a run that was thought to be dead may have sent it meanwhile.
func (s *story) endUnsent(
	ctx workflow.Context, submitted activities.Submitted, receipt pirogue.Receipt,
) (pirogue.Status, bool, error) {
	ending := failed(pirogue.FailedUnavailable, cmp.Or(receipt.Words, submitted.Words))
	if submitted.Class == activities.NotInTime {
		ending = activities.NotStarted(s.order.PaymentID)
	}
	if submitted.Class == activities.Held || submitted.Class == activities.TooLate {
		ending = expired(submitted.Words)
	}
	if submitted.Class == activities.TooLate {
		ending.Failure.Code = pirogue.FailedNotStarted
	}
	ending.Unsent = true
	status, err := s.end(ctx, ending)
	if err != nil || !status.Terminal() {
		return status, false, err
	}
	return status, true, s.known(ctx)
}

// over returns from a payment that ended before it was sent, or whose rows are ahead of its
// history. That has something to do perhaps, which the sweep finds in its rows.
func (s *story) over(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	s.answer(pirogue.FirstAnswer{})
	s.tell(ctx, waitsForNothing, string(status))
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
