package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// SubmitInput asks for a payment to be sent to its operator.
type SubmitInput struct {
	PaymentID pirogue.PaymentID       `json:"payment_id"`
	Candidate operator.RouteCandidate `json:"candidate"`
	// KeepRetrying runs the activity again while trying again is safe, instead of reporting
	// what the last try came to.
	KeepRetrying bool `json:"keep_retrying,omitempty"`
	// AfterDeadAttempt asks for another attempt after one whose row proves that it can have no
	// effect any more; one that does not is left alone.
	AfterDeadAttempt bool `json:"after_dead_attempt,omitempty"`
	// OperatorKnowsNothing says, with Dead, that the operator has just answered that it does not know the
	// attempt. Without it no reference is sent again.
	OperatorKnowsNothing bool `json:"operator_knows_nothing,omitempty"`
	// FailoverAfter asks for another operator's attempt after the one of this number, which came
	// to nothing there; 0 asks for none.
	FailoverAfter int `json:"failover_after,omitempty"`
}

// SubmitResult is what became of a submission.
type SubmitResult struct {
	Outcome   SubmitOutcome        `json:"outcome"`
	Operator  pirogue.OperatorCode `json:"operator"`
	Number    int                  `json:"number,omitempty"`     // of the attempt
	Sent      bool                 `json:"sent,omitempty"`       // by this run
	FoundSent bool                 `json:"found_sent,omitempty"` // an earlier run had perhaps sent it
	Message   string               `json:"message,omitempty"`
	Status    pirogue.Status       `json:"status,omitempty"` // with Over: where the payment stands
	// NothingAtOperator says that nothing of this attempt is at its operator and nothing will be, so
	// that another operator may be tried: it was proven not sent, or the operator refused
	// it for a reason of its own.
	NothingAtOperator bool `json:"nothing_at_operator,omitempty"`
	// OperatorDown says that nothing was sent, and that the operator is out of service.
	OperatorDown bool `json:"operator_down,omitempty"`
	// EarlierAttempts says that money may still move under an attempt before this one, and that its
	// operator can be asked about it: it has to be watched.
	EarlierAttempts bool `json:"earlier_attempts,omitempty"`
	// Named says the same of this attempt, with Unavailable: its answer was lost, and named all
	// the same what the operator is asked with.
	Named bool `json:"named,omitempty"`
	// Unserved says that nobody made the submission in time: trying again at once is no use.
	Unserved bool `json:"unserved,omitempty"`
}

// SubmitOutcome is how a submission ended.
type SubmitOutcome string

// The classes of a submission.
const (
	SubmitAccepted     SubmitOutcome = "accepted"    // the operator has it
	SubmitRefused      SubmitOutcome = "declined"    // the operator said no: no money moves
	SubmitNotSent      SubmitOutcome = "unavailable" // nothing that could move money is at the operator: try again
	SubmitUnknown      SubmitOutcome = "unsure"      // it may be at the operator: ask, never send again
	SubmitAlreadyFinal SubmitOutcome = "over"        // the payment ended before it was sent
	SubmitTooLate      SubmitOutcome = "not_in_time" // it was not sent: it was still CREATED past its start deadline
	TooLate            SubmitOutcome = "too_late"    // it was not sent: its customer's time is over
	SubmitHeld         SubmitOutcome = "held"        // it was not sent: its merchant is suspended, or operators are asked first
)

// MayRetry reports whether trying again is safe and may change the result: nothing
// is at the operator, or it executes a reference once however often it is sent.
func (s SubmitResult) MayRetry(leg operator.RouteCandidate) bool {
	return s.Outcome == SubmitNotSent || s.Outcome == SubmitUnknown && leg.OnLostResponse == operator.ResendSameReference
}

// retryDelayMin is the wait before an unavailable operator is tried again; it doubles
// up to retryDelayMax.
const (
	retryDelayMin = 2 * time.Second
	retryDelayMax = 16 * time.Second
)

// Submit sends a payment's prepared attempt to its operator, once. What an earlier
// run of this activity left behind decides first: an attempt that was perhaps sent
// is never sent again, unless the operator's record says that it can do no harm: a
// collection nobody heard of is made under another reference, and an operator that
// executes a reference once is given the same one.
func (a *Activities) Submit(ctx context.Context, in SubmitInput) (SubmitResult, error) {
	done, err := a.submit(ctx, in)
	if err == nil && in.Candidate.OnLostResponse == operator.ResendNewReference {
		done, err = a.withLeft(ctx, in.PaymentID, done)
	}
	return done, err
}

