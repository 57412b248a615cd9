package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/support"
)

// An operator left the configuration after a payment had gone on to the next one: the payment goes
// on there, and people look the earlier attempt up.
func TestEarlierOperatorGone(t *testing.T) {
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

			w := newWorldOf(t, setting{kind: tt.kind, next: true, finalityWindow: finalityWindow})
			w.operator.answers, w.operator.tokenless = []error{unable}, true
			w.operator.script = []scripted{{outcome: pirogue.OutcomeDeclined}}
			w.next.script = []scripted{
				{outcome: pirogue.OutcomePending}, {from: 4 * time.Minute, outcome: pirogue.OutcomePaid},
			}
			all := w.instances(false)
			w.renew()
			w.next.now = w.env.Now
			w.env.RegisterActivity(activities.New(activities.Config{
				Store: activitiestest.Store(w.store), Operators: all, Routes: routes{all}, Workflows: w,
				Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
			}))
			leave := func() { delete(all, instance) }
			if tt.left == 0 {
				w.operator.during = leave
			} else {
				w.env.RegisterDelayedCallback(leave, tt.left)
			}
			w.callBack(150 * time.Second)
			w.act(2*finalityWindow, resolve("awa", support.ResolvedPlaced))
			w.act(3*finalityWindow, resolve("moussa", support.ResolvedPlaced))
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
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

// Nobody serves the operator of an earlier attempt past its finality window: people look it up.
func TestEarlierOperatorGoneWhileWatched(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true, finalityWindow: finalityWindow})
	w.operator.answers = []error{unable}
	w.operator.script = []scripted{{outcome: pirogue.OutcomeDeclined}}
	r := w.rig(nil, nil)
	w.next.now, w.next.script = w.env.Now, paidAtOnce
	w.leave(r, 10*time.Minute)
	w.env.SetWorkflowRunTimeout(openFor)
	p := w.run()
	require.Equal(t, pirogue.StatusSuccess, p.Status)
	open, _ := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseEarlierUnknown}, open)
	require.True(t, p.FinishedAt.IsZero())
}
