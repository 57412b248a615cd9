package engine

import (
	"maps"
	"time"
)

// The times that operators take over a payout, counted from the call.
const (
	// SilentFor is the time for which a payout to the silent number stays pending. A payout
	// has no customer who could let it lapse, so the operator ends it.
	SilentFor = 5 * time.Minute
	// PaidOutLate is the time after which a payout ends that nobody waits for any more.
	PaidOutLate = 6 * time.Minute
)

// End is the way in which a payout ends by itself.
type End int

// The three ways in which a payout can end.
const (
	PaidOut       End = iota // the customer has the money
	RefusedAtOnce            // the call itself is refused
	RejectedLater            // the call is accepted and the payout fails afterwards
)

// Payout describes the course of a cash-out to one magic number. Each simulator shows it in
// its operator's words.
type Payout struct {
	Description  string        // for people
	End          End           // how it ends
	After        time.Duration // time of the end; 0 ends it in the response
	Down         bool          // the operator answers 503 to every call, and executes none
	ResponseLost bool          // every other call is executed, and its response is lost
	Callbacks    int           // if above 1: number of callbacks; the first leaves before the response
	OtherAmount  bool          // the operator executes another amount than ordered
}

// payouts is the table "Sandbox numbers" of the merchant API, applied to cash-outs.
var payouts = map[string]Payout{
	"123456": {Description: "paid out at once"},
	"111111": {Description: "refused: the beneficiary's ceiling is reached", End: RefusedAtOnce},
	"222222": {Description: "accepted, then rejected", End: RejectedLater, After: RefusedAfter},
	"333333": {Description: "pending 5 min, then failed", End: RejectedLater, After: SilentFor},
	"444444": {Description: "pending 30 s, then paid out", After: PaidAfterLong},
	"555555": {Description: "operator answers 503 to every call", Down: true},
	"666666": {Description: "executed, answer lost", ResponseLost: true},
	"777777": {Description: "pending 6 min, then paid out", After: PaidOutLate},
	"888888": {Description: "three callbacks, one before our call returns", Callbacks: 3},
	"999999": {Description: "operator executes another amount", OtherAmount: true},
}

// otherPayout is the course of a cash-out to every number that is not magic.
var otherPayout = Payout{Description: "pending 10 s, then paid out", After: DefaultPaidAfter}

// PayoutTo returns the course of a cash-out to msisdn. Only the last six digits matter, as
// for BehaviourOf.
func PayoutTo(msisdn string) Payout {
	return byLastDigits(payouts, msisdn, otherPayout)
}

// MagicPayouts returns a copy of the table, by the last six digits.
func MagicPayouts() map[string]Payout {
	return maps.Clone(payouts)
}
