package activities

import (
	"context"

	"pirogue"
	"pirogue/ledger"
)

// Ending asks for a payment to be made terminal.
type Ending struct {
	PaymentID    pirogue.PaymentID `json:"payment_id"`
	From         pirogue.Status    `json:"from,omitempty"` // only from this status; "" means from any open one
	Status       pirogue.Status    `json:"status"`
	Failure      pirogue.Failure   `json:"failure,omitzero"`
	ProviderTxID string            `json:"provider_tx_id,omitempty"`
}

// Ended is where a payment stands after Settle: Status is the one asked for, or the
// one that came first.
type Ended struct {
	Status pirogue.Status  `json:"status"`
	Event  pirogue.EventID `json:"event,omitempty"`
}

// Settle makes a payment terminal, books it and starts telling the merchant. The
// transaction decides; the delivery is started after it, and if the process dies in
// between, the next run or the sweep starts it.
func (a *Activities) Settle(ctx context.Context, in Ending) (Ended, error) {
	p, _, err := a.Store.Latest(ctx, in.PaymentID)
	if err != nil {
		return Ended{}, encode(err)
	}
	var journal *ledger.Journal
	if in.Status == pirogue.StatusSuccess {
		entry := ledger.CashIn(p)
		journal = &entry
	}
	settled, err := a.Store.Settle(ctx, pirogue.Settlement{
		PaymentID: in.PaymentID, From: in.From, Status: in.Status,
		Failure: in.Failure, ProviderTxID: in.ProviderTxID, At: a.Clock.Now(),
	}, journal)
	if err != nil {
		return Ended{}, encode(err)
	}
	if settled.EventID != "" {
		owner := pirogue.Owner{MerchantID: p.MerchantID, Mode: p.Mode}
		if err := a.Workflows.Deliver(ctx, owner, settled.EventID); err != nil {
			return Ended{}, encode(err)
		}
	}
	return Ended{Status: settled.Payment.Status, Event: settled.EventID}, nil
}

// Trouble asks for a case: money that a person, or the merchant's policy, must
// place.
type Trouble struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Cause     pirogue.Cause     `json:"cause"`
	Paid      int64             `json:"paid,omitempty"` // minor units that reached the operator; 0 books nothing
	Note      string            `json:"note"`
}

// OpenCase books stray money to suspense and opens the case about it.
func (a *Activities) OpenCase(ctx context.Context, in Trouble) (pirogue.CaseID, error) {
	p, _, err := a.Store.Latest(ctx, in.PaymentID)
	if err != nil {
		return "", encode(err)
	}
	var journal *ledger.Journal
	if in.Paid > 0 {
		entry := ledger.Late(p, in.Paid)
		journal = &entry
	}
	id := pirogue.NewCaseID(p.ID, in.Cause)
	return id, encode(a.Store.OpenCase(ctx, pirogue.Case{
		ID: id, PaymentID: p.ID, Cause: in.Cause, Note: in.Note, OpenedAt: a.Clock.Now(),
	}, journal))
}

// Policy returns what the merchant wants done with money that arrives late.
func (a *Activities) Policy(ctx context.Context, id pirogue.MerchantID) (pirogue.LatePolicy, error) {
	merchant, err := a.Store.Merchant(ctx, id)
	return merchant.LatePolicy, encode(err)
}
