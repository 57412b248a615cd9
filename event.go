package pirogue

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// EventID identifies a webhook event. It is derived from its payment, so the same event cannot be
// written twice: see NewEventID.
type EventID string

// NewEventID returns the ID of a payment's n-th terminal event, n from 1.
func NewEventID(p PaymentID, n int) EventID {
	return EventID(fmt.Sprintf("evt_%s_%d", strings.ReplaceAll(string(p), "-", ""), n))
}

// EventState is the progress of an event's delivery.
type EventState string

// The states of an event.
const (
	EventWaiting   EventState = "WAITING"   // attempts are left
	EventDelivered EventState = "DELIVERED" // the merchant answered 2xx
	EventExhausted EventState = "EXHAUSTED" // all attempts used, or the endpoint answered 410
	EventUnwanted  EventState = "UNWANTED"  // it has no webhook address
)

// Event is a webhook to a merchant: its exact bytes and its address. The transaction that makes the
// status terminal writes it.
type Event struct {
	ID         EventID
	PaymentID  PaymentID // "" for a bulk's event
	BulkID     BulkID    // "" for a payment's event
	MerchantID MerchantID
	Mode       Mode
	URL        string
	Body       []byte
	State      EventState
	Round      int // number of times it was sent again from the start; each round has MaxDeliveries
	// NextAt is the due time of a WAITING event's next delivery, to which its workflow sleeps.
	NextAt    time.Time
	CreatedAt time.Time
}

// EventLog is an event with its deliveries.
type EventLog struct {
	Event
	Deliveries []Delivery
}

// EventFilter selects events of one owner, newest first. Zero fields do not select.
type EventFilter struct {
	PaymentID PaymentID
	State     EventState
	From      time.Time // inclusive
	To        time.Time // exclusive
	Before    EventID   // the page starts after this event
	Limit     int       // 1 to MaxPage
}

// Delivery is one attempt to deliver an event. Its row is written before the bytes leave, so a
// crash neither loses an attempt nor counts it twice.
type Delivery struct {
	EventID    EventID
	Round      int
	Number     int // 1 to MaxDeliveries in its round; counted by the rows, not by Temporal
	StartedAt  time.Time
	EndedAt    time.Time // zero: under way, or cut off
	HTTPStatus int       // 0: no answer
	Error      string    // the reason for no response, for the merchant to read
}

// MaxDeliveries limits the attempts to deliver an event in one round. After the last it is
// EXHAUSTED.
const MaxDeliveries = 7

// DeliveryDelays holds the wait before attempt n+2, counted from the end of attempt n+1: 31 h 21
// min in all.
var DeliveryDelays = [MaxDeliveries - 1]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// webhookTime is RFC 3339 with a numeric zone, the format of Neka Paie's webhooks.
const webhookTime = "2006-01-02T15:04:05-07:00"

// eventBody is the webhook's body: Neka Paie's eight fields in their order, then the fields that
// Pirogue adds.
type eventBody struct {
	Event         string       `json:"event"`
	TransactionID PaymentID    `json:"transaction_id"`
	OrderID       string       `json:"merchant_order_id"`
	Type          PaymentKind  `json:"type"`
	Status        Status       `json:"status"`
	Amount        int64        `json:"amount"`
	Currency      Currency     `json:"currency"`
	Timestamp     string       `json:"timestamp"`
	EventID       EventID      `json:"event_id"`
	Sequence      int          `json:"sequence"`
	Refunded      int64        `json:"refunded_amount"`
	Failure       *eventReason `json:"failure,omitempty"`
	Original      PaymentID    `json:"original_transaction_id,omitempty"`
	Livemode      bool         `json:"livemode"`
}

// eventReason is a failure in a webhook, with its text for people.
type eventReason struct {
	Code    FailureCode `json:"code"`
	Message string      `json:"message"`
	Moved   int64       `json:"moved_amount,omitempty"` // of one that was paid in part, in minor units
}

// NewEvent returns the event of a payment that became terminal at the given moment. p.Status and
// p.Sequence hold the values after the change. url is the merchant's webhook address, "" for none.
// A quiet payment's event is stored and not sent.
func NewEvent(p Payment, url string, at time.Time) (Event, error) {
	id := NewEventID(p.ID, p.Sequence)
	body := eventBody{
		Event: "transaction.status_changed", TransactionID: p.ID, OrderID: p.OrderID, Type: p.Kind,
		Status: p.Status, Amount: p.Amount.Minor, Currency: p.Amount.Currency,
		Timestamp: at.UTC().Format(webhookTime), EventID: id, Sequence: p.Sequence,
		Refunded: p.Refunded, Original: p.ParentID, Livemode: p.Mode == Live,
	}
	if p.Failure.Code != "" {
		body.Failure = &eventReason{Code: p.Failure.Code, Message: FailureTexts[p.Failure.Code].FR, Moved: p.Moved}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Event{}, Errorf(Internal, "encode event %s: %w", id, err)
	}
	state := EventWaiting
	if url == "" || p.Quiet {
		url, state = "", EventUnwanted
	}
	return Event{
		ID: id, PaymentID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, URL: url, Body: raw, State: state,
		NextAt: at, CreatedAt: at,
	}, nil
}
