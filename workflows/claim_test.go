package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// calledOf records a proven callback of a transaction about the payment's latest attempt.
func (w *world) calledOf(tx string) {
	w.t.Helper()
	_, attempt := w.latest()
	c := operator.NewCallback(attempt, operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, Amount: xof(5000), ProviderTxID: tx,
	}, []byte(tx), w.env.Now())
	_, err := w.store.RecordCallback(w.t.Context(), c)
	require.NoError(w.t, err)
}

// A payment has succeeded by one transaction of its operator's, and a proven callback names another.
// What the operator's status does not confirm at once is watched to the horizon, and is a case then.
func TestCallbackOfAnotherTransaction(t *testing.T) {
	t.Parallel()

	const paid = pirogue.OutcomePaid
	second, unknownCase := support.CauseSecondPayment, support.CauseUnknown
	for name, tt := range map[string]struct {
		tx         string
		later      []scene
		resolution support.Resolution // by two people past the horizon; "" for none
		closed     []support.Cause
		booked     int64
		open       bool
	}{
		"the same one": {tx: "MP1", later: []scene{{outcome: paid}}, booked: 5000},
		"status away at first": {
			tx: "MP2", later: []scene{{err: unknown}, {from: 10 * time.Minute, outcome: paid, extra: 5000}},
			closed: []support.Cause{second}, booked: 10_000,
		},
		"status behind": {
			tx: "MP2", later: []scene{{outcome: paid}, {from: 10 * time.Minute, outcome: paid, extra: 5000}},
			closed: []support.Cause{second}, booked: 10_000,
		},
		"status never confirms": {tx: "MP2", later: []scene{{outcome: paid}}, booked: 5000, open: true},
		"people find it": {
			tx: "MP2", later: []scene{{outcome: paid}}, resolution: support.ResolvedPaid,
			closed: []support.Cause{unknownCase, second}, booked: 10_000,
		},
		"people find nothing": {
			tx: "MP2", later: []scene{{outcome: paid}}, resolution: support.ResolvedUnpaid,
			closed: []support.Cause{unknownCase}, booked: 5000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{policy: pirogue.LateReturn, horizon: horizon})
			w.operator.proof, w.operator.scenes = operator.ProofSignature, settledAtOnce
			require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
			w.calledOf(tt.tx)
			w.operator.scenes, w.operator.began = tt.later, w.env.Now()
			w.askAgain()
			if tt.resolution != "" {
				w.remedy(4*horizon, resolve("awa", tt.resolution))
				w.remedy(5*horizon, resolve("moussa", tt.resolution))
			}
			p := w.tell()
			require.Equal(t, pirogue.StatusSuccess, p.Status)
			open, closed := w.cases(p.ID)
			require.Equal(t, tt.open, len(open) == 1)
			require.Equal(t, tt.open, p.FinishedAt.IsZero())
			require.ElementsMatch(t, tt.closed, closed)
			in, _ := w.moved()
			require.Equal(t, tt.booked, in[string(w.operator.refs[0])])
		})
	}
}

// askAgain makes the workflow start again that a callback after the end starts.
func (w *world) askAgain() {
	w.t.Helper()
	require.NoError(w.t, w.store.Reopen(w.t.Context(), w.payment.ID, w.env.Now()))
	w.rebuild()
	w.renew()
	w.register(false)
	w.ring(0)
	w.env.SetWorkflowRunTimeout(openFor)
}

// Money of a payment that was given back can arrive a second time.
func TestCallbackAfterAReversal(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.scenes = settledAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
	refund, attempt := w.write(pirogue.Payment{
		Kind: pirogue.Refund, OrderID: "refund_1", ParentID: w.payment.ID, Amount: xof(5000), Fee: xof(0),
	})
	w.sent(attempt)
	_, err := w.store.Finalize(t.Context(), lifecycle.Finalization{
		PaymentID: refund.ID, Status: pirogue.StatusSuccess, At: w.env.Now(),
	})
	require.NoError(t, err)
	w.operator.scenes, w.operator.began = []scene{{outcome: pirogue.OutcomePaid, extra: 5000}}, w.env.Now()
	require.NoError(t, w.store.Reopen(t.Context(), w.payment.ID, w.env.Now()))
	p := w.goOn() // the workflow that the callback had started was lost
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, pirogue.StatusReversed, p.Status)
	_, closed := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseSecondPayment}, closed)
	in, _ := w.moved()
	require.Equal(t, int64(10_000), in[string(w.operator.refs[0])])
}

// An operator that cannot be asked calls back about two transactions of one order.
func TestCallbackOfAnotherTransaction_operator_without_status(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{deaf: true, policy: pirogue.LateReturn})
	w.env.RegisterDelayedCallback(func() { w.calledOf("A") }, time.Minute)
	w.ring(time.Minute)
	require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
	w.calledOf("B")
	w.askAgain()
	p := w.tell()
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, "A", p.ProviderTxID)
	_, closed := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseSecondPayment}, closed)
	_, attempt := w.latest()
	in, _ := w.moved()
	require.Equal(t, int64(10_000), in[string(attempt.Ref)])
}