// submit is Submit without a look at what has to be watched.
func (a *Activities) submit(ctx context.Context, in SubmitInput) (SubmitResult, error) {
	instance, err := a.instanceOf(in.Candidate.Operator)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	p, attempt, err := a.Store.Latest(ctx, in.PaymentID)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if p.Status.Terminal() {
		return SubmitResult{Outcome: SubmitAlreadyFinal, Status: p.Status}, nil
	}
	merchant, err := a.Store.Merchant(ctx, p.MerchantID)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	words := heldWords(merchant)
	if words != "" { // what is there is followed, and no other attempt is made
		in.AfterDeadAttempt, in.FailoverAfter = false, 0
	}
	if merchant.AskFirst && lost(attempt) {
		return SubmitResult{Outcome: SubmitUnknown, Operator: attempt.Operator, Number: attempt.Number, FoundSent: true}, nil
	}
	found := attempt.State != pirogue.AttemptPrepared
	attempt, known, err := a.attemptToSend(ctx, p, attempt, in)
	if err != nil || known.Outcome != "" {
		known.FoundSent = found
		known, err = a.checkNothingSent(ctx, in.PaymentID, known, err)
		return known, activityError(err)
	}
	if words != "" {
		return a.held(ctx, p.Kind, attempt, words)
	}
	if turned, err := a.refuseWhileDown(ctx, attempt); err != nil || turned.Outcome != "" {
		return a.retryUntilSent(ctx, in, turned, err)
	}
	call, err := a.prepareCall(ctx, instance, outgoing{merchant, p, attempt}, in.Candidate.Window)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	failpoint.Hit("submit.ready")
	sending, err := a.Store.Send(ctx, attempt.ID, in.Candidate.SendLimits(p.Kind, attempt), a.Clock.Now())
	if err != nil || sending.Result != lifecycle.SendMarked {
		return a.notMarked(ctx, p.Kind, attempt, sending.Result, err)
	}
	failpoint.Hit("submit.sent")
	done, err := a.callAndRecord(ctx, attempt, sending, in.Candidate, call)
	failpoint.Hit("submit.recorded")
	return a.retryUntilSent(ctx, in, done, err)
}

// notMarked returns what becomes of an attempt that the database did not mark SENT.
func (a *Activities) notMarked(
	ctx context.Context, kind pirogue.PaymentKind, attempt pirogue.Attempt, why lifecycle.SendResult, err error,
) (SubmitResult, error) {
	switch {
	case err != nil || why == lifecycle.SendOvertaken:
		return SubmitResult{}, a.overtakenByOtherRun(err)
	case why == lifecycle.SendSuspended || why == lifecycle.SendAskFirst:
		return a.held(ctx, kind, attempt, sentNothing[why])
	case why == lifecycle.SendCancelled:
		return a.cancelled(ctx, attempt)
	case why == lifecycle.SendPastWindow:
		return a.tooLate(ctx, attempt)
	default:
		return notInTime(attempt), nil
	}
}

// retryUntilSent returns what a try came to, or asks for another one if that is wanted and safe.
func (a *Activities) retryUntilSent(ctx context.Context, in SubmitInput, done SubmitResult, err error) (SubmitResult, error) {
	if err == nil && in.KeepRetrying && done.MayRetry(in.Candidate) {
		return done, retryIn(a.retryDelay(activity.GetInfo(ctx).Attempt), "operator unavailable: "+done.Message)
	}
	return done, activityError(err)
}

// notInTime says that nothing was sent because the payment's start deadline has passed.
func notInTime(attempt pirogue.Attempt) SubmitResult {
	return SubmitResult{Outcome: SubmitTooLate, Operator: attempt.Operator, Number: attempt.Number}
}

// customersTimeIsOver holds what support reads of a collection that was not sent in time.
const customersTimeIsOver = "the customer's time was over before anything was sent"

// tooLate says that a collection is not sent because its customer's time is over. What was perhaps
// sent before is followed. One whose earlier attempt was lost is given up: nobody can pay it any
// more.
func (a *Activities) tooLate(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	late := SubmitResult{Outcome: TooLate, Operator: attempt.Operator, Number: attempt.Number, Message: customersTimeIsOver}
	if attempt.State != pirogue.AttemptPrepared {
		late.Outcome, late.FoundSent = SubmitUnknown, true
		return late, nil
	}
	unsent, err := a.Store.NothingSent(ctx, attempt.PaymentID)
	if err == nil && !unsent {
		late.Outcome = SubmitNotSent
	}
	return late, activityError(err)
}

// checkNothingSent takes back that a payment may go to another operator, or end as not sent, when
// another of its attempts may be at an operator.
func (a *Activities) checkNothingSent(
	ctx context.Context, id pirogue.PaymentID, s SubmitResult, err error,
) (SubmitResult, error) {
	if err == nil && s.NothingAtOperator {
		s.NothingAtOperator, err = a.Store.NothingSent(ctx, id)
	}
	return s, err
}

