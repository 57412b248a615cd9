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
// What the operator's status does not confirm at once is watched to the finality window, and is a case then.
func TestCallbackClaim(t *testing.T) {
	t.Parallel()

	const paid = pirogue.OutcomePaid
	second, unknownCase := support.CauseSecondPayment, support.CauseUnknown
	for name, tt := range map[string]struct {
		tx         string
		later      []scripted
		resolution support.Resolution // by two people past the finality window; "" for none
		closed     []support.Cause
		booked     int64
		open       bool
	}{
		"the same one": {tx: "MP1", later: []scripted{{outcome: paid}}, booked: 5000},
		"status away at first": {
			tx: "MP2", later: []scripted{{err: unknown}, {from: 10 * time.Minute, outcome: paid, extra: 5000}},
			closed: []support.Cause{second}, booked: 10_000,
		},
		"status behind": {
			tx: "MP2", later: []scripted{{outcome: paid}, {from: 10 * time.Minute, outcome: paid, extra: 5000}},
			closed: []support.Cause{second}, booked: 10_000,
		},
		"status never confirms": {tx: "MP2", later: []scripted{{outcome: paid}}, booked: 5000, open: true},
		"people find it": {
			tx: "MP2", later: []scripted{{outcome: paid}}, resolution: support.ResolvedPaid,
			closed: []support.Cause{unknownCase, second}, booked: 10_000,
		},
		"people find nothing": {
			tx: "MP2", later: []scripted{{outcome: paid}}, resolution: support.ResolvedUnpaid,
			closed: []support.Cause{unknownCase}, booked: 5000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{policy: pirogue.LateReturn, finalityWindow: finalityWindow})
			w.operator.proof, w.operator.script = operator.ProofSignature, paidAtOnce
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			w.calledOf(tt.tx)
			w.operator.script, w.operator.began = tt.later, w.env.Now()
			w.askAgain()
			if tt.resolution != "" {
				w.act(4*finalityWindow, resolve("awa", tt.resolution))
				w.act(5*finalityWindow, resolve("moussa", tt.resolution))
			}
			p := w.runAndAudit()
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
	w.callBack(0)
	w.env.SetWorkflowRunTimeout(openFor)
}

// Money of a payment that was given back can arrive a second time.
func TestCallbackAfterReversal(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.script = paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	refund, attempt := w.write(pirogue.Payment{
		Kind: pirogue.Refund, OrderID: "refund_1", ParentID: w.payment.ID, Amount: xof(5000), Fee: xof(0),
	})
	w.sent(attempt)
	_, err := w.store.Finalize(t.Context(), lifecycle.Finalization{
		PaymentID: refund.ID, Status: pirogue.StatusSuccess, At: w.env.Now(),
	})
	require.NoError(t, err)
	w.operator.script, w.operator.began = []scripted{{outcome: pirogue.OutcomePaid, extra: 5000}}, w.env.Now()
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
func TestCallbackClaimWithoutStatusCall(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{noStatus: true, policy: pirogue.LateReturn})
	w.env.RegisterDelayedCallback(func() { w.calledOf("A") }, time.Minute)
	w.callBack(time.Minute)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	w.calledOf("B")
	w.askAgain()
	p := w.runAndAudit()
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, "A", p.ProviderTxID)
	_, closed := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseSecondPayment}, closed)
	_, attempt := w.latest()
	in, _ := w.moved()
	require.Equal(t, int64(10_000), in[string(attempt.Ref)])
}
