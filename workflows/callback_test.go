package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/workflows"
)

// goneWorld is a world in which no workflow is open.
type goneWorld struct{ *world }

// Heard implements activities.Workflows.
func (goneWorld) SignalCallback(context.Context, pirogue.PaymentID, pirogue.PaymentKind) error {
	return pirogue.Errorf(pirogue.NotFound, "no open workflow")
}

// gone returns the activities of a world in which no workflow is open.
func (w *world) gone() *activities.Activities {
	return &activities.Activities{
		Store: w.store, Operators: w.instances(false), Routes: routes{w.instances(false)}, Workflows: goneWorld{w},
		Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	}
}

// sweepLater runs a sweep some time after the payment's workflow has ended.
func (w *world) sweepLater(after time.Duration) activities.Swept {
	w.t.Helper()
	w.renew()
	w.env.SetStartTime(w.env.Now().Add(after))
	w.env.RegisterActivity(w.gone())
	w.env.ExecuteWorkflow(workflows.Sweep)
	require.NoError(w.t, w.env.GetWorkflowError())
	var swept activities.Swept
	require.NoError(w.t, w.env.GetWorkflowResult(&swept))
	return swept
}

// Each row is a payment that has ended, past its operator's horizon, a callback that comes
// only then, and what becomes of it.
func TestCallbackAfterTheEnd(t *testing.T) {
	t.Parallel()

	const (
		paid     = pirogue.OutcomePaid
		declined = pirogue.OutcomeDeclined
	)
	pending := []scene{{outcome: pirogue.OutcomePending}}
	tests := map[string]struct {
		kind   pirogue.PaymentKind
		proof  operator.CallbackProof
		policy pirogue.LatePolicy
		scenes []scene // first
		later  []scene // when the callback has come
		said   pirogue.Outcome
		asks   bool // the workflow is started again
		want   pirogue.Status
		opened []support.Cause
		closed []support.Cause // its money went back
	}{
		"it says paid, which is so, and is accepted": {
			scenes: pending, later: []scene{{outcome: paid}}, said: paid, policy: pirogue.LateAccept, asks: true,
			want: "SUCCESS",
		},
		"it says paid, which is so, and goes back": {
			scenes: pending, later: []scene{{outcome: paid}}, said: paid, policy: pirogue.LateReturn, asks: true,
			want: "EXPIRED", closed: []support.Cause{support.CauseLateSuccess},
		},
		"it proves paid, the operator knows nothing of it": {
			proof: operator.ProofSignature, scenes: pending, later: pending, said: paid, asks: true,
			want: "EXPIRED", opened: []support.Cause{support.CauseUnknown},
		},
		"anybody says paid, the operator knows nothing of it": {
			scenes: pending, later: pending, said: paid, asks: true, want: "EXPIRED",
		},
		"it cannot be understood": {scenes: pending, later: pending, said: "", asks: true, want: "EXPIRED"},
		"it says what is known":   {scenes: pending, said: pirogue.OutcomeExpired, want: "EXPIRED"},
		"it says pending":         {scenes: pending, said: pirogue.OutcomePending, want: "EXPIRED"},
		"it says paid once more":  {scenes: []scene{{outcome: paid}}, said: paid, want: "SUCCESS"},
		"a cash-out is proven paid after all": {
			kind: pirogue.CashOut, proof: operator.ProofSignature, scenes: []scene{{outcome: declined}},
			later: []scene{{outcome: paid}}, said: paid, asks: true,
			want: "FAILED", opened: []support.Cause{support.CausePaidAfterAll},
		},
		"a cash-out is proven paid, the operator says declined": {
			kind: pirogue.CashOut, proof: operator.ProofSignature, scenes: []scene{{outcome: declined}},
			later: []scene{{outcome: declined}}, said: paid, asks: true,
			want: "FAILED", opened: []support.Cause{support.CauseUnknown},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.kind == "" {
				tt.kind = pirogue.CashIn
			}
			w := freshBooks(t).world(t, setting{kind: tt.kind, policy: tt.policy, horizon: horizon})
			w.operator.scenes, w.operator.proof = tt.scenes, tt.proof
			w.tell()
			_, attempt := w.latest()
			callback := operator.NewCallback(
				attempt, operator.OperatorResult{Outcome: tt.said}, []byte("{}"), w.env.Now().Add(3*horizon),
			)
			_, err := w.store.RecordCallback(t.Context(), callback)
			require.NoError(t, err)
			w.operator.scenes = tt.later
			require.Equal(t, 1, w.sweepLater(4*horizon).Routed)
			require.Zero(t, w.sweepLater(time.Minute).Routed, "each callback leads to one question")
			require.Equal(t, tt.asks, len(w.restarted) == 1)
			if tt.asks {
				w.rebuild()
				w.renew()
				w.register(false)
				w.ring(0)
				w.env.SetWorkflowRunTimeout(openFor)
				w.tell()
			}
			p, _ := w.latest()
			require.Equal(t, tt.want, p.Status)
			opened, closed := w.cases(p.ID)
			require.Equal(t, tt.opened, opened)
			require.Equal(t, tt.closed, closed)
			require.Equal(
				t, len(tt.opened) > 0, p.FinishedAt.IsZero(), "an open case keeps its workflow, and nothing else does",
			)
		})
	}
}

