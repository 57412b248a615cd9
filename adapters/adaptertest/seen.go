package adaptertest

import (
	"slices"
	"strings"

	"pirogue"
)

// Seen is what an operator was seen to do with one call, and so the most that workflows
// may build on.
type Seen struct {
	Password    bool // the customer's one-time password goes with it
	Call        Call
	Asked       bool   // there is a status call
	Told        bool   // its end is told by a callback
	SameOnce    bool   // repeated under its reference, it is executed once
	Answer      string // to the repetition: an outcome or the class of an error
	RenewedOnce bool   // one whose answer was lost and one under another reference are executed once
	ByReference bool   // the status can be asked though the answer was lost
	Absent      bool   // what was never executed is called absent
	Lies        bool   // what was executed was called absent or failed
	Proof       pirogue.CallbackProof
}

// String is the record as one line.
func (s *Seen) String() string {
	said := []string{
		either(s.SameOnce, "same reference: executed once", "same reference: executed twice") + ", " + s.Answer,
		either(s.RenewedOnce, "other reference: executed once", "other reference: executed twice"),
	}
	switch {
	case !s.Asked:
		said = append(said, "cannot be asked")
	case s.ByReference:
		said = append(said, "found by reference")
	default:
		said = append(said, "not found once its answer is lost")
	}
	if s.Asked {
		said = append(said, either(s.Absent, "absence said", "absence never said"))
	}
	said = append(said, either(s.Told, "callbacks proven by "+string(s.Proof), "no callback"))
	return string(s.Call) + ": " + strings.Join(said, "; ")
}

func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// proofs is the proofs of callbacks from the weakest.
var proofs = []pirogue.CallbackProof{pirogue.ProofNone, pirogue.ProofToken, pirogue.ProofSignature}

// broken returns what a capability promises and nobody saw. absence is what the
// configuration promises in addition.
func (s *Seen) broken(c pirogue.Capability, absence bool) []string {
	var broken []string
	for _, one := range []struct {
		promise string
		isMade  bool
		isSeen  bool
	}{
		{"a repeated reference is executed once", s.mayRepeat(c), s.SameOnce},
		{
			"a repeated reference gets an answer", c.Reference == pirogue.IdempotentByReference,
			taken[pirogue.Outcome(s.Answer)],
		},
		{"a lost one cannot be paid", s.Call == Collect && c.Unheard == pirogue.RepeatRenewed, s.RenewedOnce},
		{"its reference finds it", c.Reference != pirogue.NeitherByReference, s.ByReference},
		{"what is absent was never executed", absence || c.AbsenceProves, !s.Lies && (s.Absent || s.Call == Collect)},
		{
			"its callbacks are proven by a " + string(c.Proof), s.Told && c.Proof != pirogue.ProofNone,
			slices.Index(proofs, c.Proof) <= slices.Index(proofs, s.Proof),
		},
	} {
		if one.isMade && !one.isSeen {
			broken = append(broken, one.promise)
		}
	}
	return broken
}

// mayRepeat reports whether a capability lets a workflow send the call twice under one
// reference. A one-time password is good for one; see pirogue.Leg.AfterLoss.
func (s *Seen) mayRepeat(c pirogue.Capability) bool {
	asksAgain := s.Call == Collect && !s.Password && c.Unheard == pirogue.RepeatSame
	return c.Reference == pirogue.IdempotentByReference || asksAgain
}
