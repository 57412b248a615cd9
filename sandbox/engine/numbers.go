package engine

import (
	"regexp"
	"time"
)

// The times that customers take, counted from the opening of the session.
const (
	RefusedAfter     = 2 * time.Second                // a refusal comes quickly, but after the response
	DefaultPaidAfter = 10 * time.Second               // any number that is not magic
	PaidAfterLong    = 30 * time.Second               // a customer who looks for the phone first
	LateAfter        = 5*time.Minute + 30*time.Second // after the merchant's 5 min, within Orange's 10 min
)

// Outcome is the way in which a customer ends a payment by himself.
type Outcome int

// The three ways in which a customer can end a payment.
const (
	Silent  Outcome = iota // never reacts
	Pays                   // confirms with enough money
	Refuses                // confirms without enough money, or declines
)

// Behaviour describes the course of a payment of one magic number. Each simulator shows it
// in its operator's words.
type Behaviour struct {
	Description  string        // for people, in the words of the merchant API's table
	Outcome      Outcome       // the customer's action
	After        time.Duration // time of the action, from the opening
	Down         bool          // the operator answers 503 to every call
	ResponseLost bool          // every other call is executed, and its response is lost
	Callbacks    int           // if above 1: number of callbacks; the first leaves before the response
	OtherAmount  bool          // the operator confirms another amount than ordered
	Poor         bool          // refuses for lack of money
	YieldsToUser bool          // does not act by itself once a person opens the payment page
}

// magic is the table "Sandbox numbers" of the merchant API. Its keys are the last six
// digits of the number, under any country code.
var magic = map[string]Behaviour{
	"123456": {Description: "paid at once", Outcome: Pays},
	"111111": {Description: "customer's balance too low", Outcome: Refuses, Poor: true, After: RefusedAfter},
	"222222": {Description: "customer refuses", Outcome: Refuses, After: RefusedAfter},
	"333333": {Description: "no answer", Outcome: Silent},
	"444444": {Description: "pending 30 s, then paid", Outcome: Pays, After: PaidAfterLong},
	"555555": {Description: "operator answers 503 to every call", Down: true},
	"666666": {Description: "accepted, answer lost", Outcome: Pays, After: DefaultPaidAfter, ResponseLost: true},
	"777777": {Description: "paid after our expiry", Outcome: Pays, After: LateAfter},
	"888888": {Description: "three callbacks, one before our call returns", Outcome: Pays, Callbacks: 3},
	"999999": {Description: "operator confirms another amount", Outcome: Pays, OtherAmount: true},
}

// otherBehaviour is the customer behind every number that is not magic.
var otherBehaviour = Behaviour{
	Description: "pending 10 s, then paid", Outcome: Pays, After: DefaultPaidAfter, YieldsToUser: true,
}

// magicDigits is the number of last digits that decide.
const magicDigits = 6

// e164 matches a number in the merchant API's form. It has a plus sign, a country code and
// at most 15 digits in all.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// IsValidNumber reports whether msisdn is a full international number with its plus sign.
func IsValidNumber(msisdn string) bool {
	return e164.MatchString(msisdn)
}

// BehaviourOf returns the behaviour of the customer behind msisdn. Only the last six digits
// matter, so a national number works as well as an international one.
func BehaviourOf(msisdn string) Behaviour {
	return byLastDigits(magic, msisdn, otherBehaviour)
}

// byLastDigits returns the row of a table for the last six digits of msisdn, or other without one.
func byLastDigits[R any](table map[string]R, msisdn string, other R) R {
	if len(msisdn) >= magicDigits {
		if row, ok := table[msisdn[len(msisdn)-magicDigits:]]; ok {
			return row
		}
	}
	return other
}

// MagicNumbers returns a copy of the table, by the last six digits.
func MagicNumbers() map[string]Behaviour {
	table := make(map[string]Behaviour, len(magic))
	for digits, b := range magic {
		table[digits] = b
	}
	return table
}

// AnotherAmount returns the amount that an operator wrongly confirms. It is half the
// amount, rounded up (306 becomes 153), and never the amount itself.
func AnotherAmount(amount int64) int64 {
	if amount == 1 {
		return 2 // half of 1, rounded, would be 1 again
	}
	return amount/2 + amount%2
}
