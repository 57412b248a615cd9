package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/support"
)

// An operator left the configuration after a payment had gone on to the next one: the payment goes
// on there, and people look the earlier attempt up.
func TestEarlierOperatorLeft(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		kind pirogue.PaymentKind
		left time.Duration
	}{
		"cash-out, while it is open":        {kind: pirogue.CashOut, left: 2 * time.Minute},
		"cash-in, before the next sending":  {kind: pirogue.CashIn},
		"cash-out, before the next sending": {kind: pirogue.CashOut, left: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{kind: tt.kind, next: true, horizon: horizon})
			w.operator.answers, w.operator.tokenless = []error{unable}, true
			w.operator.scenes = []scene{{outcome: pirogue.OutcomeDeclined}}
			w.next.scenes = []scene{
				{outcome: pirogue.OutcomePending}, {from: 4 * time.Minute, outcome: pirogue.OutcomePaid},
			}
			all := w.instances(false)
			w.renew()
			w.next.now = w.env.Now
			w.env.RegisterActivity(&activities.Activities{
				Store: w.store, Operators: all, Routes: routes{all}, Workflows: w,
				Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
			})
			leave := func() { delete(all, instance) }
			if tt.left == 0 {
				w.operator.during = leave
			} else {
				w.env.RegisterDelayedCallback(leave, tt.left)
			}
			w.ring(150 * time.Second)
			w.remedy(2*horizon, resolve("awa", support.ResolvedPlaced))
			w.remedy(3*horizon, resolve("moussa", support.ResolvedPlaced))
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.tell()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, pirogue.StatusSuccess, p.Status)
			require.Equal(t, another, p.Operator)
			open, closed := w.cases(p.ID)
			require.Empty(t, open)
			require.Equal(t, []support.Cause{support.CauseEarlierUnknown}, closed)
			require.False(t, p.FinishedAt.IsZero())
		})
	}
}

// Nobody serves the operator of an earlier attempt past its horizon: people look it up.
func TestEarlierOperatorLeft_while_watched(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true, horizon: horizon})
	w.operator.answers = []error{unable}
	w.operator.scenes = []scene{{outcome: pirogue.OutcomeDeclined}}
	r := w.rig(nil, nil)
	w.next.now, w.next.scenes = w.env.Now, settledAtOnce
	w.leave(r, 10*time.Minute)
	w.env.SetWorkflowRunTimeout(openFor)
	p := w.run()
	require.Equal(t, pirogue.StatusSuccess, p.Status)
	open, _ := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseEarlierUnknown}, open)
	require.True(t, p.FinishedAt.IsZero())
}