// A sweep that dies before it has started the workflow leaves enough behind for the next one.
func TestCallbackAfterTheEndWaitsForTemporal(t *testing.T) {
	t.Parallel()

	w := freshBooks(t).world(t, setting{horizon: horizon})
	w.tell()
	_, attempt := w.latest()
	callback := operator.NewCallback(
		attempt, operator.OperatorResult{Outcome: pirogue.OutcomePaid}, []byte("{}"), w.env.Now(),
	)
	_, err := w.store.RecordCallback(t.Context(), callback)
	require.NoError(t, err)
	w.broken = map[pirogue.PaymentID]error{w.payment.ID: pirogue.Errorf(pirogue.ServiceUnavailable, "away")}
	w.renew()
	w.env.SetStartTime(w.env.Now().Add(time.Minute))
	_, err = w.gone().Sweep(t.Context())
	require.Error(t, err)
	p, _ := w.latest()
	require.True(t, p.FinishedAt.IsZero(), "the sweep for lost workflows finds it")
	unrouted, err := w.store.Unrouted(t.Context(), operator.Callback{}, w.env.Now(), 10)
	require.NoError(t, err)
	require.Len(t, unrouted, 1)

	w.broken = nil
	require.Equal(t, 1, w.sweepLater(time.Minute).Routed)
	require.Len(t, w.restarted, 1)
}

func TestCallbackOfALostWorkflow(t *testing.T) {
	t.Parallel()

	w := freshBooks(t).world(t, setting{})
	w.loseAfter(time.Minute)
	_, attempt := w.latest()
	callback := operator.NewCallback(
		attempt, operator.OperatorResult{Outcome: pirogue.OutcomePaid}, []byte("{}"), w.env.Now(),
	)
	_, err := w.store.RecordCallback(t.Context(), callback)
	require.NoError(t, err)
	require.Zero(t, w.sweepLater(30*time.Second).Routed, "it waits for the workflow")
	unrouted, err := w.store.Unrouted(t.Context(), operator.Callback{}, w.env.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, unrouted, 1)
}

// A callback that tells once more of money that two people have placed asks nobody anything.
func TestACallbackAboutWhatPeopleHaveSettledEnds(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{
		{outcome: pirogue.OutcomeDeclined}, {from: time.Minute, outcome: pirogue.OutcomePaid},
	}
	w.remedy(2*horizon, resolve("awa", support.ResolvedPlaced))
	w.remedy(3*horizon, resolve("moussa", support.ResolvedPlaced))
	w.env.SetWorkflowRunTimeout(openFor)
	require.Equal(t, pirogue.StatusFailed, w.tell().Status)
	require.NoError(t, w.env.GetWorkflowError())

	w.rebuild()
	w.renew()
	w.register(false)
	w.ring(0)
	w.env.SetWorkflowRunTimeout(openFor)
	require.Equal(t, pirogue.StatusFailed, w.tell().Status)
	require.NoError(t, w.env.GetWorkflowError(), "it waits for people, who have nothing to settle")
	open, closed := w.cases(w.payment.ID)
	require.Empty(t, open)
	require.Equal(t, []support.Cause{support.CausePaidAfterAll}, closed)
}
