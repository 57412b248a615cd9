package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/ids"
)

// Submission asks for a payment to be sent to its operator.
type Submission struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Leg       pirogue.Leg       `json:"leg"`
	// Insist runs the activity again while the operator is unavailable, instead of
	// reporting it.
	Insist bool `json:"insist,omitempty"`
}

// Submitted is what became of a submission.
type Submitted struct {
	Class    Class                `json:"class"`
	Operator pirogue.OperatorCode `json:"operator"`
	Words    string               `json:"words,omitempty"`
	Status   pirogue.Status       `json:"status,omitempty"` // with Over: where the payment stands
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
)

// insistEvery is the wait before an unavailable operator is tried again; it doubles
// up to insistAtMost.
const (
	insistEvery  = 2 * time.Second
	insistAtMost = 16 * time.Second
)

// Submit sends a payment's prepared attempt to its operator, once. What an earlier
// run of this activity left behind decides first: an attempt that was perhaps sent
// is never sent again, unless the operator's record says that a submission nobody
// heard of cannot move money, and then under another reference.
func (a *Activities) Submit(ctx context.Context, in Submission) (Submitted, error) {
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

	attempt, known, err := a.ready(ctx, p, attempt, in.Leg)
	if err != nil || known.Class != "" {
		return known, encode(err)
	}
	collect, err := a.prepare(ctx, instance, p, attempt, in.Leg)
	if err != nil {
		return Submitted{}, encode(err)
	}
	if sent, err := a.Store.Send(ctx, attempt.ID, a.Clock.Now()); err != nil || !sent {
		return Submitted{}, a.overtaken(err)
	}
	done, err := a.record(ctx, attempt, in.Leg, collect)
	if err == nil && done.Class == Unavailable && in.Insist {
		return done, retryIn(insistence(activity.GetInfo(ctx).Attempt), "operator unavailable: "+done.Words)
	}
	return done, encode(err)
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
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt, leg pirogue.Leg,
) (pirogue.Attempt, Submitted, error) {
	switch attempt.State {
	case pirogue.AttemptPrepared:
		return attempt, Submitted{}, nil
	case pirogue.AttemptAccepted:
		return attempt, Submitted{Class: Accepted, Operator: attempt.Operator}, nil
	case pirogue.AttemptRefused:
		return attempt, Submitted{Class: Declined, Operator: attempt.Operator, Words: attempt.Answer}, nil
	case pirogue.AttemptSent, pirogue.AttemptUnknown:
		if leg.Unheard != pirogue.RepeatRenewed {
			return attempt, Submitted{Class: Unsure, Operator: attempt.Operator}, nil
		}
	}
	ref := ids.Reference(p.Kind)
	next, err := a.Store.Renew(ctx, attempt.ID, pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: attempt.Number + 1,
		Operator: leg.Operator, Ref: ref, State: pirogue.AttemptPrepared, CreatedAt: a.Clock.Now(),
	}, a.Callbacks.Digest(ref))
	return next, Submitted{}, err
}

// prepare returns the one call with all that it needs: once the attempt is marked as
// sent, nothing is left that could fail before the bytes leave.
func (a *Activities) prepare(
	ctx context.Context, instance pirogue.Instance, p pirogue.Payment, attempt pirogue.Attempt, leg pirogue.Leg,
) (func(context.Context) (pirogue.Receipt, error), error) {
	collector, ok := instance.Operator.(pirogue.Collector)
	if !ok {
		return nil, pirogue.Errorf(pirogue.Internal, "operator %q cannot collect", instance.Code)
	}
	merchant, err := a.Store.Merchant(ctx, p.MerchantID)
	if err != nil {
		return nil, err
	}
	collection := pirogue.Collection{
		Ref: attempt.Ref, Amount: p.Amount, MSISDN: p.MSISDN, Payee: merchant.Name,
		ReturnURL: a.page(p.ReturnURL), CancelURL: a.page(p.CancelURL),
		CallbackURL: a.Callbacks.URL(instance.Code, attempt.Ref), Window: leg.Window,
	}
	return func(ctx context.Context) (pirogue.Receipt, error) { return collector.Collect(ctx, collection) }, nil
}

// record makes the call and records its answer. When recording fails the activity
// fails, and the next run finds an attempt that was perhaps sent.
func (a *Activities) record(
	ctx context.Context, attempt pirogue.Attempt, leg pirogue.Leg,
	collect func(context.Context) (pirogue.Receipt, error),
) (Submitted, error) {
	receipt, err := collect(ctx)
	submitted, answer := classify(receipt, err, leg)
	answer.AttemptID, answer.At = attempt.ID, a.Clock.Now()
	answer.ExpiresAt = answer.At.Add(leg.Window)
	submitted.Operator = leg.Operator
	return submitted, a.Store.Answer(ctx, answer)
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
	case pirogue.NotSent:
		return Submitted{Class: Unavailable, Words: words}, pirogue.Answer{State: pirogue.AttemptPrepared, Words: words}
	default:
		class := Unsure
		if leg.Unheard == pirogue.RepeatRenewed {
			class = Unavailable
		}
		return Submitted{Class: class, Words: words}, pirogue.Answer{State: pirogue.AttemptUnknown, Words: words}
	}
}

// insistence returns the wait after the n-th unavailable answer, n from 1.
func insistence(n int32) time.Duration {
	wait := insistEvery
	for range n - 1 {
		if wait *= 2; wait >= insistAtMost {
			return jitter(insistAtMost)
		}
	}
	return jitter(wait)
}