// refuseWhileDown keeps a payment of which nothing was sent from an operator that is out of
// service. What was perhaps sent before is not kept: the operator may have it.
func (a *Activities) refuseWhileDown(ctx context.Context, attempt pirogue.Attempt) (SubmitResult, error) {
	if attempt.State != pirogue.AttemptPrepared {
		return SubmitResult{}, nil
	}
	admitted, h, err := a.breakerAdmits(ctx, attempt.Operator)
	if err != nil || admitted {
		return SubmitResult{}, err
	}
	words := outOfService(h)
	inTime, err := a.Store.Postpone(ctx, attempt.ID, words, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, err
	}
	if !inTime {
		return notInTime(attempt), nil
	}
	return a.checkNothingSent(ctx, attempt.PaymentID, SubmitResult{
		Outcome: SubmitNotSent, Operator: attempt.Operator, Number: attempt.Number, Message: words, NothingAtOperator: true, OperatorDown: true,
	}, nil)
}

// waitsForTurn holds what support reads of a payment that its operator's contract holds back.
const waitsForTurn = "waits for its turn at the operator"

// TakeUp makes a payment PENDING whose workflow waits in its operator's queue, and reports
// whether it is taken up. One that is CREATED past its start deadline is not.
func (a *Activities) TakeUp(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, attempt, err := a.Store.Latest(ctx, id)
	if err != nil || p.Status != pirogue.StatusCreated {
		return true, activityError(err)
	}
	inTime, err := a.Store.Postpone(ctx, attempt.ID, waitsForTurn, a.Clock.Now())
	return inTime, activityError(err)
}

// operatorDown reports whether an operator is out of service.
func (a *Activities) operatorDown(ctx context.Context, o pirogue.OperatorCode) (bool, error) {
	h, err := a.breaker(ctx, o)
	return err == nil && !h.Available(), err
}

// outOfService says for support why nothing is sent to an operator.
func outOfService(h operator.CircuitBreaker) string {
	if h.Parked {
		return "taken out of service: " + h.ParkedWhy
	}
	return "out of service since " + h.Since.UTC().Format(time.DateTime) + ": " + h.LastFailure
}

// overtakenByOtherRun says that another run of the activity changed the attempt between
// reading and sending it. Run again, it finds what the other one left.
func (a *Activities) overtakenByOtherRun(err error) error {
	if err != nil {
		return activityError(err)
	}
	return retryIn(time.Second, "the attempt was taken by another run")
}

// attemptToSend returns the attempt to send, or what is known already.
func (a *Activities) attemptToSend(
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt, in SubmitInput,
) (pirogue.Attempt, SubmitResult, error) {
	passes := in.FailoverAfter > 0 && attempt.Number == in.FailoverAfter && provenNotSent(attempt)
	if passes || in.AfterDeadAttempt && a.provenDead(attempt, in.Candidate) {
		return a.newAttempt(ctx, p, attempt, in.Candidate)
	}
	if attempt.Operator != in.Candidate.Operator {
		return attempt, atOtherOperator(attempt), nil
	}
	switch attempt.State {
	case pirogue.AttemptPrepared:
		return attempt, SubmitResult{}, nil
	case pirogue.AttemptAccepted:
		return attempt, SubmitResult{Outcome: SubmitAccepted, Operator: attempt.Operator, Number: attempt.Number}, nil
	case pirogue.AttemptRefused:
		return attempt, SubmitResult{
			Outcome: SubmitRefused, Operator: attempt.Operator, Number: attempt.Number, Message: attempt.OperatorMessage, NothingAtOperator: attempt.Unable,
		}, nil
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
	}
	switch repeat := in.Candidate.AfterLostResponse(attempt); {
	case repeat == operator.ResendSameReference && a.mayResend(attempt, in):
		return attempt, SubmitResult{}, nil
	case repeat == operator.ResendNewReference:
		return a.newAttempt(ctx, p, attempt, in.Candidate)
	default:
		return attempt, SubmitResult{Outcome: SubmitUnknown, Operator: attempt.Operator, Number: attempt.Number}, nil
	}
}

// mayResend reports whether an attempt may be sent again under its reference: only while its
// operator remembers the reference, and by support's redrive only after the operator's answer that
// it does not know it.
func (a *Activities) mayResend(attempt pirogue.Attempt, in SubmitInput) bool {
	return (!in.AfterDeadAttempt || in.OperatorKnowsNothing) && in.Candidate.MayResend(attempt.FirstSent, a.Clock.Now())
}

// atOtherOperator says that another operator than the one asked to has the payment's attempt: an
// earlier run passed it on, or sent it after it had come to nothing. Who asks turns there.
func atOtherOperator(attempt pirogue.Attempt) SubmitResult {
	return SubmitResult{Outcome: SubmitUnknown, Operator: attempt.Operator, Number: attempt.Number}
}

