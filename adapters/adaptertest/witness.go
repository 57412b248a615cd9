package adaptertest

import (
	"slices"
	"testing"
	"time"

	"pirogue"
	"pirogue/config"
)

// Stand is an adapter that is put before its operator's simulator, which was written by
// somebody else from the same documents and keeps a book of its own.
type Stand struct {
	New      New
	Operator pirogue.OperatorCode   // of the sandbox
	Change   func(*config.Operator) // to another shape; may be nil
	Settings string                 // of the simulator, a JSON object; "" leaves it in good health

	MSISDN  pirogue.MSISDN  // of a customer whose number decides nothing
	Network pirogue.Network // by default the instance's
	OTP     string          // of a customer who brings one; "" for one who does not
	Portal  string          // the key by which a callback's address is entered; "" where each order names its own

	// TimesOut is the setting by which an order is executed and answered as a failure of the
	// gateway, as JSON without its braces; "" where there is none.
	TimesOut string
	// Silent are the calls whose end the operator tells nobody of.
	Silent []Call
	// Twice are the calls that the operator executes twice when they are repeated.
	Twice []Call
}

// sentence is one thing that must hold between an adapter and its operator. It notes what
// it saw on the way.
type sentence struct {
	says string
	hold func(*exam, *testing.T, *Seen)
}

// sentences is what is tried of every call that orders a payment.
var sentences = []sentence{
	{"its answer is lost, and then its outcome is found or stays unknown", (*exam).loses},
	{"repeated under the same reference it is executed as often as the book says", (*exam).repeats},
	{"sent anew under another reference it is executed as often as the book says", (*exam).renews},
	{"paid, it is found by its reference", (*exam).finds},
	{"undecided, it is pending", (*exam).waits},
	{"paid by another amount, it says so", (*exam).paysOther},
	{"declined and corrected, it is paid", (*exam).corrects},
	{"in a word of no guide, it is unknown", (*exam).hears},
	{"answered by what nobody can read, it is unknown within its time", (*exam).reads},
	{"with credentials that are not ours any more, it does not happen", (*exam).locksOut},
	{"at an operator that is down, it does not happen", (*exam).goesDown},
	{"out of an empty float, another operator may take it", (*exam).runsDry},
	{"told of three times, once before its answer, it is the same each time", (*exam).isTold},
}

// Witness has an adapter make every payment that it can make at its operator's simulator,
// over HTTP, with everything that can go wrong. From what it saw it derives what workflows
// may do by themselves, and fails where the adapter's capability promises more.
func Witness(t *testing.T, s Stand) {
	t.Helper()
	x := newExam(t, s)
	var all []*Seen
	for _, call := range x.calls(t) {
		seen := &Seen{Call: call, Asked: x.canAsk(t), Told: !slices.Contains(s.Silent, call), Password: s.OTP != ""}
		for _, one := range sentences {
			t.Run(string(call)+"/"+one.says, func(t *testing.T) {
				x.heal(t, "")
				one.hold(x, t, seen)
			})
		}
		all = append(all, seen)
		t.Log(seen)
		for _, promise := range seen.broken(x.open(t, patient).Capability(), x.conf.AbsenceProves) {
			t.Errorf("the capability promises that %s, and that was not seen of %s", promise, call)
		}
	}
	t.Run("each answer that comes a byte a second is unknown within its time", func(t *testing.T) { x.drips(t, all) })
}

// The magic numbers that a sentence makes every customer behave as.
const (
	pays        = "123456" // at once
	isPoor      = "111111" // of a payout: the beneficiary's ceiling is reached
	refuses     = "222222"
	takesLong   = "444444" // 30 s
	isTold3     = "888888"
	paysAnother = "999999"
)

// asked is what every order is about, in francs.
const asked = 5000

// corrected is how long after a refusal it turns out to be none.
const corrected = time.Minute
