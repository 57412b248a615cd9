package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/workflows"
)

// goneWorld is a world in which no workflow is open.
type goneWorld struct{ *world }

// SignalCallback implements activities.Workflows.
func (goneWorld) SignalCallback(context.Context, pirogue.PaymentID, pirogue.PaymentKind) error {
	return pirogue.Errorf(pirogue.NotFound, "no open workflow")
}

// gone returns the activities of a world in which no workflow is open.
func (w *world) gone() *activities.Activities {
	return activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(false), Routes: routes{w.instances(false)},
		Workflows: goneWorld{w},
		Sender:    w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	})
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

// Each row is a payment that has ended, past its operator's finality window. A callback comes only
// then, and the row says the result.
func TestCallbackAfterEnd(t *testing.T) {
	t.Parallel()

	const (
		paid     = pirogue.OutcomePaid
		declined = pirogue.OutcomeDeclined
	)
	pending := []scripted{{outcome: pirogue.OutcomePending}}
	tests := map[string]struct {
		kind   pirogue.PaymentKind
		proof  operator.CallbackProof
		policy pirogue.LatePolicy
		script []scripted // first
		later  []scripted // when the callback has come
		said   pirogue.Outcome
		asks   bool // the workflow is started again
		want   pirogue.Status
		opened []support.Cause
		closed []support.Cause // its money went back
	}{
		"it says paid, which is so, and is accepted": {
			script: pending, later: []scripted{{outcome: paid}}, said: paid, policy: pirogue.LateAccept, asks: true,
			want: "SUCCESS",
		},
		"it says paid, which is so, and goes back": {
			script: pending, later: []scripted{{outcome: paid}}, said: paid, policy: pirogue.LateReturn, asks: true,
			want: "EXPIRED", closed: []support.Cause{support.CauseLateSuccess},
		},
		"it proves paid, the operator knows nothing of it": {
			proof: operator.ProofSignature, script: pending, later: pending, said: paid, asks: true,
			want: "EXPIRED", opened: []support.Cause{support.CauseUnknown},
		},
		"anybody says paid, the operator knows nothing of it": {
			script: pending, later: pending, said: paid, asks: true, want: "EXPIRED",
		},
		"it cannot be understood": {script: pending, later: pending, said: "", asks: true, want: "EXPIRED"},
		"it says what is known":   {script: pending, said: pirogue.OutcomeExpired, want: "EXPIRED"},
		"it says pending":         {script: pending, said: pirogue.OutcomePending, want: "EXPIRED"},
		"it says paid once more":  {script: []scripted{{outcome: paid}}, said: paid, want: "SUCCESS"},
		"a cash-out is proven paid after all": {
			kind: pirogue.CashOut, proof: operator.ProofSignature, script: []scripted{{outcome: declined}},
			later: []scripted{{outcome: paid}}, said: paid, asks: true,
			want: "FAILED", opened: []support.Cause{support.CausePaidAfterAll},
		},
		"a cash-out is proven paid, the operator says declined": {
			kind: pirogue.CashOut, proof: operator.ProofSignature, script: []scripted{{outcome: declined}},
			later: []scripted{{outcome: declined}}, said: paid, asks: true,
			want: "FAILED", opened: []support.Cause{support.CauseUnknown},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.kind == "" {
				tt.kind = pirogue.CashIn
			}
			w := freshDatabase(t).world(t, setting{kind: tt.kind, policy: tt.policy, finalityWindow: finalityWindow})
			w.operator.script, w.operator.proof = tt.script, tt.proof
			w.runAndAudit()
			_, attempt := w.latest()
			callback := operator.NewCallback(
				attempt, operator.OperatorResult{Outcome: tt.said}, []byte("{}"), w.env.Now().Add(3*finalityWindow),
			)
			_, err := w.store.RecordCallback(t.Context(), callback)
			require.NoError(t, err)
			w.operator.script = tt.later
			require.Equal(t, 1, w.sweepLater(4*finalityWindow).Routed)
			require.Zero(t, w.sweepLater(time.Minute).Routed, "each callback leads to one question")
			require.Equal(t, tt.asks, len(w.restarted) == 1)
			if tt.asks {
				w.rebuild()
				w.renew()
				w.register(false)
				w.callBack(0)
				w.env.SetWorkflowRunTimeout(openFor)
				w.runAndAudit()
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
func TestCallbackWithoutTemporal(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{finalityWindow: finalityWindow})
	w.runAndAudit()
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

func TestCallbackOfLostWorkflow(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{})
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
func TestCallbackAfterSettledCase(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomeDeclined}, {from: time.Minute, outcome: pirogue.OutcomePaid},
	}
	w.act(2*finalityWindow, resolve("awa", support.ResolvedPlaced))
	w.act(3*finalityWindow, resolve("moussa", support.ResolvedPlaced))
	w.env.SetWorkflowRunTimeout(openFor)
	require.Equal(t, pirogue.StatusFailed, w.runAndAudit().Status)
	require.NoError(t, w.env.GetWorkflowError())

	w.rebuild()
	w.renew()
	w.register(false)
	w.callBack(0)
	w.env.SetWorkflowRunTimeout(openFor)
	require.Equal(t, pirogue.StatusFailed, w.runAndAudit().Status)
	require.NoError(t, w.env.GetWorkflowError(), "it waits for people, who have nothing to settle")
	open, closed := w.cases(w.payment.ID)
	require.Empty(t, open)
	require.Equal(t, []support.Cause{support.CausePaidAfterAll}, closed)
}
