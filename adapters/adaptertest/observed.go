package adaptertest

import (
	"slices"
	"strings"

	"pirogue"
	"pirogue/operator"
)

// observed records how an operator treated one call. A capability may promise no more than
// that, because workflows act on its promises.
type observed struct {
	withOTP      bool // the customer's one-time password is sent with it
	call         Call
	hasStatus    bool   // the operator has a status call
	hasCallback  bool   // a callback reports its result
	sameOnce     bool   // sent twice under one reference, it is executed once
	secondResult string // to the second submission: an outcome or an error code
	renewedOnce  bool   // lost, then sent under another reference, it is executed once
	byReference  bool   // the status is readable although the response was lost
	absent       bool   // an attempt that was never executed is reported as absent
	falseResult  bool   // an executed attempt was reported as absent or failed
	proof        operator.CallbackProof
}

// String returns the record as one line.
func (s *observed) String() string {
	parts := []string{
		either(s.sameOnce, "same reference: executed once", "same reference: executed twice") + ", " + s.secondResult,
		either(s.renewedOnce, "other reference: executed once", "other reference: executed twice"),
	}
	switch {
	case !s.hasStatus:
		parts = append(parts, "cannot be asked")
	case s.byReference:
		parts = append(parts, "found by reference")
	default:
		parts = append(parts, "not found once its response is lost")
	}
	if s.hasStatus {
		parts = append(parts, either(s.absent, "absence parts", "absence never parts"))
	}
	parts = append(parts, either(s.hasCallback, "callbacks proven by "+string(s.proof), "no callback"))
	return string(s.call) + ": " + strings.Join(parts, "; ")
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
func (s *observed) broken(c operator.Capability, absence bool) []string {
	var broken []string
	for _, one := range []struct {
		promise string
		isMade  bool
		isSeen  bool
	}{
		{"a repeated reference is executed once", s.mayRepeat(c), s.sameOnce},
		{
			"a repeated reference gets a result", c.Reference == operator.IdempotentByReference,
			accepted[pirogue.Outcome(s.secondResult)],
		},
		{"a lost one cannot be paid", s.call == Collect && c.OnLostResponse == operator.ResendNewReference, s.renewedOnce},
		{"its reference finds it", c.Reference != operator.NeitherByReference, s.byReference},
		{"what is absent was never executed", absence || c.AbsenceProves, !s.falseResult && (s.absent || s.call == Collect)},
		{
			"its callbacks are proven by a " + string(c.Proof), s.hasCallback && c.Proof != operator.ProofNone,
			slices.Index(proofs, c.Proof) <= slices.Index(proofs, s.proof),
		},
	} {
		if one.isMade && !one.isSeen {
			broken = append(broken, one.promise)
		}
	}
	return broken
}

// mayRepeat reports whether a capability lets a workflow send the call twice under one
// reference. A one-time password serves one submission; see operator.RouteCandidate.AfterLostResponse.
func (s *observed) mayRepeat(c operator.Capability) bool {
	asksAgain := s.call == Collect && !s.withOTP && c.OnLostResponse == operator.ResendSameReference
	return c.Reference == operator.IdempotentByReference || asksAgain
}
