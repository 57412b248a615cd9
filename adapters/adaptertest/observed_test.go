package adaptertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	good := observed{
		hasStatus: true, hasCallback: true, sameOnce: true, renewedOnce: true, byReference: true, absent: true,
		secondResult: string(pirogue.OutcomePending), proof: operator.ProofSignature,
	}
	all := operator.Capability{
		Reference: operator.IdempotentByReference, OnLostResponse: operator.ResendSameReference, AbsenceProves: true,
		Proof: operator.ProofSignature,
	}
	renewed := all
	renewed.OnLostResponse, renewed.Reference = operator.ResendNewReference, operator.StatusByReference
	nothing := operator.Capability{
		Reference: operator.NeitherByReference, OnLostResponse: operator.ResendNever, Proof: operator.ProofNone,
	}
	const answered = "a repeated reference gets a result"
	const once, lost, found, absent, proven = "a repeated reference is executed once", "a lost one cannot be paid",
		"its reference finds it", "what is absent was never executed", "its callbacks are proven by a signature"
	tests := map[string]struct {
		call    Call
		change  func(*observed)
		promise operator.Capability
		absence bool
		want    []string
	}{
		"everything seen": {Disburse, func(*observed) {}, all, true, nil},
		"nothing promised, nothing seen": {
			Disburse, func(s *observed) { *s = observed{hasCallback: true} }, nothing, false, nil,
		},
		"a payout executed twice":     {Disburse, func(s *observed) { s.sameOnce = false }, all, false, []string{once}},
		"a collection executed twice": {Collect, func(s *observed) { s.sameOnce = false }, all, false, []string{once}},
		"a conflict instead of the answer": {
			Disburse, func(s *observed) { s.secondResult = "UNKNOWN" }, all, false, []string{answered},
		},
		"a conflict, of a collection":      {Collect, func(s *observed) { s.secondResult = "UNKNOWN" }, renewed, false, nil},
		"twice, where nothing is repeated": {Disburse, func(s *observed) { s.sameOnce = false }, renewed, false, nil},
		"a lost collection that is paid": {
			Collect, func(s *observed) { s.renewedOnce = false }, renewed, false, []string{lost},
		},
		"a lost payout that is paid": {Disburse, func(s *observed) { s.renewedOnce = false }, renewed, false, nil},
		"not to be found": {
			Collect, func(s *observed) { s.byReference = false }, renewed, false, []string{found},
		},
		"called absent though executed": {
			Collect, func(s *observed) { s.falseResult = true }, all, false, []string{absent},
		},
		"never called absent": {
			Disburse, func(s *observed) { s.absent = false }, all, false, []string{absent},
		},
		"a collection never called absent": {Collect, func(s *observed) { s.absent = false }, all, false, nil},
		"absence promised by a configuration": {
			Refund, func(s *observed) { s.absent = false }, nothing, true, []string{absent},
		},
		"callbacks with a token": {
			Collect, func(s *observed) { s.proof = operator.ProofToken }, all, false, []string{proven},
		},
		"callbacks that were never heard": {
			Collect, func(s *observed) { s.hasCallback, s.proof = false, "" }, all, false, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := good
			tt.change(&seen)
			seen.call = tt.call
			got := seen.broken(tt.promise, tt.absence)
			require.Equal(t, tt.want, got)
		})
	}
}
