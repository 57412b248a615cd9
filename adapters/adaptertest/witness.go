package adaptertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
)

// Setup describes an adapter to compare with its operator's simulator. The simulator is
// written independently, from the same documents, and keeps a book of its own.
type Setup struct {
	New      New
	Operator pirogue.OperatorCode   // of the sandbox
	Change   func(*config.Operator) // selects another shape; may be nil
	Settings string                 // of the simulator, a JSON object; "" changes nothing

	MSISDN  pirogue.MSISDN  // of a customer whose number has no special meaning
	Network pirogue.Network // by default the instance's
	OTP     string          // the customer's one-time password; "" for a customer without one
	Portal  string          // the key to enter a callback address in the portal; "" where each order names its own

	// TimesOut is the setting that executes an order but answers with a failure of the
	// gateway. It is JSON without braces; "" where the simulator has no such setting.
	TimesOut string
	// Silent lists the calls whose result the operator sends no callback about.
	Silent []Call
	// Twice lists the calls that the operator executes twice when they are sent twice.
	Twice []Call
}

// scenario is one property that must hold between an adapter and its operator. Its test
// records in Seen what it observes.
type scenario struct {
	says string
	hold func(*verification, *testing.T, *Observed)
}

// scenarios lists the properties tested for every call that moves money.
var scenarios = []scenario{
	{"its answer is lost, and then its outcome is found or stays unknown", (*verification).loses},
	{"repeated under the same reference it is executed as often as the book says", (*verification).repeats},
	{"sent anew under another reference it is executed as often as the book says", (*verification).renews},
	{"paid, it is found by its reference", (*verification).finds},
	{"undecided, it is pending", (*verification).waits},
	{"paid by another amount, it says so", (*verification).paysOther},
	{"declined and corrected, it is paid", (*verification).corrects},
	{"in a word of no guide, it is unknown", (*verification).hears},
	{"answered by what nobody can read, it is unknown within its time", (*verification).reads},
	{"with credentials that are not ours any more, it does not happen", (*verification).locksOut},
	{"at an operator that is down, it does not happen", (*verification).goesDown},
	{"out of an empty float, another operator may take it", (*verification).runsDry},
	{"told of three times, once before its answer, it is the same each time", (*verification).isTold},
}

// VerifyAgainstSimulator lets an adapter make every payment that it supports at its operator's simulator,
// over HTTP and under every fault. It derives from the results what workflows may do by
// themselves. The test fails if the adapter's capability promises more.
func VerifyAgainstSimulator(t *testing.T, s Setup) {
	t.Helper()
	x := newVerification(t, s)
	var all []*Observed
	for _, call := range x.calls(t) {
		seen := &Observed{Call: call, Asked: x.canAsk(t), Told: !slices.Contains(s.Silent, call), Password: s.OTP != ""}
		for _, one := range scenarios {
			t.Run(string(call)+"/"+one.says, func(t *testing.T) {
				x.heal(t, "")
				one.hold(x, t, seen)
			})
		}
		all = append(all, seen)
		t.Log(seen)
		for _, promise := range seen.broken(x.open(t, patient).Capability(), x.conf.AbsenceProves) {
			require.Fail(t, fmt.Sprintf("the capability promises that %s, and that was not seen of %s", promise, call))
		}
	}
	t.Run("each answer that comes a byte a second is unknown within its time", func(t *testing.T) { x.drips(t, all) })
}

// The magic numbers by which a scenario decides the behaviour of every customer.
const (
	pays        = "123456" // at once
	isPoor      = "111111" // for a payout: the beneficiary's ceiling is reached
	refuses     = "222222"
	takesLong   = "444444" // 30 s
	isTold3     = "888888"
	paysAnother = "999999"
)

// asked is the amount of every attempt, in francs.
const asked = 5000

// corrected is the time after which the simulator corrects a refusal to a success.
const corrected = time.Minute
