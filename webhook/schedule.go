package webhook

import (
	"time"
)

// MaxDeliveries limits the attempts to deliver an event in one round. After the last it is
// EXHAUSTED.
const MaxDeliveries = 7

// DeliveryDelays holds the wait before attempt n+2, counted from the end of attempt n+1: 31 h 21
// min in all.
var DeliveryDelays = [MaxDeliveries - 1]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}
