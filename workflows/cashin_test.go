package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/workflows"
)

// down is an operator that no submission reaches within a minute.
var down = []error{
	notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent,
}

// several is as often as an operator that stays down is tried within a minute; the
// waits have jitter, so the number is not always the same.
const several = -1

func TestCashIn(t *testing.T) {
	t.Parallel()

	const (
		paid     = pirogue.OutcomePaid
		declined = pirogue.OutcomeDeclined
		expired  = pirogue.OutcomeExpired
	)
	// Each row is one thing the world can do to a payment, and what must become of it.
	tests := map[string]struct {
		answers     []error
		script      []scripted
		callbacksAt []time.Duration
		policy      pirogue.LatePolicy
		want        pirogue.Status
		failure     pirogue.FailureCode
		cause       support.Cause
		sent        int  // submissions; 0 means one
		events      int  // terminal events; 0 means one
		open        bool // only a person can end it
		closed      support.Cause
	}{
		"paid at once": {script: []scripted{{outcome: paid}}, want: "SUCCESS"},
		"paid after half a minute": {
			script: []scripted{{from: 30 * time.Second, outcome: paid}}, want: "SUCCESS",
		},
		"paid, and the operator calls back": {
			script: []scripted{{from: 20 * time.Second, outcome: paid}}, callbacksAt: []time.Duration{20 * time.Second},
			want: "SUCCESS",
		},
		"paid, and it calls back three times": {
			script:      []scripted{{from: 20 * time.Second, outcome: paid}},
			callbacksAt: []time.Duration{20 * time.Second, 20 * time.Second, 21 * time.Second}, want: "SUCCESS",
		},
		"it calls back before it has answered": {
			script: []scripted{{outcome: paid}}, callbacksAt: []time.Duration{0}, want: "SUCCESS",
		},
		"a forged callback, and nobody pays": {
			callbacksAt: []time.Duration{30 * time.Second}, want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
		"paid at the last question": {
			script: []scripted{{from: 4*time.Minute + 58*time.Second, outcome: paid}}, want: "SUCCESS",
		},
		"the operator errs, then says paid": {
			script: []scripted{{err: unknown}, {from: time.Minute, outcome: paid}}, want: "SUCCESS",
		},
		"the customer refuses": {
			script: []scripted{{from: 5 * time.Second, outcome: declined}}, want: "FAILED",
			failure: pirogue.FailedDeclined,
		},
		"the operator closes it unpaid": {
			script: []scripted{{from: 5 * time.Second, outcome: expired}}, want: "EXPIRED",
			failure: pirogue.FailedNotPaid,
		},
		"silence for five minutes": {want: "EXPIRED", failure: pirogue.FailedNotPaid},
		"the operator refuses the request": {
			answers: []error{refused}, want: "FAILED", failure: pirogue.FailedRefused,
		},

		"down, then up": {
			answers: []error{notSent, notSent}, script: []scripted{{outcome: paid}}, want: "SUCCESS", sent: 3,
		},
		"the answer is lost, then not": {
			answers: []error{unknown}, script: []scripted{{outcome: paid}}, want: "SUCCESS", sent: 2,
		},
		"down for ever": {
			answers: down, want: "FAILED", failure: pirogue.FailedUnavailable, sent: several,
		},
		"refused after an outage": {
			answers: []error{notSent, refused}, want: "FAILED", failure: pirogue.FailedRefused, sent: 2,
		},

		"paid late, and it is returned": {
			script: []scripted{{from: 6 * time.Minute, outcome: paid}}, want: "EXPIRED", failure: pirogue.FailedNotPaid,
			closed: support.CauseLateSuccess,
		},
		"paid late, and it is accepted": {
			script: []scripted{{from: 6 * time.Minute, outcome: paid}}, policy: pirogue.LateAccept, want: "SUCCESS",
			events: 2,
		},
		"paid late, after a callback": {
			script: []scripted{{from: 3 * time.Hour, outcome: paid}}, callbacksAt: []time.Duration{3 * time.Hour},
			want: "EXPIRED", failure: pirogue.FailedNotPaid, closed: support.CauseLateSuccess,
		},
		"paid late, another amount": {
			script: []scripted{{from: 6 * time.Minute, outcome: paid, amount: 2500}}, policy: pirogue.LateAccept,
			want: "EXPIRED", failure: pirogue.FailedNotPaid, cause: support.CauseAmountMismatch, open: true,
		},
		"declined, then paid after all": {
			script: []scripted{{outcome: declined}, {from: time.Hour, outcome: paid}}, policy: pirogue.LateAccept,
			want: "SUCCESS", events: 2,
		},
		"the operator errs to the finality window": {
			script: []scripted{{err: unknown}}, want: "EXPIRED", failure: pirogue.FailedUnconfirmed,
			cause: support.CauseUnknown, open: true,
		},
		"it errs at the window's end only": {
			script: []scripted{
				{from: 4 * time.Minute, err: unknown}, {from: 6 * time.Minute, outcome: pirogue.OutcomePending},
			},
			want: "EXPIRED", failure: pirogue.FailedUnconfirmed,
		},
		"it errs at the finality window for a while": {
			script: []scripted{
				{from: 23 * time.Hour, err: unknown},
				{from: 24*time.Hour + 20*time.Minute, outcome: pirogue.OutcomePending},
			},
			want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
		"it answers long after the finality window": {
			script: []scripted{{err: unknown}, {from: 24*time.Hour + 90*time.Minute, outcome: pirogue.OutcomePending}},
			want:   "EXPIRED", failure: pirogue.FailedUnconfirmed, closed: support.CauseUnknown,
		},
		"it says paid long after it": {
			script: []scripted{{err: unknown}, {from: 24*time.Hour + 90*time.Minute, outcome: paid}},
			policy: pirogue.LateAccept, want: "SUCCESS", events: 2, closed: support.CauseUnknown,
		},
		"paid, and later how much": {
			script: []scripted{{unclear: true}, {from: time.Minute, outcome: paid}}, want: "SUCCESS",
		},
		"paid, and nobody knows how much": {
			script: []scripted{{unclear: true}}, want: "EXPIRED", failure: pirogue.FailedUnconfirmed,
			cause: support.CauseUnknown, open: true,
		},
		"paid after the finality window, unseen": {
			script: []scripted{{from: 30 * time.Hour, outcome: paid}}, want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, tt.policy)
			w.operator.answers, w.operator.script = tt.answers, tt.script
			for _, after := range tt.callbacksAt {
				w.callBack(after)
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.open, w.env.GetWorkflowError() != nil)
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.failure, p.Failure.Code)
			if tt.sent == several {
				require.Greater(t, len(w.operator.refs), 5)
			} else {
				require.Len(t, w.operator.refs, max(tt.sent, 1))
			}
			require.Len(t, w.endpoint.events, max(tt.events, 1))
			require.Empty(t, w.events)
			open, closed := w.cases(p.ID)
			if tt.closed == "" {
				require.Empty(t, closed)
			} else {
				require.Equal(t, []support.Cause{tt.closed}, closed)
			}
			if tt.cause == "" {
				require.Empty(t, open)
			} else {
				require.Equal(t, []support.Cause{tt.cause}, open)
			}
		})
	}
}

