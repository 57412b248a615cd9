package adaptertest

import (
	"slices"
	"strings"

	"pirogue"
	"pirogue/operator"
)

// Observed records how an operator treated one call. A capability may promise no more than
// that, because workflows act on its promises.
type Observed struct {
	Password    bool // the customer's one-time password is sent with it
	Call        Call
	Asked       bool   // the operator has a status call
	Told        bool   // a callback reports its result
	SameOnce    bool   // sent twice under one reference, it is executed once
	Answer      string // to the second submission: an outcome or an error code
	RenewedOnce bool   // lost, then sent under another reference, it is executed once
	ByReference bool   // the status is readable although the response was lost
	Absent      bool   // an attempt that was never executed is reported as absent
	Lies        bool   // an executed attempt was reported as absent or failed
	Proof       operator.CallbackProof
}

// String returns the record as one line.
func (s *Observed) String() string {
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

// either returns yes if holds is true, and no otherwise.
func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// proofs lists the proofs of callbacks, the weakest first.
var proofs = []operator.CallbackProof{operator.ProofNone, operator.ProofToken, operator.ProofSignature}

// broken returns the promises of a capability that the test did not observe. absence is the
// promise that the configuration adds.
func (s *Observed) broken(c operator.Capability, absence bool) []string {
	var broken []string
	for _, one := range []struct {
		promise string
		isMade  bool
		isSeen  bool
	}{
		{"a repeated reference is executed once", s.mayRepeat(c), s.SameOnce},
		{
			"a repeated reference gets an answer", c.Reference == operator.IdempotentByReference,
			taken[pirogue.Outcome(s.Answer)],
		},
		{"a lost one cannot be paid", s.Call == Collect && c.OnLostResponse == operator.ResendNewReference, s.RenewedOnce},
		{"its reference finds it", c.Reference != operator.NeitherByReference, s.ByReference},
		{"what is absent was never executed", absence || c.AbsenceProves, !s.Lies && (s.Absent || s.Call == Collect)},
		{
			"its callbacks are proven by a " + string(c.Proof), s.Told && c.Proof != operator.ProofNone,
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
// reference. A one-time password serves one submission; see pirogue.Leg.AfterLostResponse.
func (s *Observed) mayRepeat(c operator.Capability) bool {
	asksAgain := s.Call == Collect && !s.Password && c.OnLostResponse == operator.ResendSameReference
	return c.Reference == operator.IdempotentByReference || asksAgain
}
