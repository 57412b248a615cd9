package stage

import "fmt"

// Limits of the switches. They keep a typing mistake from freezing a test.
const (
	maxLatency  = 60_000            // milliseconds
	maxDropped  = 10_000            // answers
	maxCopies   = 10                // of one notification
	maxLifetime = 90 * 24 * 60 * 60 // seconds, the longest token Orange's guide shows
)

// Switches breaks a simulator on purpose. The zero value, with one copy of each
// notification, is an operator in good health. Switches are not journaled: a
// restart mends everything.
type Switches struct {
	// Down answers 503 to every call and every page.
	Down bool `json:"down"`
	// LatencyMS is how long every call and every page waits before it is served, in milliseconds.
	LatencyMS int `json:"latency_ms"`
	// DropAnswers is how many of the next payment and status calls are executed
	// without an answer. It counts down by itself.
	DropAnswers int `json:"drop_answers"`
	// NotificationsOff keeps every notification from leaving.
	NotificationsOff bool `json:"notifications_off"`
	// NotificationCopies is how many times each notification leaves; 1 is healthy.
	NotificationCopies int `json:"notification_copies"`
	// SettleMS is how long a confirmed payment stays PENDING before its end, in milliseconds.
	SettleMS int `json:"settle_ms"`
	// TokenLifetimeS is the lifetime of access tokens granted from then on, in
	// seconds; 0 means the simulator's own.
	TokenLifetimeS int `json:"token_lifetime_s"`
	// RefuseTokens answers 401 to every call that brings a token, as after a revocation.
	RefuseTokens bool `json:"refuse_tokens"`
}

// healthy is an operator with nothing broken.
var healthy = Switches{NotificationCopies: 1}

// validate reports the first switch that is out of its range.
func (s Switches) validate() error {
	for _, limit := range []struct {
		name            string
		value, low, max int
	}{
		{"latency_ms", s.LatencyMS, 0, maxLatency},
		{"drop_answers", s.DropAnswers, 0, maxDropped},
		{"notification_copies", s.NotificationCopies, 1, maxCopies},
		{"settle_ms", s.SettleMS, 0, maxLatency},
		{"token_lifetime_s", s.TokenLifetimeS, 0, maxLifetime},
	} {
		if limit.value < limit.low || limit.value > limit.max {
			return fmt.Errorf("%s must be from %d to %d", limit.name, limit.low, limit.max)
		}
	}
	return nil
}
