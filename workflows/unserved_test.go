package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// leave makes nobody serve the operator's queues any more, from a while on.
func (w *world) leave(r *rig, after time.Duration) {
	left := w.env.Now().Add(after)
	r.unserved = func(queue pirogue.OperatorCode) bool { return queue == instance && !w.env.Now().Before(left) }
}

// An operator left the configuration while its payment was open: nobody takes work from its queues.
func TestUnservedOperator(t *testing.T) {
	t.Parallel()

	paid, unpaid := support.ResolvedPaid, support.ResolvedUnpaid
	for name, tt := range map[string]struct {
		setting    setting
		after      time.Duration // the operator is served so long
		people     time.Duration // when two people settle it; 0: they do not
		resolution support.Resolution
		want       pirogue.Status
		failure    pirogue.FailureCode
		reached    int
		closed     []support.Cause
	}{
		"cash-out was accepted and is resolved as paid": {
			setting: setting{kind: pirogue.CashOut, finalityWindow: finalityWindow}, after: time.Minute,
			people:     2 * finalityWindow,
			resolution: paid, want: "SUCCESS", reached: 1, closed: []support.Cause{support.CauseUnknown},
		},
		"cash-out was accepted and is resolved as unpaid": {
			setting: setting{kind: pirogue.CashOut, finalityWindow: finalityWindow}, after: time.Minute,
			people:     2 * finalityWindow,
			resolution: unpaid, want: "FAILED", failure: pirogue.FailedBySupport, reached: 1,
			closed: []support.Cause{support.CauseUnknown},
		},
		"cash-out was not sent": {
			setting: setting{kind: pirogue.CashOut}, want: "FAILED", failure: pirogue.FailedUnavailable,
		},
		"cash-in was shown to the customer": {
			setting: setting{kind: pirogue.CashIn, finalityWindow: finalityWindow}, after: time.Minute,
			people:     3 * finalityWindow,
			resolution: unpaid, want: "EXPIRED", failure: pirogue.FailedUnconfirmed, reached: 1,
			closed: []support.Cause{support.CauseUnknown},
		},
		"cash-in was not sent": {
			setting: setting{kind: pirogue.CashIn}, want: "FAILED", failure: pirogue.FailedUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, tt.setting)
			w.operator.script = neverKnown
			w.leave(w.rig(nil, nil), tt.after)
			var actions []*askedAction
			if tt.people > 0 {
				actions = append(actions, w.act(tt.people, resolve("awa", tt.resolution)),
					w.act(tt.people+time.Hour, resolve("moussa", tt.resolution)))
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.failure, p.Failure.Code)
			require.False(t, p.FinishedAt.IsZero(), "nothing is left to do")
			require.Len(t, w.operator.reached, tt.reached)
			open, closed := w.cases(p.ID)
			require.Empty(t, open)
			require.Equal(t, tt.closed, closed)
			for n, a := range actions {
				require.Equal(t, []support.Decision{"PROPOSED", "SETTLED"}[n], a.result.Decision, a.result.Reason)
			}
		})
	}
}

// What nobody sent goes to the next operator of the route.
func TestUnservedOperatorFailover(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn, next: true})
	r := w.rig(nil, nil)
	w.next.now = w.env.Now
	w.next.script = paidAtOnce
	w.leave(r, 0)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Empty(t, w.operator.reached)
	require.Len(t, w.next.reached, 1)
}

// A window that is shorter than one call leaves room for another run, after a worker that died.
func TestUnservedOperatorShortWindow(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn})
	w.input.Current.Window = 10 * time.Second
	w.leave(w.rig(nil, nil), 0)
	began := w.env.Now()
	p := w.runAndAudit()
	require.Equal(t, pirogue.StatusFailed, p.Status)
	require.GreaterOrEqual(t, p.UpdatedAt.Sub(began), operator.StartDeadline)
}

// Support has an answer while a payment waits in the queue of an operator that nobody serves.
func TestUnservedOperatorSupport(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut})
	w.leave(w.rig(nil, nil), 0)
	a := w.act(time.Hour, recheck())
	began := w.env.Now()
	w.env.RegisterDelayedCallback(func() {
		require.NotEmpty(t, a.result.Decision, "the verdict comes at once")
	}, time.Hour+time.Minute)
	w.env.SetWorkflowRunTimeout(openFor)
	w.runAndAudit()
	require.Equal(t, support.DecisionRefused, a.result.Decision)
	require.Less(t, time.Hour, w.env.Now().Sub(began))
}

// Our own database is away when the customer's window closes: the last question waits for it, and
// the customer who has paid is not told otherwise.
func TestLastStatusWaitsForDatabase(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn, policy: pirogue.LateReturn})
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePending},
		{from: 299 * time.Second, outcome: pirogue.OutcomePaid},
	}
	began := w.env.Now()
	w.rig(func(method string) faultTime {
		if now := w.env.Now().Sub(began); method == "RecordPoll" && now > 4*time.Minute && now < 20*time.Minute {
			return before
		}
		return spared
	}, nil)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
}
