package webhook

import (
	"time"

	"pirogue"
)

// Delivery is one attempt to deliver an event. Its row is written before the bytes leave, so a
// crash neither loses an attempt nor counts it twice.
type Delivery struct {
	EventID    pirogue.EventID
	Round      int
	Number     int // 1 to MaxDeliveries in its round; counted by the rows, not by Temporal
	StartedAt  time.Time
	EndedAt    time.Time // zero: under way, or cut off
	HTTPStatus int       // 0: no answer
	Error      string    // the reason for no response, for the merchant to read
}
