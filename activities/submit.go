package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/ids"
)

// Submission asks for a payment to be sent to its operator.
type Submission struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Leg       pirogue.Leg       `json:"leg"`
	// Insist runs the activity again while trying again is safe, instead of reporting
	// what the last try came to.
	Insist bool `json:"insist,omitempty"`
	// Dead asks for another attempt after one whose row proves that it can have no
	// effect any more; one that does not is left alone.
	Dead bool `json:"dead,omitempty"`
	// Absent says, with Dead, that the operator has just answered that it does not know the
	// attempt. Without it no reference is sent again.
	Absent bool `json:"absent,omitempty"`
	// After asks for another operator's attempt after the one of this number, which came
	// to nothing there; 0 asks for none.
	After int `json:"after,omitempty"`
}

// Submitted is what became of a submission.
type Submitted struct {
	Class    Class                `json:"class"`
	Operator pirogue.OperatorCode `json:"operator"`
	Number   int                  `json:"number,omitempty"` // of the attempt
	Sent     bool                 `json:"sent,omitempty"`   // by this run
	Found    bool                 `json:"found,omitempty"`  // an earlier run had perhaps sent it
	Words    string               `json:"words,omitempty"`
	Status   pirogue.Status       `json:"status,omitempty"` // with Over: where the payment stands
	// Free says that nothing of this attempt is at its operator and nothing will be, so
	// that another operator may be tried: it was proven not sent, or the operator refused
	// it for a reason of its own.
	Free bool `json:"free,omitempty"`
	// Down says that nothing was sent, and that the operator is out of service.
	Down bool `json:"down,omitempty"`
	// Earlier says that money may still move under an attempt before this one, and that its
	// operator can be asked about it: it has to be watched.
	Earlier bool `json:"earlier,omitempty"`
	// Named says the same of this attempt, with Unavailable: its answer was lost, and named all
	// the same what the operator is asked with.
	Named bool `json:"named,omitempty"`
	// Unserved says that nobody made the submission in time: trying again at once is no use.
	Unserved bool `json:"unserved,omitempty"`
}

// Class is how a submission ended.
type Class string

// The classes of a submission.
const (
	Accepted    Class = "accepted"    // the operator has it
	Declined    Class = "declined"    // the operator said no: no money moves
	Unavailable Class = "unavailable" // nothing that could move money is at the operator: try again
	Unsure      Class = "unsure"      // it may be at the operator: ask, never send again
	Over        Class = "over"        // the payment ended before it was sent
	NotInTime   Class = "not_in_time" // it was not sent: it was still CREATED past its start deadline
	TooLate     Class = "too_late"    // it was not sent: its customer's time is over
	Held        Class = "held"        // it was not sent: its merchant is suspended, or operators are asked first
)

// Repeatable reports whether trying again is safe and may change the result: nothing
// is at the operator, or it executes a reference once however often it is sent.
func (s Submitted) Repeatable(leg pirogue.Leg) bool {
	return s.Class == Unavailable || s.Class == Unsure && leg.Unheard == pirogue.RepeatSame
}

// insistEvery is the wait before an unavailable operator is tried again; it doubles
// up to insistAtMost.
const (
	insistEvery  = 2 * time.Second
	insistAtMost = 16 * time.Second
)

// Submit sends a payment's prepared attempt to its operator, once. What an earlier
// run of this activity left behind decides first: an attempt that was perhaps sent
// is never sent again, unless the operator's record says that it can do no harm: a
// collection nobody heard of is made under another reference, and an operator that
// executes a reference once is given the same one.
func (a *Activities) Submit(ctx context.Context, in Submission) (Submitted, error) {
	done, err := a.submit(ctx, in)
	if err == nil && in.Leg.Unheard == pirogue.RepeatRenewed {
		done, err = a.withLeft(ctx, in.PaymentID, done)
	}
	return done, err
}