func TestCashInMismatch(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.script = []scripted{{outcome: pirogue.OutcomePaid, amount: 2500}}
	w.env.SetWorkflowRunTimeout(openFor)
	p := w.runAndAudit()

	require.Error(t, w.env.GetWorkflowError(), "the workflow stays open until somebody ends it")
	require.Equal(t, pirogue.StatusPending, p.Status)
	open, _ := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseAmountMismatch}, open)
	require.Empty(t, w.endpoint.events)
}

func TestCashInOperatorBackInTime(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.upAfter = 58 * time.Second // later than the last of the doubling waits
	w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
}

func TestCashInLostResponse(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.answers = []error{unknown, unknown}
	w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)

	seen := map[pirogue.OperatorRef]bool{}
	for _, ref := range w.operator.refs {
		require.False(t, seen[ref], "reference %s was sent twice", ref)
		seen[ref] = true
	}
	require.Len(t, seen, 3)
}

func TestFiftyCallbacks(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	for n := range 200 {
		w.callBack(time.Duration(n+1) * time.Second)
	}
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	require.Less(t, w.operator.asked, 185, "a quiet payment is asked about eighty times, each callback heard adds two")
}

func TestCashInSweptBeforeSending(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.expire()

	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	require.Empty(t, w.operator.refs)
}

