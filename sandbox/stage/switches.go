package stage

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits of the switches. They keep a typing mistake from freezing a test.
const (
	maxLatency    = 60_000              // milliseconds
	maxCorrection = 48 * 60 * 60 * 1000 // milliseconds, the longest that an operator promises
	maxDropped    = 10_000              // answers
	maxCopies     = 10                  // of one notification
	maxLifetime   = 90 * 24 * 60 * 60   // seconds, the longest token Orange's guide shows
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
	// NotificationDelayMS is how long each notification is held back, in milliseconds.
	NotificationDelayMS int `json:"notification_delay_ms"`
	// Force makes every customer behave as the one of this magic number, given by its
	// six digits; empty leaves everybody as they are. See MagicNumbers.
	Force string `json:"force"`
	// KeysChanged refuses our credentials, as after the operator changed them: no new
	// token, and no call of an operator that knows no tokens.
	KeysChanged bool `json:"keys_changed"`
	// CorrectAfterMS is how long after it was declined a payment turns out executed after
	// all, in milliseconds; 0 is never.
	CorrectAfterMS int `json:"correct_after_ms"`
	// UnknownWords has status answers say a word that stands in no guide.
	UnknownWords bool `json:"unknown_words"`
	// Answers spoils every answer of a payment or status call, which is executed: flood
	// is 50 MB, drip a byte a second, half breaks off, page is somebody else's HTML.
	Answers string `json:"answers"`
	// SettleMS is how long a confirmed payment stays PENDING before its end, in milliseconds.
	SettleMS int `json:"settle_ms"`
	// TokenLifetimeS is the lifetime of access tokens granted from then on, in
	// seconds; 0 means the simulator's own.
	TokenLifetimeS int `json:"token_lifetime_s"`
	// RefuseTokens answers 401 to every call that brings a token, as after a revocation.
	RefuseTokens bool `json:"refuse_tokens"`
	// Promises says how much the operator's answers prove. Empty: a reference that it does
	// not know was never executed. PromisesLive: no more than the live operator promises,
	// so a search finds a payment only SearchLag after it was asked for.
	Promises string `json:"promises"`
}

// PromisesLive is the value of Switches.Promises that promises no more than live operators.
const PromisesLive = "live"

// SearchLag says how long, under PromisesLive, a search does not find a payment. It stands
// for the hours that live operators allow themselves, on the scale of the sandbox.
const SearchLag = 15 * time.Second

// healthy is an operator with nothing broken.
var healthy = Switches{NotificationCopies: 1}

// Healthy returns the switches of an operator with nothing broken.
func Healthy() Switches { return healthy }

// validate reports the first switch that is out of its range.
func (s Switches) validate() error {
	for _, limit := range []struct {
		name            string
		value, low, max int
	}{
		{"latency_ms", s.LatencyMS, 0, maxLatency},
		{"drop_answers", s.DropAnswers, 0, maxDropped},
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
	if !slices.Contains([]string{"", AnswersFlood, AnswersDrip, AnswersHalf, AnswersPage}, s.Answers) {
		return errors.New("answers must be flood, drip, half, page, or empty")
	}
	if !slices.Contains([]string{"", PromisesLive}, s.Promises) {
		return fmt.Errorf("promises must be %s, or empty", PromisesLive)
	}
	return nil
}

// Finds reports whether a search at a moment finds a payment that was asked for at opened.
func (s Switches) Finds(opened, now time.Time) bool {
	return s.Promises != PromisesLive || !now.Before(opened.Add(SearchLag))
}

// notificationDelay is how long each notification is held back.
func (s Switches) notificationDelay() time.Duration {
	return time.Duration(s.NotificationDelayMS) * time.Millisecond
}

// UnknownWord is what UnknownWords makes an operator say.
const UnknownWord = "REQUALIFIED"

// Word is a word of a status answer: what stands in no guide, while UnknownWords is on.
func (s Switches) Word(word string) string {
	if s.UnknownWords {
		return UnknownWord
	}
	return word
}

// Settling is how long a confirmed payment stays pending at least.
func (s Switches) Settling() time.Duration { return time.Duration(s.SettleMS) * time.Millisecond }

// TokenLifetime is how long a token lives that is granted now; usual, unless said otherwise.
func (s Switches) TokenLifetime(usual time.Duration) time.Duration {
	if s.TokenLifetimeS > 0 {
		return time.Duration(s.TokenLifetimeS) * time.Second
	}
	return usual
}

// BehaviourOf tells what the customer behind msisdn does while these switches stand.
func (s Switches) BehaviourOf(msisdn string) Behaviour {
	if s.Force != "" {
		return magic[s.Force]
	}
	return BehaviourOf(msisdn)
}

// PayoutTo tells what happens to a cash-out towards msisdn while these switches stand.
func (s Switches) PayoutTo(msisdn string) Payout {
	if s.Force != "" {
		return payouts[s.Force]
	}
	return PayoutTo(msisdn)
}
