package webhook

import (
	"time"
)

// MaxDeliveries limits the attempts to deliver an event in one round. After the last it is
// EXHAUSTED.
const MaxDeliveries = 7

// DeliveryDelays is the webhook schedule. It holds the wait before attempt n+2, counted from the end
// of attempt n+1: 31 h 21 min in all. The API documents it to merchants.
//
// The first three retries come within 21 minutes, because most failures are a restart or a deploy of
// the endpoint. The later ones outlast an outage of a night, and a day on which nobody is at work.
// After them a merchant asks for the event again.
var DeliveryDelays = [MaxDeliveries - 1]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}
