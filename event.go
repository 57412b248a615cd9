package pirogue

import (
	"time"
)

// EventID identifies a webhook event. It is derived from its payment, so the same event cannot be
// written twice: see NewEventID.
type EventID string

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