// submit is Submit without a look at what has to be watched.
func (a *Activities) submit(ctx context.Context, in Submission) (Submitted, error) {
	instance, err := a.operator(in.Leg.Operator)
	if err != nil {
		return Submitted{}, encode(err)
	}
	p, attempt, err := a.Store.Latest(ctx, in.PaymentID)
	if err != nil {
		return Submitted{}, encode(err)
	}
	if p.Status.Terminal() {
		return Submitted{Class: Over, Status: p.Status}, nil
	}
	merchant, err := a.Store.Merchant(ctx, p.MerchantID)
	if err != nil {
		return Submitted{}, encode(err)
	}
	words := heldWords(merchant)
	if words != "" { // what is there is followed, and no other attempt is made
		in.Dead, in.After = false, 0
	}
	if merchant.AskFirst && lost(attempt) {
		return Submitted{Class: Unsure, Operator: attempt.Operator, Number: attempt.Number, Found: true}, nil
	}
	found := attempt.State != pirogue.AttemptPrepared
	attempt, known, err := a.ready(ctx, p, attempt, in)
	if err != nil || known.Class != "" {
		known.Found = found
		known, err = a.freed(ctx, in.PaymentID, known, err)
		return known, encode(err)
	}
	if words != "" {
		return a.held(ctx, p.Kind, attempt, words)
	}
	if turned, err := a.turnedAway(ctx, attempt); err != nil || turned.Class != "" {
		return a.insisted(ctx, in, turned, err)
	}
	call, err := a.prepare(ctx, instance, outgoing{merchant, p, attempt}, in.Leg.Window)
	if err != nil {
		return Submitted{}, encode(err)
	}
	failpoint.Hit("submit.ready")
	sending, err := a.Store.Send(ctx, attempt.ID, in.Leg.SendLimits(p.Kind, attempt), a.Clock.Now())
	if err != nil || sending.Result != pirogue.SendMarked {
		return a.notMarked(ctx, p.Kind, attempt, sending.Result, err)
	}
	failpoint.Hit("submit.sent")
	done, err := a.record(ctx, attempt, sending, in.Leg, call)
	failpoint.Hit("submit.recorded")
	return a.insisted(ctx, in, done, err)
}

// notMarked returns what becomes of an attempt that the database did not mark SENT.
func (a *Activities) notMarked(
	ctx context.Context, kind pirogue.Kind, attempt pirogue.Attempt, why pirogue.SendResult, err error,
) (Submitted, error) {
	switch {
	case err != nil || why == pirogue.SendOvertaken:
		return Submitted{}, a.overtaken(err)
	case why == pirogue.SendSuspended || why == pirogue.SendAskFirst:
		return a.held(ctx, kind, attempt, sentNothing[why])
	case why == pirogue.SendCancelled:
		return a.cancelled(ctx, attempt)
	case why == pirogue.SendPastWindow:
		return a.tooLate(ctx, attempt)
	default:
		return notInTime(attempt), nil
	}
}

// insisted returns what a try came to, or asks for another one if that is wanted and safe.
func (a *Activities) insisted(ctx context.Context, in Submission, done Submitted, err error) (Submitted, error) {
	if err == nil && in.Insist && done.Repeatable(in.Leg) {
		return done, retryIn(a.insistence(activity.GetInfo(ctx).Attempt), "operator unavailable: "+done.Words)
	}
	return done, encode(err)
}

// notInTime says that nothing was sent because the payment's start deadline has passed.
func notInTime(attempt pirogue.Attempt) Submitted {
	return Submitted{Class: NotInTime, Operator: attempt.Operator, Number: attempt.Number}
}

// customersTimeIsOver holds what support reads of a collection that was not sent in time.
const customersTimeIsOver = "the customer's time was over before anything was sent"

// tooLate says that a collection is not sent because its customer's time is over. What was perhaps
// sent before is followed. One whose earlier attempt was lost is given up: nobody can pay it any
// more.
func (a *Activities) tooLate(ctx context.Context, attempt pirogue.Attempt) (Submitted, error) {
	late := Submitted{Class: TooLate, Operator: attempt.Operator, Number: attempt.Number, Words: customersTimeIsOver}
	if attempt.State != pirogue.AttemptPrepared {
		late.Class, late.Found = Unsure, true
		return late, nil
	}
	unsent, err := a.Store.Unsent(ctx, attempt.PaymentID)
	if err == nil && !unsent {
		late.Class = Unavailable
	}
	return late, encode(err)
}

// freed takes back that a payment may go to another operator, or end as not sent, when
// another of its attempts may be at an operator.
func (a *Activities) freed(
	ctx context.Context, id pirogue.PaymentID, s Submitted, err error,
) (Submitted, error) {
	if err == nil && s.Free {
		s.Free, err = a.Store.Unsent(ctx, id)
	}
	return s, err
}

