package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// called is a callback of the operator about the first attempt after a while, kept as the API
// keeps it. The workflow is told of it.
func (w *world) called(after time.Duration, said operator.OperatorResult) {
	w.env.RegisterDelayedCallback(func() {
		_, attempt := w.latest()
		_, err := w.store.RecordCallback(w.t.Context(),
			operator.NewCallback(attempt, said, []byte(said.Message), w.env.Now()))
		require.NoError(w.t, err)
	}, after)
	w.callBack(after + time.Millisecond)
}

// The case of a lost workflow keeps its evidence, and people settle it as before.
func TestCashInUnconfirmedResumed(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateAccept, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{err: pirogue.Errorf(operator.Unknown, "REQUALIFIED is in no document")}}
	w.loseAfter(3 * finalityWindow)
	opened, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseUnknown}, opened)
	w.rebuild()
	w.act(time.Minute, resolve("awa", "paid"))
	w.act(2*time.Minute, resolve("binta", "paid"))
	p := w.runAndAudit()
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, pirogue.StatusSuccess, p.Status)
	require.False(t, p.FinishedAt.IsZero(), "nothing is left to do")
	all, err := w.store.Cases(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Contains(t, all[0].Note, "REQUALIFIED")
	require.False(t, all[0].ClosedAt.IsZero())
}

// Each row is a cash-in of which the operator does not say the result, and what people make of
// it. The finality window is a day. The operator is asked for an hour more.
func TestCashInUnconfirmed(t *testing.T) {
	t.Parallel()

	const (
		past    = 25*time.Hour + 10*time.Minute
		unknown = support.CauseUnknown
	)
	paid := operator.OperatorResult{Outcome: pirogue.OutcomePaid, Message: "SUCCESS"}
	silent := []scripted{{err: pirogue.Errorf(operator.Unknown, "REQUALIFIED is in no document")}}
	tests := map[string]struct {
		script   []scripted
		proof    operator.CallbackProof
		noStatus bool
		calls    []time.Duration // when a callback says paid
		people   []support.SupportAction
		policy   pirogue.LatePolicy
		want     pirogue.Status
		failure  pirogue.FailureCode
		opened   []support.Cause
		closed   []support.Cause
		refunds  int
	}{
		"nobody says anything": {
			script: silent, want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"two people say paid, and it is accepted": {
			script: silent, people: []support.SupportAction{resolve("awa", "paid"), resolve("binta", "paid")},
			policy: pirogue.LateAccept, want: "SUCCESS", closed: []support.Cause{unknown},
		},
		"two people say paid, and it is returned": {
			script: silent, people: []support.SupportAction{resolve("awa", "paid"), resolve("binta", "paid")},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed,
			closed: []support.Cause{unknown, support.CauseLateSuccess}, refunds: 1,
		},
		"two people say unpaid": {
			script: silent, people: []support.SupportAction{resolve("awa", "unpaid"), resolve("binta", "unpaid")},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, closed: []support.Cause{unknown},
		},
		"two people disagree": {
			script: silent, people: []support.SupportAction{resolve("awa", "unpaid"), resolve("binta", "paid")},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"one person says it twice": {
			script: silent, people: []support.SupportAction{resolve("awa", "paid"), resolve("awa", "paid")},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"support tries everything else": {
			script: silent, people: []support.SupportAction{recheck(), redrive(), resolve("awa", "return")},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"a recheck finds it paid": {
			script: append(silent, scripted{from: past, outcome: pirogue.OutcomePaid}),
			people: []support.SupportAction{recheck()},
			policy: pirogue.LateAccept, want: "SUCCESS", closed: []support.Cause{unknown},
		},
		"a proven callback says paid, the operator knows nothing of it": {
			proof: operator.ProofSignature, calls: []time.Duration{2 * time.Minute},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"a proven callback says paid, the operator says declined": {
			script: []scripted{{from: 3 * time.Minute, outcome: pirogue.OutcomeDeclined}},
			proof:  operator.ProofSignature, calls: []time.Duration{2 * time.Minute},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
		"a proven callback says paid while it is watched": {
			script: []scripted{{from: 3 * time.Minute, outcome: pirogue.OutcomeDeclined}},
			proof:  operator.ProofSignature, calls: []time.Duration{2 * time.Hour},
			want: "FAILED", failure: pirogue.FailedDeclined, opened: []support.Cause{unknown},
		},
		"anybody's callback says paid": {
			calls: []time.Duration{2 * time.Minute}, want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
		"it cannot be asked, and calls back nothing": {
			noStatus: true, want: "EXPIRED", failure: pirogue.FailedUnconfirmed, opened: []support.Cause{unknown},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.policy == "" {
				tt.policy = pirogue.LateReturn
			}
			w := newWorldOf(t, setting{policy: tt.policy, noStatus: tt.noStatus})
			w.operator.script, w.operator.proof = tt.script, tt.proof
			for _, after := range tt.calls {
				w.called(after, paid)
			}
			for i, r := range tt.people {
				w.act(past+time.Duration(i)*time.Second, r)
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.failure, p.Failure.Code)
			opened, closed := w.cases(p.ID)
			require.Equal(t, tt.opened, opened)
			require.Equal(t, tt.closed, closed)
			require.Len(t, w.launched, tt.refunds)
			require.Len(t, w.operator.refs, 1, "nothing is collected twice")
			w.requireResults()
		})
	}
}
