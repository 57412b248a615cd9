package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The limits of the switches. They keep a typing mistake from freezing a test.
const (
	maxLatency    = 60_000              // milliseconds
	maxCorrection = 48 * 60 * 60 * 1000 // milliseconds, the longest that an operator promises
	maxDropped    = 10_000              // responses
	maxCopies     = 10                  // copies of one notification
	maxLifetime   = 90 * 24 * 60 * 60   // seconds, the longest token Orange's guide shows
)

// Switches causes faults in a simulator. The zero value, with one copy of each
// notification, is an operator without faults. Switches are not journaled: a restart
// removes all faults.
type Switches struct {
	// Down answers 503 to every call and every page.
	Down bool `json:"down"`
	// LatencyMS delays every call and every page, in milliseconds.
	LatencyMS int `json:"latency_ms"`
	// DropResponses is the number of next payment and status calls that are executed without a
	// response. It counts down by itself.
	DropResponses int `json:"drop_answers"`
	// NotificationsOff stops every notification.
	NotificationsOff bool `json:"notifications_off"`
	// NotificationCopies is the number of times each notification is sent; 1 is no fault.
	NotificationCopies int `json:"notification_copies"`
	// NotificationDelayMS delays each notification, in milliseconds.
	NotificationDelayMS int `json:"notification_delay_ms"`
	// Force makes every customer behave like the one of this magic number, given by its six
	// digits. Empty lets each number decide. See MagicNumbers.
	Force string `json:"force"`
	// KeysChanged rejects our credentials, as if the operator had changed them. It issues no
	// token, and an operator without tokens rejects every call.
	KeysChanged bool `json:"keys_changed"`
	// CorrectAfterMS is the time from a decline until the payment is executed after all, in
	// milliseconds; 0 means never.
	CorrectAfterMS int `json:"correct_after_ms"`
	// UnknownWords puts an undocumented status word into status responses.
	UnknownWords bool `json:"unknown_words"`
	// Responses spoils every response to a payment or status call, which is executed. flood is
	// 50 MB, drip a byte a second, half breaks off, page is another server's HTML.
	Responses string `json:"answers"`
	// SettleMS keeps a confirmed payment PENDING before its end, in milliseconds.
	SettleMS int `json:"settle_ms"`
	// TokenLifetimeS is the life of access tokens issued from then on, in seconds; 0 means the
	// simulator's own.
	TokenLifetimeS int `json:"token_lifetime_s"`
	// RefuseTokens answers 401 to every call with a token, as if all were revoked.
	RefuseTokens bool `json:"refuse_tokens"`
	// Promises decides what the operator's responses prove. Empty: a reference that it does
	// not know was never executed. PromisesLive: no more than the live operator promises, so a
	// search finds a payment only SearchLag after its order.
	Promises string `json:"promises"`
}

// PromisesLive is the value of Switches.Promises under which a simulator promises no more
// than live operators.
const PromisesLive = "live"

// SearchLag is the time for which a search misses a payment under PromisesLive. It stands
// for the hours of live operators, on the scale of the sandbox.
const SearchLag = 15 * time.Second

// healthy holds the switches of an operator without faults.
var healthy = Switches{NotificationCopies: 1}

// Healthy returns the switches of an operator without faults.
func Healthy() Switches { return healthy }

// validate returns an error for the first switch that is out of its range.
func (s Switches) validate() error {
	for _, limit := range []struct {
		name            string
		value, low, max int
	}{
		{"latency_ms", s.LatencyMS, 0, maxLatency},
		{"drop_answers", s.DropResponses, 0, maxDropped},
		{"notification_copies", s.NotificationCopies, 1, maxCopies},
		{"notification_delay_ms", s.NotificationDelayMS, 0, maxLatency},
		{"correct_after_ms", s.CorrectAfterMS, 0, maxCorrection},
		{"settle_ms", s.SettleMS, 0, maxLatency},
		{"token_lifetime_s", s.TokenLifetimeS, 0, maxLifetime},
	} {
		if limit.value < limit.low || limit.value > limit.max {
			return fmt.Errorf("%s must be from %d to %d", limit.name, limit.low, limit.max)
		}
	}
	if _, known := magic[s.Force]; s.Force != "" && !known {
		return errors.New("force must be the six digits of a magic number, or empty")
	}
	if !slices.Contains([]string{"", ResponsesFlood, ResponsesDrip, ResponsesHalf, ResponsesPage}, s.Responses) {
		return errors.New("answers must be flood, drip, half, page, or empty")
	}
	if !slices.Contains([]string{"", PromisesLive}, s.Promises) {
		return fmt.Errorf("promises must be %s, or empty", PromisesLive)
	}
	return nil
}

// SearchFinds reports whether a search at now finds a payment that was ordered at opened.
func (s Switches) SearchFinds(opened, now time.Time) bool {
	return s.Promises != PromisesLive || !now.Before(opened.Add(SearchLag))
}

// notificationDelay returns the delay of each notification.
func (s Switches) notificationDelay() time.Duration {
	return time.Duration(s.NotificationDelayMS) * time.Millisecond
}

// UnknownWord is the status word of an operator while UnknownWords is on.
const UnknownWord = "REQUALIFIED"

// StatusWord returns the word for a status response: an undocumented one while UnknownWords is
// on.
func (s Switches) StatusWord(word string) string {
	if s.UnknownWords {
		return UnknownWord
	}
	return word
}

// Settling returns the least time for which a confirmed payment stays pending.
func (s Switches) Settling() time.Duration { return time.Duration(s.SettleMS) * time.Millisecond }

// TokenLifetime returns the life of a token issued with these switches; usual unless they
// set one.
func (s Switches) TokenLifetime(usual time.Duration) time.Duration {
	if s.TokenLifetimeS > 0 {
		return time.Duration(s.TokenLifetimeS) * time.Second
	}
	return usual
}

// BehaviourOf returns the behaviour of the customer behind msisdn under these switches.
func (s Switches) BehaviourOf(msisdn string) Behaviour {
	if s.Force != "" {
		return magic[s.Force]
	}
	return BehaviourOf(msisdn)
}

// PayoutTo returns the course of a cash-out to msisdn under these switches.
func (s Switches) PayoutTo(msisdn string) Payout {
	if s.Force != "" {
		return payouts[s.Force]
	}
	return PayoutTo(msisdn)
}