// turnedAway keeps a payment of which nothing was sent from an operator that is out of
// service. What was perhaps sent before is not kept: the operator may have it.
func (a *Activities) turnedAway(ctx context.Context, attempt pirogue.Attempt) (Submitted, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return Submitted{}, nil
	}
	admitted, h, err := a.admitted(ctx, attempt.Operator)
	if err != nil || admitted {
		return Submitted{}, err
	}
	words := outOfService(h)
	inTime, err := a.Store.Postpone(ctx, attempt.ID, words, a.Clock.Now())
	if err != nil {
		return Submitted{}, err
	}
	if !inTime {
		return notInTime(attempt), nil
	}
	return a.freed(ctx, attempt.PaymentID, Submitted{
		Class: Unavailable, Operator: attempt.Operator, Number: attempt.Number, Words: words, Free: true, Down: true,
	}, nil)
}

// waitsForTurn holds what support reads of a payment that its operator's contract holds back.
const waitsForTurn = "waits for its turn at the operator"

// TakeUp makes a payment PENDING whose workflow waits in its operator's queue, and reports
// whether it is taken up. One that is CREATED past its start deadline is not.
func (a *Activities) TakeUp(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, attempt, err := a.Store.Latest(ctx, id)
	if err != nil || p.Status != pirogue.StatusCreated {
		return true, encode(err)
	}
	inTime, err := a.Store.Postpone(ctx, attempt.ID, waitsForTurn, a.Clock.Now())
	return inTime, encode(err)
}

// down reports whether an operator is out of service.
func (a *Activities) down(ctx context.Context, o pirogue.OperatorCode) (bool, error) {
	h, err := a.health(ctx, o)
	return err == nil && !h.Available(), err
}

// outOfService says for support why nothing is sent to an operator.
func outOfService(h pirogue.Health) string {
	if h.Parked {
		return "taken out of service: " + h.ParkedWhy
	}
	return "out of service since " + h.Since.UTC().Format(time.DateTime) + ": " + h.Words
}

// overtaken says that another run of the activity changed the attempt between
// reading and sending it. Run again, it finds what the other one left.
func (a *Activities) overtaken(err error) error {
	if err != nil {
		return encode(err)
	}
	return retryIn(time.Second, "the attempt was taken by another run")
}

// ready returns the attempt to send, or what is known already.
func (a *Activities) ready(
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt, in Submission,
) (pirogue.Attempt, Submitted, error) {
	passes := in.After > 0 && attempt.Number == in.After && free(attempt)
	if passes || in.Dead && a.dead(attempt, in.Leg) {
		return a.renew(ctx, p, attempt, in.Leg)
	}
	if attempt.Operator != in.Leg.Operator {
		return attempt, elsewhere(attempt), nil
	}
	switch attempt.State {
	case pirogue.AttemptPrepared:
		return attempt, Submitted{}, nil
	case pirogue.AttemptAccepted:
		return attempt, Submitted{Class: Accepted, Operator: attempt.Operator, Number: attempt.Number}, nil
	case pirogue.AttemptRefused:
		return attempt, Submitted{
			Class: Declined, Operator: attempt.Operator, Number: attempt.Number, Words: attempt.Answer, Free: attempt.Unable,
		}, nil
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
	}
	switch repeat := in.Leg.AfterLoss(attempt); {
	case repeat == pirogue.RepeatSame && a.mayResend(attempt, in):
		return attempt, Submitted{}, nil
	case repeat == pirogue.RepeatRenewed:
		return a.renew(ctx, p, attempt, in.Leg)
	default:
		return attempt, Submitted{Class: Unsure, Operator: attempt.Operator, Number: attempt.Number}, nil
	}
}

// mayResend reports whether an attempt may be sent again under its reference: only while its
// operator remembers the reference, and by support's redrive only after the operator's answer that
// it does not know it.
func (a *Activities) mayResend(attempt pirogue.Attempt, in Submission) bool {
	return (!in.Dead || in.Absent) && in.Leg.MayResend(attempt.FirstSent, a.Clock.Now())
}

// elsewhere says that another operator than the one asked to has the payment's attempt: an
// earlier run passed it on, or sent it after it had come to nothing. Who asks turns there.
func elsewhere(attempt pirogue.Attempt) Submitted {
	return Submitted{Class: Unsure, Operator: attempt.Operator, Number: attempt.Number}
}

// free reports whether an attempt's row proves that nothing of it is at its operator.
func free(attempt pirogue.Attempt) bool {
	return attempt.State == pirogue.AttemptPrepared || attempt.State == pirogue.AttemptRefused && attempt.Unable
}