func TestCashInWaitState(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.script = []scripted{{from: time.Minute, outcome: pirogue.OutcomePaid}}
	w.env.RegisterDelayedCallback(func() {
		now := w.env.Now()
		value, err := w.env.QueryWorkflow(workflows.WaitStateQuery, now)
		require.NoError(t, err)
		var waiting lifecycle.WaitState
		require.NoError(t, value.Get(&waiting))
		require.Equal(t, "customer", waiting.For)
		require.WithinRange(t, waiting.NextPoll, now, now.Add(10*time.Second))
		require.WithinDuration(t, w.operator.began.Add(5*time.Minute), waiting.Deadline, time.Second)
		w.requireRowsSay(waiting)
	}, 30*time.Second)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
}

// requireRowsSay checks that the payment's rows tell merchants what its workflow tells support.
func (w *world) requireRowsSay(waiting lifecycle.WaitState) {
	w.t.Helper()
	p, err := w.store.Payment(w.t.Context(), w.owner, w.payment.ID)
	require.NoError(w.t, err)
	progress, err := w.store.Progress(w.t.Context(), p.ID)
	require.NoError(w.t, err)
	read := progress.WaitState(p, w.input.Current)
	require.Equal(w.t, waiting.For, read.For)
	require.WithinDuration(w.t, waiting.Deadline, read.Deadline, time.Second)
	if waiting.NextPoll.Before(waiting.Deadline) {
		require.WithinDuration(w.t, waiting.NextPoll, read.NextPoll, 10*time.Second)
	}
}

// Nothing but the operator's final word ends a cash-in before its window closes, however
// far apart the questions are.
func TestCashInWindow(t *testing.T) {
	t.Parallel()

	const stretched = 0.002 // calls a second: no second question fits into the window
	tests := map[string]struct {
		rate        float64
		callbacksAt []time.Duration
		asks        []time.Duration // when support asks
		paid        time.Duration
		want        pirogue.Status
	}{
		"nobody calls": {rate: stretched, paid: 4 * time.Minute, want: "SUCCESS"},
		"a callback that says nothing": {
			rate: stretched, callbacksAt: []time.Duration{time.Second}, paid: 4 * time.Minute, want: "SUCCESS",
		},
		"several, one after the other": {
			rate: stretched, callbacksAt: []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute},
			paid: 4 * time.Minute, want: "SUCCESS",
		},
		"support asks, and goes on": {
			rate: stretched, asks: []time.Duration{time.Minute, 2 * time.Minute}, paid: 4 * time.Minute,
			want: "SUCCESS",
		},
		"a callback before the last one": {
			callbacksAt: []time.Duration{4*time.Minute + 56*time.Second}, paid: 4*time.Minute + 58*time.Second,
			want: "SUCCESS",
		},
		"a callback tells of the money": {
			rate: stretched, callbacksAt: []time.Duration{2 * time.Minute}, paid: time.Minute, want: "SUCCESS",
		},
		"and nobody pays": {
			rate: stretched, callbacksAt: []time.Duration{time.Second}, asks: []time.Duration{time.Minute},
			paid: 48 * time.Hour, want: "EXPIRED",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := openDatabase(t).world(t, setting{policy: pirogue.LateReturn, rate: tt.rate})
			w.operator.script = []scripted{{from: tt.paid, outcome: pirogue.OutcomePaid}}
			for _, after := range tt.callbacksAt {
				w.callBack(after)
			}
			var actions []*askedAction
			for _, after := range tt.asks {
				actions = append(actions, w.act(after, recheck()))
			}
			open := time.Duration(0) // how long it was
			w.env.SetOnLocalActivityStartedListener(func(info *activity.Info, _ context.Context, _ []any) {
				if info.ActivityType.Name == "Finalize" && open == 0 {
					open = w.env.Now().Sub(w.operator.began)
				}
			})
			require.Equal(t, tt.want, w.runAndAudit().Status)
			if tt.want == pirogue.StatusExpired {
				require.GreaterOrEqual(t, open, 5*time.Minute)
			}
			for _, a := range actions {
				require.NoError(t, a.err)
				require.Equal(t, support.DecisionWaiting, a.result.Decision)
			}
		})
	}
}
