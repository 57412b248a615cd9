package activities

import (
	"context"
	"errors"
	"time"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// SubmitInput asks for a payment to be sent to an operator.
type SubmitInput struct {
	PaymentID pirogue.PaymentID       `json:"payment_id"`
	Candidate operator.RouteCandidate `json:"candidate"`
	Mode      SubmitMode              `json:"mode"`
	// After holds the number of the attempt that the candidate before this one did not take.
	// Submit then prepares an attempt here, once. 0: no failover.
	After int `json:"after,omitempty"`
}

// SubmitMode selects what Submit may do beside one try with the latest attempt.
type SubmitMode string

// The modes of Submit. The two redrives first prepare another attempt. The latest one's row must
// prove that it can have no effect any more.
const (
	SubmitOnce   SubmitMode = "once"   // report the result of one try
	SubmitRepeat SubmitMode = "repeat" // try again, while that is safe and may change the result
	// SubmitRedrive never sends a reference again.
	SubmitRedrive SubmitMode = "redrive"
	// SubmitRedriveAbsent follows the operator's response that it does not know the attempt. It may
	// send the reference again.
	SubmitRedriveAbsent SubmitMode = "redrive_absent"
)

// redrives reports whether support asked for another attempt.
func (m SubmitMode) redrives() bool { return m == SubmitRedrive || m == SubmitRedriveAbsent }

// SubmitResult reports the result of a submission.
type SubmitResult struct {
	Outcome    SubmitOutcome        `json:"outcome"`
	Operator   pirogue.OperatorCode `json:"operator,omitempty"`
	Number     int                  `json:"number,omitempty"` // of the attempt
	Ref        pirogue.OperatorRef  `json:"ref,omitempty"`    // of the attempt
	SentBy     SentBy               `json:"sent_by,omitempty"`
	AtOperator AtOperator           `json:"at_operator,omitempty"`
	Message    string               `json:"message,omitempty"`
	Status     pirogue.Status       `json:"status,omitempty"` // of the payment, with SubmitAlreadyFinal
}

// SubmitOutcome says how a submission ended.
type SubmitOutcome string

// The outcomes of a submission. Pirogue tried to call the operator for the first six only.
const (
	SubmitAccepted SubmitOutcome = "accepted" // the operator has the attempt
	SubmitRefused  SubmitOutcome = "refused"  // the operator refused: no money moves
	SubmitUnable   SubmitOutcome = "unable"   // it refused for a reason of its own: another one may be tried
	SubmitNotSent  SubmitOutcome = "not_sent" // it is proven that nothing of the attempt left
	SubmitUnknown  SubmitOutcome = "unknown"  // the attempt may be at the operator: ask, send no other one
	SubmitLost     SubmitOutcome = "lost"     // the response was lost: nobody can pay this attempt, and another is allowed

	SubmitOutOfService SubmitOutcome = "out_of_service" // not sent: the operator is out of service
	SubmitPostponed    SubmitOutcome = "held"           // not sent: a suspended merchant, or operators are asked first
	SubmitPastDeadline SubmitOutcome = "past_deadline"  // not sent: still CREATED past the payment's start deadline
	SubmitPastWindow   SubmitOutcome = "past_window"    // not sent: the customer's time is over
	SubmitAlreadyFinal SubmitOutcome = "already_final"  // not sent: the payment had ended
)

// SentBy says which run of the activity wrote an attempt's bytes; "" when none did.
type SentBy string

// The runs that may have sent an attempt.
const (
	SentByThisRun    SentBy = "this_run"
	SentByEarlierRun SentBy = "earlier_run" // it may have
)

// AtOperator says which attempts of a payment may be at an operator, beside the one that was
// accepted; "" when that decides nothing.
type AtOperator string

// The attempts that may be at an operator.
const (
	NothingAtOperator AtOperator = "nothing" // no attempt is or will be: the payment may go elsewhere, or end
	EarlierAtOperator AtOperator = "earlier" // money may move under an attempt before this one, which can be asked about
	LatestAtOperator  AtOperator = "latest"  // money may move under this one, although its response was lost
)

// NotTaken reports whether no operator is known to have taken the attempt. After SubmitLost its bytes
// may have arrived.
func (s SubmitResult) NotTaken() bool {
	return s.Outcome == SubmitNotSent || s.Outcome == SubmitOutOfService || s.Outcome == SubmitLost
}

// NothingSent reports whether it is proven that no attempt of the payment is at an operator.
func (s SubmitResult) NothingSent() bool {
	return s.NotTaken() && s.AtOperator == NothingAtOperator
}

// MayRepeat reports whether trying again is safe and may change the result. Either nothing that can be
// paid is at the operator, or the operator executes a reference once.
func (s SubmitResult) MayRepeat(candidate operator.RouteCandidate) bool {
	return s.NotTaken() || s.Outcome == SubmitUnknown && candidate.OnLostResponse == operator.ResendSameReference
}

// resultOf returns an outcome of an attempt.
func resultOf(attempt pirogue.Attempt, outcome SubmitOutcome) SubmitResult {
	return SubmitResult{Outcome: outcome, Operator: attempt.Operator, Number: attempt.Number, Ref: attempt.Ref}
}

// sentEarlier returns the result of an attempt that an earlier run may have sent.
func sentEarlier(attempt pirogue.Attempt) SubmitResult {
	found := resultOf(attempt, SubmitUnknown)
	found.SentBy = SentByEarlierRun
	return found
}

// submitBackoff spaces the tries at an operator that is down.
var submitBackoff = Backoff{First: 2 * time.Second, Max: 16 * time.Second, Factor: 2}

// Submit sends a payment's prepared attempt to its operator, once. It first reads the result of an
// earlier run. It sends an attempt that was perhaps sent again only if the candidate allows it. With
// ResendSameReference the operator receives the same reference. With ResendNewReference Submit makes
// a collection under another reference.
func (a *SubmitActivities) Submit(ctx context.Context, in SubmitInput) (SubmitResult, error) {
	done, err := a.submit(ctx, in)
	if err == nil && in.Candidate.OnLostResponse == operator.ResendNewReference {
		done, err = a.findWatched(ctx, in.PaymentID, done)
	}
	if err == nil {
		logResult(ctx, "submitted", "payment", in.PaymentID, "attempt", done.Number, "operator", done.Operator,
			"outcome", done.Outcome)
	}
	return done, err
}

// submit is Submit without a look at the attempts that have to be watched.
func (a *SubmitActivities) submit(ctx context.Context, in SubmitInput) (SubmitResult, error) {
	instance, err := a.instanceOf(in.Candidate.Operator)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	p, attempt, merchant, err := a.Store.Attempts.LatestWithMerchant(ctx, in.PaymentID)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if p.Status.Terminal() {
		return SubmitResult{Outcome: SubmitAlreadyFinal, Status: p.Status}, nil
	}
	postponedReason := postponedBecause(merchant)
	if postponedReason != "" { // what is at an operator is followed, and no other attempt is made
		in.Mode, in.After = SubmitOnce, 0
	}
	if merchant.AskFirst && lost(attempt) {
		return sentEarlier(attempt), nil
	}
	foundSent := attempt.State != pirogue.AttemptPrepared
	s := submission{SubmitInput: in, merchant: merchant, payment: p, attempt: attempt}
	toSend, knownResult, err := a.attemptToSend(ctx, s)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if knownResult.Outcome != "" {
		if foundSent {
			knownResult.SentBy = SentByEarlierRun
		}
		knownResult, err = a.checkNothingSent(ctx, in.PaymentID, knownResult)
		return knownResult, activityError(err)
	}
	s.attempt = toSend
	if postponedReason != "" {
		return a.postpone(ctx, s, postponedReason)
	}
	notTried, err := a.refuseWhileDown(ctx, s.attempt)
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if notTried.Outcome != "" {
		return a.repeatOrReport(ctx, in, notTried)
	}
	return a.send(ctx, instance, s)
}

// submission is one try to send an attempt of a payment to its operator.
type submission struct {
	SubmitInput

	merchant pirogue.Merchant
	payment  pirogue.Payment
	attempt  pirogue.Attempt
	call     operatorCall // prepared before the attempt is marked SENT
}

// send marks a submission's attempt SENT and makes the call.
func (a *SubmitActivities) send(ctx context.Context, i operator.Instance, s submission) (SubmitResult, error) {
	var err error
	if s.call, err = a.prepareCall(ctx, i, s); err != nil {
		return SubmitResult{}, activityError(err)
	}
	failpoint.Hit("submit.ready")
	limits := s.Candidate.SendLimits(s.payment.Kind, s.attempt)
	sending, err := a.Store.Sendings.Send(ctx, s.attempt.ID, limits, a.Clock.Now())
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	if sending.Result != lifecycle.SendMarked {
		return a.notMarked(ctx, s, sending.Result)
	}
	failpoint.Hit("submit.sent")
	done, err := a.callAndRecord(ctx, s, sending)
	failpoint.Hit("submit.recorded")
	if err != nil {
		return SubmitResult{}, activityError(err)
	}
	return a.repeatOrReport(ctx, s.SubmitInput, done)
}

// repeatOrReport returns the result of a try, or asks for another one if that is wanted and safe.
func (a *SubmitActivities) repeatOrReport(
	ctx context.Context, in SubmitInput, done SubmitResult,
) (SubmitResult, error) {
	if in.Mode == SubmitRepeat && done.MayRepeat(in.Candidate) {
		return done, retryIn(a.backOff(ctx, submitBackoff), "operator unavailable: "+done.Message)
	}
	return done, nil
}

// checkNothingSent completes a result that says that nothing of its attempt is at its operator: the rows
// say whether another attempt of the payment may be at one. Then the payment goes nowhere else.
func (a *SubmitActivities) checkNothingSent(
	ctx context.Context, id pirogue.PaymentID, s SubmitResult,
) (SubmitResult, error) {
	notAtOperator := s.Outcome == SubmitUnable || s.Outcome == SubmitNotSent || s.Outcome == SubmitOutOfService
	if !notAtOperator {
		return s, nil
	}
	nothing, err := a.Store.Attempts.NothingSent(ctx, id)
	switch {
	case nothing && err == nil:
		s.AtOperator = NothingAtOperator
	case s.Outcome == SubmitUnable:
		s.Outcome = SubmitRefused
	}
	return s, err
}

// callAndRecord makes the call and records its response. When recording fails the activity
// fails, and the next run finds an attempt that was perhaps sent.
func (a *SubmitActivities) callAndRecord(
	ctx context.Context, s submission, sending lifecycle.Sending,
) (SubmitResult, error) {
	attempt := s.attempt
	result, err := s.call(ctx)
	failpoint.Hit("submit.called")
	outcome, record := outcomeOf(result, err, s.Candidate)
	failed := a.recordCallResult(ctx, attempt, err)
	if sending.Repeat && record.State == pirogue.AttemptRefused {
		// This sending was refused, but an earlier one under the same reference perhaps was not.
		outcome, record.State = SubmitUnknown, pirogue.AttemptUnknown
	}
	record.AttemptID, record.Sending, record.At = attempt.ID, sending.Number, a.Clock.Now()
	record.ExpiresAt = record.At.Add(s.Candidate.Window)
	recordedState, err := a.Store.Sendings.RecordAttemptResult(ctx, record)
	if err = errors.Join(err, failed); err != nil {
		return SubmitResult{}, err
	}
	if recordedState != record.State { // another sending of it may be at the operator
		outcome = SubmitUnknown
	}
	if outcome == SubmitNotSent {
		if outcome, err = a.notSentOrOutOfService(ctx, attempt.Operator); err != nil {
			return SubmitResult{}, err
		}
	}
	done := resultOf(attempt, outcome)
	if outcome != SubmitAccepted {
		done.Message = record.Message
	}
	if record.State != pirogue.AttemptPrepared {
		done.SentBy = SentByThisRun
	}
	return a.checkNothingSent(ctx, attempt.PaymentID, done)
}

// notSentOrOutOfService returns the outcome of a call that did not reach an operator.
func (a *SubmitActivities) notSentOrOutOfService(ctx context.Context, o pirogue.OperatorCode) (SubmitOutcome, error) {
	breaker, err := a.breaker(ctx, o)
	if err != nil || breaker.Available() {
		return SubmitNotSent, err
	}
	return SubmitOutOfService, nil
}

// outcomeOf returns the outcome of a call, and its record in the attempt's row.
func outcomeOf(
	result operator.OperatorResult, err error, candidate operator.RouteCandidate,
) (SubmitOutcome, lifecycle.AttemptResult) {
	message := result.Message
	if err != nil {
		message = err.Error()
	}
	switch pirogue.CodeOf(err) {
	case "":
		return SubmitAccepted, lifecycle.AttemptResult{
			State: pirogue.AttemptAccepted, Handle: result.Handle, Message: message,
			NextAction: result.NextAction, ProviderTxID: result.ProviderTxID,
		}
	case operator.Refused:
		return SubmitRefused, lifecycle.AttemptResult{State: pirogue.AttemptRefused, Message: message}
	case operator.Unable:
		return SubmitUnable, lifecycle.AttemptResult{State: pirogue.AttemptRefused, Unable: true, Message: message}
	case operator.NotSent:
		return SubmitNotSent, lifecycle.AttemptResult{State: pirogue.AttemptPrepared, Message: message}
	default:
		outcome := SubmitUnknown
		if candidate.OnLostResponse == operator.ResendNewReference {
			outcome = SubmitLost
		}
		return outcome, lifecycle.AttemptResult{
			State: pirogue.AttemptUnknown, Handle: result.Handle, Message: message, ProviderTxID: result.ProviderTxID,
		}
	}
}