// provenNotSent reports whether an attempt's row proves that nothing of it is at its operator.
func provenNotSent(attempt pirogue.Attempt) bool {
	return attempt.State == pirogue.AttemptPrepared || attempt.State == pirogue.AttemptRefused && attempt.Unable
}

// newAttempt prepares the attempt after one that can have no effect.
func (a *Activities) newAttempt(
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt, leg operator.RouteCandidate,
) (pirogue.Attempt, SubmitResult, error) {
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
		return next, SubmitResult{}, err
	case next.Operator != leg.Operator:
		return next, atOtherOperator(next), nil
	case next.State != pirogue.AttemptPrepared: // the operator accepted the old one meanwhile
		return next, SubmitResult{Outcome: SubmitAccepted, Operator: next.Operator, Number: next.Number}, nil
	default:
		return next, SubmitResult{}, nil
	}
}

// callAndRecord makes the call and records its answer. When recording fails the activity
// fails, and the next run finds an attempt that was perhaps sent.
func (a *Activities) callAndRecord(
	ctx context.Context, attempt pirogue.Attempt, sending lifecycle.Sending, leg operator.RouteCandidate,
	call operatorCall,
) (SubmitResult, error) {
	receipt, err := call(ctx)
	failpoint.Hit("submit.called")
	submitted, answer := outcomeOf(receipt, err, leg)
	trouble := a.recordCallResult(ctx, attempt.Operator, attempt.PaymentID, err)
	if sending.Repeat && submitted.Outcome == SubmitRefused {
		// This sending was refused, but an earlier one under the same reference perhaps was not.
		submitted.Outcome, submitted.NothingAtOperator, answer.State = SubmitUnknown, false, pirogue.AttemptUnknown
	}
	answer.AttemptID, answer.Sending, answer.At = attempt.ID, sending.Number, a.Clock.Now()
	answer.ExpiresAt = answer.At.Add(leg.Window)
	submitted.Operator, submitted.Number = leg.Operator, attempt.Number
	stands, failed := a.Store.RecordAttemptResult(ctx, answer)
	if failed = errors.Join(failed, trouble); failed != nil {
		return submitted, failed
	}
	if stands != answer.State { // another sending of it may be at the operator
		submitted.Outcome, submitted.NothingAtOperator = SubmitUnknown, false
	}
	submitted.Sent = submitted.Outcome != SubmitNotSent && answer.State != pirogue.AttemptPrepared
	if submitted.Outcome == SubmitNotSent {
		submitted.OperatorDown, failed = a.operatorDown(ctx, attempt.Operator)
	}
	return a.checkNothingSent(ctx, attempt.PaymentID, submitted, failed)
}

// returnURL returns the merchant's page, or ours.
func (a *Activities) returnURL(url string) string {
	if url == "" {
		return a.ReturnURL
	}
	return url
}

// outcomeOf says what a call means for the submission and for its attempt.
func outcomeOf(receipt operator.OperatorResult, err error, leg operator.RouteCandidate) (SubmitResult, lifecycle.AttemptResult) {
	words := receipt.Message
	if err != nil {
		words = err.Error()
	}
	switch pirogue.CodeOf(err) {
	case "":
		return SubmitResult{Outcome: SubmitAccepted}, lifecycle.AttemptResult{
			State: pirogue.AttemptAccepted, Handle: receipt.Handle, Message: words,
			NextAction: receipt.NextAction, ProviderTxID: receipt.ProviderTxID,
		}
	case operator.Refused:
		return SubmitResult{Outcome: SubmitRefused, Message: words}, lifecycle.AttemptResult{State: pirogue.AttemptRefused, Message: words}
	case operator.Unable:
		return SubmitResult{Outcome: SubmitRefused, Message: words, NothingAtOperator: true},
			lifecycle.AttemptResult{State: pirogue.AttemptRefused, Unable: true, Message: words}
	case operator.NotSent:
		return SubmitResult{Outcome: SubmitNotSent, Message: words, NothingAtOperator: true},
			lifecycle.AttemptResult{State: pirogue.AttemptPrepared, Message: words}
	default:
		class := SubmitUnknown
		if leg.OnLostResponse == operator.ResendNewReference {
			class = SubmitNotSent
		}
		return SubmitResult{Outcome: class, Message: words}, lifecycle.AttemptResult{
			State: pirogue.AttemptUnknown, Handle: receipt.Handle, Message: words, ProviderTxID: receipt.ProviderTxID,
		}
	}
}

// retryDelay returns the wait after the n-th unavailable answer, n from 1.
func (a *Activities) retryDelay(n int32) time.Duration {
	wait := retryDelayMin
	for range n - 1 {
		if wait *= 2; wait >= retryDelayMax {
			return a.jitter(retryDelayMax)
		}
	}
	return a.jitter(wait)
}
