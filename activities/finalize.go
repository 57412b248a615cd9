package activities

import (
	"context"
	"errors"
	"slices"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/support"
)

// FinalizeInput asks for a payment to be made terminal.
type FinalizeInput struct {
	PaymentID    pirogue.PaymentID `json:"payment_id"`
	From         pirogue.Status    `json:"from,omitempty"` // only from this status; "" means from any open one
	Status       pirogue.Status    `json:"status"`
	Failure      pirogue.Failure   `json:"failure,omitzero"`
	ProviderTxID string            `json:"provider_tx_id,omitempty"`
	// NothingSent ends the payment only if nothing of it was sent, nor may have been.
	NothingSent bool `json:"nothing_sent,omitempty"`
	// Watched says that the workflow goes on, and finishes the payment later.
	Watched bool `json:"watched,omitempty"`
	// Case is the case that two people settle by Resolution together with the payment.
	Case       support.CaseID     `json:"case,omitempty"`
	Resolution support.Resolution `json:"resolution,omitempty"`
	// CallerDelivers says that the caller makes the first delivery of the events. Finalize starts no
	// workflow for them then.
	CallerDelivers bool `json:"caller_delivers,omitempty"`
}

// NotStarted ends a payment that was not sent before its start deadline: only from CREATED,
// and only if nothing of it was sent.
func NotStarted(id pirogue.PaymentID) FinalizeInput {
	return FinalizeInput{
		PaymentID: id, From: pirogue.StatusCreated, Status: pirogue.StatusExpired, NothingSent: true,
		Failure: pirogue.Failure{Code: pirogue.FailedNotStarted},
	}
}

// FinalizeResult holds a payment's status after Finalize: the one asked for, or the one that came
// first. It is not terminal when From or Unsent does not hold for the payment.
type FinalizeResult struct {
	Status   pirogue.Status  `json:"status"`
	Event    pirogue.EventID `json:"event,omitempty"`
	Finished bool            `json:"finished,omitempty"` // its row says that nothing is left to do
	// Deliver holds the events that the caller delivers. It is empty without FinalizeInput.CallerDelivers.
	Deliver []pirogue.EventID `json:"deliver,omitempty"`
}

// Finalize makes a payment terminal, books it and starts telling the merchant, unless its caller does
// that. The transaction decides; the deliveries are started after it. If the process dies in between, the
// next run or the sweep starts them. While operators are asked first, an end without money waits.
//
// It runs as a local activity too, where it may run again after its transaction. The transaction changes
// nothing then, and the result is the same. With CallerDelivers it calls nothing but the database.
func (a *FinalizeActivities) Finalize(ctx context.Context, in FinalizeInput) (FinalizeResult, error) {
	ended, err := a.settle(ctx, in)
	if errors.Is(err, lifecycle.ErrAskFirst) {
		return FinalizeResult{}, a.lookForResume(ctx, operatorsAreAsked)
	}
	if err == nil {
		logResult(ctx, "finalized", "payment", in.PaymentID, "status", ended.Status, "event", ended.Event)
	}
	return ended, activityError(err)
}

// settle makes a payment terminal. It starts the deliveries of its events, or leaves them to the caller.
func (a *FinalizeActivities) settle(ctx context.Context, in FinalizeInput) (FinalizeResult, error) {
	settled, err := a.Store.Payments.Finalize(ctx, lifecycle.Finalization{
		PaymentID: in.PaymentID, From: in.From, Status: in.Status,
		Failure: in.Failure, ProviderTxID: in.ProviderTxID, Unsent: in.NothingSent, Watched: in.Watched,
		Case: in.Case, Resolution: in.Resolution, At: a.Clock.Now(),
	})
	if err != nil {
		return FinalizeResult{}, err
	}
	failpoint.Hit("finalize.committed")
	p := settled.Payment
	if p.Late {
		failpoint.Hit("finalize.closed")
	}
	result := FinalizeResult{Status: p.Status, Event: settled.EventID, Finished: !p.FinishedAt.IsZero()}
	events := eventsToDeliver(settled)
	if in.CallerDelivers {
		result.Deliver, events = events, nil
	}
	for _, event := range events {
		first := pirogue.Event{ID: event, MerchantID: p.MerchantID, Mode: p.Mode}
		if err := a.Workflows.Deliver(ctx, first); err != nil {
			return FinalizeResult{}, err
		}
	}
	failpoint.Hit("finalize.announced")
	return result, nil
}

// eventsToDeliver returns the events of an end that the merchant receives. A line of a bulk has none: the
// bulk has an event of its own.
func eventsToDeliver(settled lifecycle.Finalized) []pirogue.EventID {
	if settled.Payment.Quiet {
		return nil
	}
	return slices.DeleteFunc([]pirogue.EventID{settled.EventID, settled.Reversed},
		func(event pirogue.EventID) bool { return event == "" })
}

// Policy returns what the merchant wants done with money that arrives late.
func (a *FinalizeActivities) Policy(ctx context.Context, id pirogue.MerchantID) (pirogue.LatePolicy, error) {
	merchant, err := a.Store.Merchants.Merchant(ctx, id)
	return merchant.LatePolicy, activityError(err)
}

// Finish notes that a payment's workflow has nothing left to do.
func (a *FinalizeActivities) Finish(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	return true, activityError(a.Store.Restarts.Finish(ctx, id, a.Clock.Now()))
}

// Reopen notes that a payment's workflow has something to do after all.
func (a *FinalizeActivities) Reopen(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	return true, activityError(a.Store.Restarts.Reopen(ctx, id, a.Clock.Now()))
}
