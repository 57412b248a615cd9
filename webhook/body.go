package webhook

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"pirogue"
	"pirogue/bulk"
)

// bulkBody is the body of a bulk's webhook. It holds the fields shared with a payment's webhook,
// then the counts and sums of the bulk's lines.
type bulkBody struct {
	Event     string                  `json:"event"`
	BulkID    pirogue.BulkID          `json:"bulk_id"`
	Reference string                  `json:"merchant_bulk_id"`
	Status    bulk.BulkState          `json:"status"`
	Amount    int64                   `json:"amount"`
	Currency  pirogue.Currency        `json:"currency"`
	Timestamp string                  `json:"timestamp"`
	EventID   pirogue.EventID         `json:"event_id"`
	Sequence  int                     `json:"sequence"`
	Lines     int                     `json:"lines"`
	Counts    map[bulk.LineStatus]int `json:"counts"`
	Paid      int64                   `json:"paid_amount"`     // reached wallets, without fees
	Returned  int64                   `json:"returned_amount"` // back in the merchant's balance, with fees
	Fee       int64                   `json:"fee"`             // of the lines that were paid
	Metadata  map[string]string       `json:"metadata"`
	Livemode  bool                    `json:"livemode"`
}

// NewBulkEvent returns the event of a bulk that ended at the given moment. url is the merchant's
// webhook address; "" stores the event and sends nothing.
func NewBulkEvent(p bulk.BulkProgress, url string, at time.Time) (pirogue.Event, error) {
	id := bulk.NewBulkEventID(p.ID)
	paid := p.Tallies[bulk.LineStatus(pirogue.StatusSuccess)]
	body := bulkBody{
		Event: "bulk.completed", BulkID: p.ID, Reference: p.Reference, Status: p.State, Amount: p.Amount.Minor,
		Currency: p.Amount.Currency, Timestamp: at.UTC().Format(webhookTime), EventID: id, Sequence: 1,
		Lines: p.Bulk.Lines, Counts: map[bulk.LineStatus]int{},
		Paid: paid.Amount, Returned: p.Cost - paid.Cost, Fee: paid.Fee,
		Metadata: p.Metadata, Livemode: p.Mode == pirogue.Live,
	}
	if body.Metadata == nil {
		body.Metadata = map[string]string{}
	}
	for status, tally := range p.Tallies {
		body.Counts[status] = tally.Lines
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return pirogue.Event{}, pirogue.Errorf(pirogue.Internal, "encode event %s: %w", id, err)
	}
	state := pirogue.EventWaiting
	if url == "" {
		state = pirogue.EventUnwanted
	}
	return pirogue.Event{
		ID: id, BulkID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, URL: url, Body: raw, State: state,
		NextAt: at, CreatedAt: at,
	}, nil
}

// NewEventID returns the ID of a payment's n-th terminal event, n from 1.
func NewEventID(p pirogue.PaymentID, n int) pirogue.EventID {
	return pirogue.EventID(fmt.Sprintf("evt_%s_%d", strings.ReplaceAll(string(p), "-", ""), n))
}

// webhookTime is RFC 3339 with a numeric zone, the format of Neka Paie's webhooks.
const webhookTime = "2006-01-02T15:04:05-07:00"

// eventBody is the webhook's body: Neka Paie's eight fields in their order, then the fields that
// Pirogue adds.
type eventBody struct {
	Event         string              `json:"event"`
	TransactionID pirogue.PaymentID   `json:"transaction_id"`
	OrderID       string              `json:"merchant_order_id"`
	Type          pirogue.PaymentKind `json:"type"`
	Status        pirogue.Status      `json:"status"`
	Amount        int64               `json:"amount"`
	Currency      pirogue.Currency    `json:"currency"`
	Timestamp     string              `json:"timestamp"`
	EventID       pirogue.EventID     `json:"event_id"`
	Sequence      int                 `json:"sequence"`
	Refunded      int64               `json:"refunded_amount"`
	Failure       *eventReason        `json:"failure,omitempty"`
	Original      pirogue.PaymentID   `json:"original_transaction_id,omitempty"`
	Livemode      bool                `json:"livemode"`
}

// eventReason is a failure in a webhook, with its text for people.
type eventReason struct {
	Code    pirogue.FailureCode `json:"code"`
	Message string              `json:"message"`
	Moved   int64               `json:"moved_amount,omitempty"` // of one that was paid in part, in minor units
}

// NewEvent returns the event of a payment that became terminal at the given moment. p.Status and
// p.Sequence hold the values after the change. url is the merchant's webhook address, "" for none.
// A quiet payment's event is stored and not sent.
func NewEvent(p pirogue.Payment, url string, at time.Time) (pirogue.Event, error) {
	id := NewEventID(p.ID, p.Sequence)
	body := eventBody{
		Event: "transaction.status_changed", TransactionID: p.ID, OrderID: p.OrderID, Type: p.Kind,
		Status: p.Status, Amount: p.Amount.Minor, Currency: p.Amount.Currency,
		Timestamp: at.UTC().Format(webhookTime), EventID: id, Sequence: p.Sequence,
		Refunded: p.Refunded, Original: p.ParentID, Livemode: p.Mode == pirogue.Live,
	}
	if p.Failure.Code != "" {
		body.Failure = &eventReason{Code: p.Failure.Code, Message: FailureTexts[p.Failure.Code].FR, Moved: p.Moved}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return pirogue.Event{}, pirogue.Errorf(pirogue.Internal, "encode event %s: %w", id, err)
	}
	state := pirogue.EventWaiting
	if url == "" || p.Quiet {
		url, state = "", pirogue.EventUnwanted
	}
	return pirogue.Event{
		ID: id, PaymentID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, URL: url, Body: raw, State: state,
		NextAt: at, CreatedAt: at,
	}, nil
}
