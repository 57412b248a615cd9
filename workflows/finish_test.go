package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/workflows"
)

// goOn runs the workflow that the sweep starts from the payment's rows.
func (w *world) goOn() pirogue.Payment {
	w.t.Helper()
	w.rebuild()
	w.renew()
	w.register(false)
	w.env.SetWorkflowRunTimeout(openFor)
	return w.runAndAudit()
}

// The rows are ahead of the history: Temporal was restored from an older copy, or another run of
// the workflow ended the payment late.
func TestRowsAhead(t *testing.T) {
	t.Parallel()

	const paid, declined = pirogue.OutcomePaid, pirogue.OutcomeDeclined
	late, reversed := []support.Cause{support.CauseLateSuccess}, []support.Cause{support.CauseReversed}
	paidAfterAll := []support.Cause{support.CausePaidAfterAll}
	for name, tt := range map[string]struct {
		kind   pirogue.PaymentKind
		ended  lifecycle.Finalization
		script []scripted
		opened []support.Cause
		closed []support.Cause
		booked int64
	}{
		"expired, then paid": {
			kind: pirogue.CashIn, ended: lifecycle.Finalization{Status: pirogue.StatusExpired, Watched: true},
			script: []scripted{{from: 3 * time.Minute, outcome: paid}}, closed: late, booked: 5000,
		},
		"expired and finished, then paid": {
			kind: pirogue.CashIn, ended: lifecycle.Finalization{Status: pirogue.StatusExpired},
			script: []scripted{{from: 3 * time.Minute, outcome: paid}}, closed: late, booked: 5000,
		},
		"failed, then paid": {
			kind: pirogue.CashOut, ended: lifecycle.Finalization{Status: pirogue.StatusFailed, Watched: true},
			script: []scripted{{from: 3 * time.Minute, outcome: paid}}, opened: paidAfterAll, booked: 5000,
		},
		"paid, then declined": {
			kind: pirogue.CashIn, ended: lifecycle.Finalization{Status: pirogue.StatusSuccess},
			script: []scripted{{from: 3 * time.Minute, outcome: declined}}, opened: reversed, booked: 5000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{kind: tt.kind, policy: pirogue.LateReturn})
			w.operator.script = append([]scripted{{outcome: pirogue.OutcomePending}}, tt.script...)
			w.env.RegisterDelayedCallback(func() {
				tt.ended.PaymentID, tt.ended.At = w.payment.ID, w.env.Now()
				_, err := w.store.Finalize(t.Context(), tt.ended)
				require.NoError(t, err)
			}, 2*time.Minute)
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.run()
			require.True(t, p.FinishedAt.IsZero(), "the sweep goes on from the rows")
			require.Equal(t, tt.booked, w.movedForFirst(), "the run that learns of the money books it")
			p = w.goOn()
			require.Equal(t, tt.ended.Status, p.Status)
			opened, closed := w.cases(p.ID)
			require.Equal(t, tt.opened, opened)
			require.Equal(t, tt.closed, closed)
			require.Equal(t, tt.booked, w.movedForFirst(), "once")
		})
	}
}

// movedForFirst returns the money that the books have moved under the first reference.
func (w *world) movedForFirst() int64 {
	in, out := w.moved()
	return in[string(w.operator.refs[0])] + out[string(w.operator.refs[0])]
}

// A workflow that is set back to its first submission finds that its payment has ended. It leaves
// the watch to the workflow that the sweep starts.
func TestRowsAheadOfSubmission(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateReturn})
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePending}, {from: 3 * time.Hour, outcome: pirogue.OutcomePaid},
	}
	w.env.SetWorkflowRunTimeout(20 * time.Minute)
	require.Equal(t, pirogue.StatusExpired, w.run().Status)
	w.renew()
	w.register(false)
	w.env.SetWorkflowRunTimeout(openFor)
	p := w.runAndAudit()
	require.NoError(t, w.env.GetWorkflowError())
	require.True(t, p.FinishedAt.IsZero(), "its watch is not over")
	p = w.goOn()
	_, closed := w.cases(p.ID)
	require.Equal(t, []support.Cause{support.CauseLateSuccess}, closed)
	require.False(t, p.FinishedAt.IsZero())
}

// A callback that comes while the end is written is told to this workflow and to no other.
func TestCallbackDuringFinalize(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		during string // the activity that runs meanwhile
		script []scripted
		later  []scripted
		want   pirogue.Status
		closed []support.Cause
	}{
		"SUCCESS": {
			during: "Finalize", script: paidAtOnce, later: []scripted{{outcome: pirogue.OutcomePaid, extra: 5000}},
			want: "SUCCESS", closed: []support.Cause{support.CauseSecondPayment},
		},
		"watch over": {
			during: "Finish", script: neverKnown, later: []scripted{{outcome: pirogue.OutcomePaid}},
			want: "EXPIRED", closed: []support.Cause{support.CauseLateSuccess},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, pirogue.LateReturn)
			w.operator.script = tt.script
			rang := false
			listener := func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if info.ActivityType.Name == tt.during && !rang {
					rang = true
					w.operator.script = tt.later
					w.env.SignalWorkflow(workflows.CallbackSignal, nil)
				}
			}
			w.env.SetOnActivityStartedListener(listener)
			w.env.SetOnLocalActivityStartedListener(func(info *activity.Info, ctx context.Context, _ []any) {
				listener(info, ctx, nil)
			})
			w.env.SetWorkflowRunTimeout(2 * openFor)
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.True(t, rang)
			require.Equal(t, tt.want, p.Status)
			_, closed := w.cases(p.ID)
			require.Equal(t, tt.closed, closed)
			require.False(t, p.FinishedAt.IsZero())
		})
	}
}
