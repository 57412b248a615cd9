package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
	"pirogue/workflows"
)

func TestRefund(t *testing.T) {
	t.Parallel()

	for name, row := range outRows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(
				t,
				setting{
					kind: pirogue.Refund, part: 2000, power: row.power, proves: row.proves,
					finalityWindow: finalityWindow,
				},
			)
			p := w.play(row)
			parent, _, err := w.store.Latest(t.Context(), w.parent.ID)
			require.NoError(t, err)
			require.Equal(t, pirogue.StatusSuccess, parent.Status, "a part is given back, not all")
			switch p.Status {
			case pirogue.StatusSuccess:
				w.requireBalance(funds-2000+30, 0) // two fifths of the fee of 75
				require.Equal(t, []int64{2000, 0}, []int64{parent.Refunded, parent.RefundHeld})
			case pirogue.StatusFailed:
				w.requireBalance(funds, 0)
				require.Equal(t, []int64{0, 0}, []int64{parent.Refunded, parent.RefundHeld})
			default:
				w.requireBalance(funds-2000, 2000)
				require.Equal(t, []int64{0, 2000}, []int64{parent.Refunded, parent.RefundHeld})
			}
		})
	}
}

func TestRefundReversesCashIn(t *testing.T) {
	t.Parallel()

	// Each row is whether the operator has a refund call of its own.
	for name, refunds := range map[string]bool{"by the refund call": true, "by paying out": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{kind: pirogue.Refund, refunds: refunds})
			w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
			p := w.runAndAudit()
			require.Equal(t, pirogue.StatusSuccess, p.Status)
			require.Equal(t, refunds, w.operator.reversals == 1)

			parent, _, err := w.store.Latest(t.Context(), w.parent.ID)
			require.NoError(t, err)
			require.Equal(t, pirogue.StatusReversed, parent.Status)
			require.Equal(t, []int64{5000, 0}, []int64{parent.Refunded, parent.RefundHeld})
			w.requireBalance(funds-4925, 0)
			told := []pirogue.EventID{webhook.NewEventID(p.ID, 1), webhook.NewEventID(parent.ID, 2)}
			require.ElementsMatch(t, told, w.endpoint.events)
		})
	}
}

func TestLateMoneyReturned(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateReturn})
	w.returns = true
	w.operator.script = []scripted{{from: 6 * time.Minute, outcome: pirogue.OutcomePaid}}
	w.env.SetWorkflowRunTimeout(time.Hour)
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	open, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseLateSuccess}, open, "it is not back yet")
	require.Len(t, w.launched, 1)

	cashIn := w.payment.ID
	back := w.follow(w.launched[0])
	require.Equal(t, pirogue.StatusSuccess, back.Status)
	require.Equal(t, int64(5000), back.Amount.Minor)
	require.True(t, back.Late)
	open, closed := w.cases(cashIn)
	require.Empty(t, open)
	require.Equal(t, []support.Cause{support.CauseLateSuccess}, closed)
}

// What the operator gives back by its own call is not held against the limits of payouts.
func TestLateMoneyBelowPayoutMinimum(t *testing.T) {
	t.Parallel()

	for name, row := range map[string]struct {
		refunds bool
		back    int
	}{"by its refund call": {true, 1}, "only by a payout": {false, 0}} {
		w := newWorldOf(t, setting{policy: pirogue.LateReturn, refunds: row.refunds})
		w.operator.payouts = operator.Limits{Min: 5001}
		w.operator.script = []scripted{{from: 6 * time.Minute, outcome: pirogue.OutcomePaid}}
		if row.back == 0 {
			w.env.SetWorkflowRunTimeout(openFor)
		}
		require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status, name)
		require.Len(t, w.launched, row.back, name)
		open, closed := w.cases(w.payment.ID)
		require.Len(t, closed, row.back, name)
		require.Len(t, open, 1-row.back, name)
	}
}

// follow runs the workflow of a payment that another one started.
func (w *world) follow(p pirogue.Payment) pirogue.Payment {
	w.t.Helper()
	w.renew()
	w.register(false)
	w.payment, w.input = p, lifecycle.NewPaymentInput(p, []operator.Instance{w.instances(false)[instance]})
	w.operator.began = w.env.Now().Add(-openFor)
	w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
	return w.runAndAudit()
}

func TestReturnOnce(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateReturn})
	w.returns = true
	w.operator.script = []scripted{{from: 6 * time.Minute, outcome: pirogue.OutcomePaid}}
	w.env.SetWorkflowRunTimeout(time.Hour)
	w.runAndAudit()
	cashIn, input := w.payment, w.input

	// The history is lost after the money was sent back, and its workflow run again.
	w.follow(w.launched[0])
	w.renew()
	w.register(false)
	w.payment, w.input = cashIn, input
	w.env.ExecuteWorkflow(workflows.CashIn, w.input)
	require.NoError(t, w.env.GetWorkflowError())
	require.Len(t, w.launched, 1)
}
