package workflows_test

import (
	"math/rand/v2"
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// faults is everything that can go wrong in a scenario. A run that is long enough meets
// all of it.
var faults = []string{
	"the operator is down", "every request is lost", "a call does not leave", "refused",
	"refused, and kept as declined",
	"refused, and executed all the same", "the request is lost", "the request is lost, and arrives late",
	"the answer is lost", "5xx before executing", "5xx after executing", "the same reference arrives again",
	"money moves late", "declined, then executed", "never decided", "another amount", "another counterparty",
	"a status is unreadable", "a status call does not leave", "the status flaps to PENDING",
	"the status flaps to DECLINED", "the status flaps to ABSENT", "refunded by the refund call",
	"a callback", "a callback comes several times", "a callback before the answer", "a forged callback",
	"the database fails before writing", "the database fails after writing", "a worker dies after its work",
	"a history is lost", "a watch is lost", "nobody starts the workflow", "a payment is too old to be started",
	"support asks out of turn", "support presses a button twenty times", "support settles an unknown outcome",
	"support makes another attempt", "support settles stray money", "support is wrong",
	"stray money goes back", "a payment is paid in part",
	"no way back for stray money", "late money is accepted", "a merchant does not listen",
	"a workflow is cancelled", "Temporal forgets a workflow", "a workflow is terminated",
	"the sweep starts a workflow that is gone", "a callback after the end", "a callback starts a verification",
	"a callback cannot be read", "the same callback again", "a callback is left to the sweep",
	"an activity hangs", "a run that was given up goes on", "a run goes on in the middle of another one",
	"a call of a run that was given up does not leave", "nobody of support comes", "clocks differ",
	"a first delivery is left to its event's workflow",
}

// plan holds everything that a scenario draws.
type plan struct {
	kind        pirogue.PaymentKind
	policy      pirogue.LatePolicy
	capability  operator.Capability
	window      time.Duration
	refunds     bool    // the operator has a refund call
	noWay       bool    // no operator pays into the payer's wallet
	faultyStore float64 // share of the database calls that fail
	dyingStore  float64 // share of the activities whose worker dies
	unstarted   time.Duration
	cancels     bool          // a Temporal client cancels workflows
	hanging     float64       // share of the activities that hang
	unattended  bool          // nobody of support comes
	temporal    time.Duration // how far Temporal's clock is ahead of our database's
	machines    []machine     // that workers run on
	revision    int           // of the workflows
	holdBack    time.Duration // of first deliveries, until a worker takes them
}

// streams names the subjects of random draws, each from a stream of its own: what is drawn of one
// leaves the others as they are.
var streams = []string{
	"plan", "fate", "noise", "database", "workers", "spread", "support", "merchant",
	"widened", "temporal", "callbacks", "zombies", "machines", "deliveries",
}

// The span of a scenario. Until the finality window the operator may change its mind; a person
// who knows the truth comes after it.
const (
	simHorizon = 30 * time.Minute
	visitEvery = 10 * time.Minute
	visits     = 30
)

// simStart is the beginning of every scenario.
var simStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// draw draws a plan.
func draw(r *rand.Rand) plan {
	p := plan{
		kind: []pirogue.PaymentKind{
			pirogue.CashIn, pirogue.CashIn, pirogue.CashOut, pirogue.CashOut, pirogue.CashOut, pirogue.Refund,
		}[r.IntN(6)],
		policy: []pirogue.LatePolicy{pirogue.LateReturn, pirogue.LateAccept}[r.IntN(2)],
		capability: operator.Capability{
			Reference: []operator.ReferencePower{
				operator.StatusByReference, operator.StatusByReference, operator.IdempotentByReference,
			}[r.IntN(3)],
			FinalityWindow: simHorizon,
			AbsenceProves:  chance(r, 0.4),
		},
		window:  between(r, 30*time.Second, 3*time.Minute).Round(time.Second),
		refunds: chance(r, 0.5),
		noWay:   chance(r, 0.4),
	}
	unheard := []operator.OnLostResponse{operator.ResendNewReference, operator.ResendNever}
	if p.capability.Reference == operator.IdempotentByReference {
		unheard = []operator.OnLostResponse{operator.ResendNewReference, operator.ResendSameReference}
	}
	p.capability.OnLostResponse = unheard[r.IntN(2)]
	if p.capability.Reference == operator.IdempotentByReference {
		p.capability.ResendWithin = []time.Duration{0, 3 * time.Minute, 2 * time.Hour}[r.IntN(3)]
	}
	if chance(r, 0.35) {
		p.faultyStore, p.dyingStore = 0.04, 0.04
	}
	if chance(r, 0.06) {
		p.unstarted = []time.Duration{20 * time.Second, 2 * time.Minute}[r.IntN(2)]
	}
	return p
}

// widen draws what else happens.
func (p *plan) widen(r *rand.Rand) {
	p.capability.Proof = []operator.CallbackProof{
		operator.ProofNone, operator.ProofToken, operator.ProofSignature,
	}[r.IntN(3)]
	p.cancels = chance(r, 0.15)
	if chance(r, 0.4) {
		p.hanging = 0.08
	}
	p.unattended = chance(r, 0.12)
	p.machines = []machine{{}}
	if chance(r, 0.4) {
		p.temporal = between(r, -skew, skew)
		p.machines = []machine{setBy(r, -skew/2), setBy(r, skew/2)}
	}
}

// deliver draws the revision of the workflows, and how long their first deliveries wait for a worker. None
// begins at the moment of another activity: two at once would draw in any order.
func (p *plan) deliver(r *rand.Rand) {
	p.revision, p.holdBack = lifecycle.CurrentRevision, between(r, 3*time.Second, 20*time.Second)
	if chance(r, 0.15) {
		p.revision = 0
	}
	if chance(r, 0.2) {
		p.holdBack = between(r, time.Minute, 5*time.Minute)
	}
}

// part draws how much of a cash-in is given back; 0 is all of it.
func (s *scenario) part() int64 {
	if chance(s.dice["plan"], 0.5) {
		return 0
	}
	return 1 + s.dice["plan"].Int64N(4999)
}
