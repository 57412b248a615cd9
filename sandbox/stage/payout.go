package stage

import (
	"maps"
	"time"
)

// How long operators take over a payout. All are counted from the call.
const (
	// SilentFor is how long the operator sits on a payout to the number that never
	// answers: a payout has no customer who could let it lapse, so the operator ends it.
	SilentFor = 5 * time.Minute
	// PaidOutLate is when a payout ends that everybody has stopped waiting for.
	PaidOutLate = 6 * time.Minute
)

// End is how a payout ends that nobody disturbs.
type End int

// The three ends of a payout.
const (
	PaidOut       End = iota // the customer has the money
	RefusedAtOnce            // the call itself is refused
	RejectedLater            // the call is accepted and the payout fails afterwards
)

// Payout is what happens to a cash-out towards one magic number. Each simulator
// shows it in its own operator's words.
type Payout struct {
	Says        string        // for people
	End         End           // how it ends
	After       time.Duration // how long it is pending; 0 ends it in the answer
	Down        bool          // the operator answers 503 to every call, and executes none
	AnswerLost  bool          // every other call executes, and its answer never comes
	Callbacks   int           // above 1: so many, and the first leaves before the call returns
	OtherAmount bool          // the operator executes another amount than the one asked
}

// payouts is the table "Sandbox numbers" of the merchant API, read for a cash-out.
var payouts = map[string]Payout{
	"123456": {Says: "paid out at once"},
	"111111": {Says: "refused: the beneficiary's ceiling is reached", End: RefusedAtOnce},
	"222222": {Says: "accepted, then rejected", End: RejectedLater, After: RefusedAfter},
	"333333": {Says: "pending 5 min, then failed", End: RejectedLater, After: SilentFor},
	"444444": {Says: "pending 30 s, then paid out", After: PaidAfterLong},
	"555555": {Says: "operator answers 503 to every call", Down: true},
	"666666": {Says: "executed, answer lost", AnswerLost: true},
	"777777": {Says: "pending 6 min, then paid out", After: PaidOutLate},
	"888888": {Says: "three callbacks, one before our call returns", Callbacks: 3},
	"999999": {Says: "operator executes another amount", OtherAmount: true},
}

// otherPayout is what happens to every number that is not magic.
var otherPayout = Payout{Says: "pending 10 s, then paid out", After: DefaultPaidAfter}

// PayoutTo tells what happens to a cash-out towards msisdn. Only the last six
// digits matter, as for BehaviourOf.
func PayoutTo(msisdn string) Payout {
	if len(msisdn) >= magicDigits {
		if p, ok := payouts[msisdn[len(msisdn)-magicDigits:]]; ok {
			return p
		}
	}
	return otherPayout
}

// MagicPayouts returns a copy of the table, by the last six digits.
func MagicPayouts() map[string]Payout {
	return maps.Clone(payouts)
}