// renew prepares the attempt after one that can have no effect.
func (a *Activities) renew(
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt, leg pirogue.Leg,
) (pirogue.Attempt, Submitted, error) {
	ref := ids.Reference(p.Kind)
	after := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: attempt.Number + 1,
		Operator: leg.Operator, Ref: ref, State: pirogue.AttemptPrepared, CreatedAt: a.Clock.Now(),
	}
	if attempt.State == pirogue.AttemptPrepared { // a one-time password that nobody was given
		after.Handle = attempt.Handle
	}
	next, err := a.Store.Renew(ctx, attempt.ID, after, a.Callbacks.Digest(ref))
	switch {
	case err != nil:
		return next, Submitted{}, err
	case next.Operator != leg.Operator:
		return next, elsewhere(next), nil
	case next.State != pirogue.AttemptPrepared: // the operator accepted the old one meanwhile
		return next, Submitted{Class: Accepted, Operator: next.Operator, Number: next.Number}, nil
	default:
		return next, Submitted{}, nil
	}
}

// record makes the call and records its answer. When recording fails the activity
// fails, and the next run finds an attempt that was perhaps sent.
func (a *Activities) record(
	ctx context.Context, attempt pirogue.Attempt, sending pirogue.Sending, leg pirogue.Leg,
	call operatorCall,
) (Submitted, error) {
	receipt, err := call(ctx)
	failpoint.Hit("submit.called")
	submitted, answer := classify(receipt, err, leg)
	trouble := a.heed(ctx, attempt.Operator, attempt.PaymentID, err)
	if sending.Repeat && submitted.Class == Declined {
		// This sending was refused, but an earlier one under the same reference perhaps was not.
		submitted.Class, submitted.Free, answer.State = Unsure, false, pirogue.AttemptUnknown
	}
	answer.AttemptID, answer.Sending, answer.At = attempt.ID, sending.Number, a.Clock.Now()
	answer.ExpiresAt = answer.At.Add(leg.Window)
	submitted.Operator, submitted.Number = leg.Operator, attempt.Number
	stands, failed := a.Store.Answer(ctx, answer)
	if failed = errors.Join(failed, trouble); failed != nil {
		return submitted, failed
	}
	if stands != answer.State { // another sending of it may be at the operator
		submitted.Class, submitted.Free = Unsure, false
	}
	submitted.Sent = submitted.Class != Unavailable && answer.State != pirogue.AttemptPrepared
	if submitted.Class == Unavailable {
		submitted.Down, failed = a.down(ctx, attempt.Operator)
	}
	return a.freed(ctx, attempt.PaymentID, submitted, failed)
}

// page returns the merchant's page, or ours.
func (a *Activities) page(url string) string {
	if url == "" {
		return a.ReturnURL
	}
	return url
}

// classify says what a call means for the submission and for its attempt.
func classify(receipt pirogue.Receipt, err error, leg pirogue.Leg) (Submitted, pirogue.Answer) {
	words := receipt.Words
	if err != nil {
		words = err.Error()
	}
	switch pirogue.CodeOf(err) {
	case "":
		return Submitted{Class: Accepted}, pirogue.Answer{
			State: pirogue.AttemptAccepted, Handle: receipt.Handle, Words: words,
			NextAction: receipt.NextAction, ProviderTxID: receipt.ProviderTxID,
		}
	case pirogue.Refused:
		return Submitted{Class: Declined, Words: words}, pirogue.Answer{State: pirogue.AttemptRefused, Words: words}
	case pirogue.Unable:
		return Submitted{Class: Declined, Words: words, Free: true},
			pirogue.Answer{State: pirogue.AttemptRefused, Unable: true, Words: words}
	case pirogue.NotSent:
		return Submitted{Class: Unavailable, Words: words, Free: true},
			pirogue.Answer{State: pirogue.AttemptPrepared, Words: words}
	default:
		class := Unsure
		if leg.Unheard == pirogue.RepeatRenewed {
			class = Unavailable
		}
		return Submitted{Class: class, Words: words}, pirogue.Answer{
			State: pirogue.AttemptUnknown, Handle: receipt.Handle, Words: words, ProviderTxID: receipt.ProviderTxID,
		}
	}
}

// insistence returns the wait after the n-th unavailable answer, n from 1.
func (a *Activities) insistence(n int32) time.Duration {
	wait := insistEvery
	for range n - 1 {
		if wait *= 2; wait >= insistAtMost {
			return a.jitter(insistAtMost)
		}
	}
	return a.jitter(wait)
}
