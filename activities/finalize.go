package activities

import (
	"context"
	"errors"

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
}

// Finalize makes a payment terminal, books it and starts telling the merchant. The transaction
// decides; the deliveries are started after it. If the process dies in between, the next run or
// the sweep starts them. While operators are asked first, an end without money waits.
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

// settle makes a payment terminal and starts the deliveries of its events.
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
	for _, event := range []pirogue.EventID{settled.EventID, settled.Reversed} {
		if event == "" || p.Quiet {
			continue
		}
		first := pirogue.Event{ID: event, MerchantID: p.MerchantID, Mode: p.Mode}
		if err := a.Workflows.Deliver(ctx, first); err != nil {
			return FinalizeResult{}, err
		}
	}
	failpoint.Hit("finalize.announced")
	return FinalizeResult{Status: p.Status, Event: settled.EventID, Finished: !p.FinishedAt.IsZero()}, nil
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
