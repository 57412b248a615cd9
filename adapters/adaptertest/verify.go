package adaptertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// Setup describes an adapter to compare with its operator's simulator. The simulator is
// written independently, from the same documents, and keeps a book of its own.
type Setup struct {
	New      constructor
	Operator pirogue.OperatorCode   // of the sandbox; "" where Simulator is set
	Change   func(*config.Operator) // selects another shape; may be nil
	Settings string                 // of the simulator, a JSON object; "" changes nothing

	MSISDN  pirogue.MSISDN  // of a customer whose number has no special meaning
	Network pirogue.Network // by default the instance's
	OTP     string          // the customer's one-time password; "" for a customer without one
	Portal  string          // the key to enter a callback address in the portal; "" where each order names its own

	// Simulator starts a simulator that the sandbox does not serve. Conf is its configuration
	// without a BaseURL.
	Simulator func(engine.Config) (sandbox.Simulator, error)
	Conf      config.Operator

	// GatewayTimeout is the setting that executes an order but answers with a failure of the
	// gateway. It is JSON without braces; "" where the simulator has no such setting.
	GatewayTimeout string
	// NoCallback lists the calls whose result the operator sends no callback about.
	NoCallback []Call
	// ExecutedTwice lists the calls that the operator executes twice when they are sent twice.
	ExecutedTwice []Call
}

// scenario is one property that must hold between an adapter and its operator. Its test
// records what it observes.
type scenario struct {
	name string
	run  func(*verification, *testing.T, *observed)
}

// scenarios lists the properties tested for every call that moves money.
var scenarios = []scenario{
	{"lost response", (*verification).loseResponses},
	{"same reference sent again", (*verification).repeatReference},
	{"sent again under another reference", (*verification).renewReference},
	{"paid and found by reference", (*verification).findByReference},
	{"undecided", (*verification).waitUndecided},
	{"paid by another amount", (*verification).payOtherAmount},
	{"declined, then corrected", (*verification).correctDecline},
	{"undocumented word", (*verification).readUnknownWord},
	{"unreadable response", (*verification).readSpoiled},
	{"credentials changed", (*verification).changeCredentials},
	{"operator down", (*verification).shutDown},
	{"empty float", (*verification).emptyFloat},
	{"three callbacks, one early", (*verification).receiveCallbacks},
}

// VerifyAgainstSimulator lets an adapter make every payment that it supports at its operator's simulator,
// over HTTP and under every fault. It derives from the results what workflows may do by
// themselves. The test fails if the adapter's capability promises more.
func VerifyAgainstSimulator(t *testing.T, s Setup) {
	t.Helper()
	v := newVerification(t, s)
	var all []*observed
	for _, call := range v.calls(t) {
		seen := &observed{
			call: call, hasStatus: v.canAsk(t), hasCallback: !slices.Contains(s.NoCallback, call), withOTP: s.OTP != "",
		}
		for _, one := range scenarios {
			t.Run(string(call)+"/"+one.name, func(t *testing.T) {
				v.setFaults(t, "")
				one.run(v, t, seen)
			})
		}
		all = append(all, seen)
		t.Log(seen)
		for _, promise := range seen.broken(v.open(t, patient).Capability(), v.conf.AbsenceProves) {
			require.Fail(t, fmt.Sprintf("the capability promises that %s, and that was not seen of %s", promise, call))
		}
	}
	t.Run("dripping response", func(t *testing.T) { v.readDripping(t, all) })
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
