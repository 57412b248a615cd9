package stage

import (
	"regexp"
	"time"
)

// How long customers take. All are counted from the opening of the session.
const (
	RefusedAfter     = 2 * time.Second                // a refusal comes quickly, but after the answer
	DefaultPaidAfter = 10 * time.Second               // any number that is not magic
	PaidAfterLong    = 30 * time.Second               // a customer who looks for the telephone first
	LateAfter        = 5*time.Minute + 30*time.Second // after the merchant's 5 min, within Orange's 10 min
)

// Outcome is how a customer ends a payment that nobody disturbs.
type Outcome int

// The three ends a customer can choose.
const (
	Silent  Outcome = iota // never answers
	Pays                   // confirms with enough money
	Refuses                // confirms without enough money, or declines
)

// Behaviour is what happens to a payment of one magic number. Each simulator
// shows it in its own operator's words.
type Behaviour struct {
	Says         string        // for people, in the words of the merchant API's table
	Outcome      Outcome       // what the customer does
	After        time.Duration // how long after the opening
	Down         bool          // the operator answers 503 to every call
	AnswerLost   bool          // every other call executes, and its answer never comes
	Callbacks    int           // above 1: so many, and the first leaves before the call returns
	OtherAmount  bool          // the operator confirms another amount than the one asked
	Poor         bool          // refuses for want of money
	YieldsToUser bool          // steps back when a person opens the payment page
}

// magic is the table "Sandbox numbers" of the merchant API: the last six digits
// of the number, under any country code.
var magic = map[string]Behaviour{
	"123456": {Says: "paid at once", Outcome: Pays},
	"111111": {Says: "customer's balance too low", Outcome: Refuses, Poor: true, After: RefusedAfter},
	"222222": {Says: "customer refuses", Outcome: Refuses, After: RefusedAfter},
	"333333": {Says: "no answer", Outcome: Silent},
	"444444": {Says: "pending 30 s, then paid", Outcome: Pays, After: PaidAfterLong},
	"555555": {Says: "operator answers 503 to every call", Down: true},
	"666666": {Says: "accepted, answer lost", Outcome: Pays, After: DefaultPaidAfter, AnswerLost: true},
	"777777": {Says: "paid after our expiry", Outcome: Pays, After: LateAfter},
	"888888": {Says: "three callbacks, one before our call returns", Outcome: Pays, Callbacks: 3},
	"999999": {Says: "operator confirms another amount", Outcome: Pays, OtherAmount: true},
}

// anyOther is the customer behind every number that is not magic.
var anyOther = Behaviour{
	Says: "pending 10 s, then paid", Outcome: Pays, After: DefaultPaidAfter, YieldsToUser: true,
}

// magicDigits is how many last digits of a number decide.
const magicDigits = 6

// e164 is a number as the merchant API writes it: a plus sign, a country code
// and at most 15 digits in all.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// ValidNumber reports whether msisdn is a full international number with its plus sign.
func ValidNumber(msisdn string) bool {
	return e164.MatchString(msisdn)
}

// BehaviourOf tells what the customer behind msisdn does. Only the last six
// digits matter, so a national number works as well as an international one.
func BehaviourOf(msisdn string) Behaviour {
	if len(msisdn) >= magicDigits {
		if b, ok := magic[msisdn[len(msisdn)-magicDigits:]]; ok {
			return b
		}
	}
	return anyOther
}

// MagicNumbers returns a copy of the table, by the last six digits.
func MagicNumbers() map[string]Behaviour {
	table := make(map[string]Behaviour, len(magic))
	for digits, b := range magic {
		table[digits] = b
	}
	return table
}

// AnotherAmount is what an operator confirms when it confirms the wrong amount:
// half of it, rounded up (306 becomes 153), and never the amount itself.
func AnotherAmount(amount int64) int64 {
	if amount == 1 {
		return 2 // half of 1, rounded, would be 1 again
	}
	return amount/2 + amount%2
}
