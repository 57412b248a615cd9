package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/routing"
	"pirogue/support"
	"pirogue/workflows"
)

// loseAfter loses the payment's history some time after its workflow began.
func (w *world) loseAfter(lost time.Duration) {
	w.t.Helper()
	r := w.rig(nil, nil)
	w.env.RegisterDelayedCallback(func() { r.vanish(); loseHistory(w.env) }, lost)
	w.env.SetWorkflowRunTimeout(openFor)
	w.run()
	w.rig(nil, nil)
	w.env.SetWorkflowRunTimeout(openFor)
}

// rebuild makes the order by which the sweep starts the payment's workflow again.
func (w *world) rebuild() {
	w.t.Helper()
	all := w.instances(false)
	carriers := []pirogue.OperatorCode{instance}
	if w.next != nil {
		carriers = append(carriers, another)
	}
	var carried []routing.Route
	for _, kind := range []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut} {
		carried = append(carried, routing.Route{
			Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Kind: kind, Operators: carriers,
		})
	}
	table, err := routing.NewRouteTable(all, carried)
	require.NoError(w.t, err)
	r, err := w.store.Restart(w.t.Context(), w.payment.ID)
	require.NoError(w.t, err)
	w.input, err = table.Rebuild(r)
	require.NoError(w.t, err)
}

func TestResumeFromRows(t *testing.T) {
	t.Parallel()

	paidLate := []scripted{{from: 20 * time.Minute, outcome: pirogue.OutcomePaid}}
	// Each row is a payment, when its history is lost, how long it is gone, and what becomes
	// of it.
	tests := map[string]struct {
		setting  setting
		answers  []error
		script   []scripted
		lost     time.Duration
		gone     time.Duration
		want     pirogue.Status
		returned bool            // what came late went back
		closed   []support.Cause // cases that were opened and settled
		open     []support.Cause
	}{
		"while the customer has time": {
			setting: setting{kind: pirogue.CashIn},
			script:  []scripted{{from: 4 * time.Minute, outcome: pirogue.OutcomePaid}},
			lost:    time.Minute, want: "SUCCESS",
		},
		"while it is watched": {
			setting: setting{kind: pirogue.CashIn, policy: pirogue.LateReturn, finalityWindow: finalityWindow},
			script:  paidLate,
			lost:    7 * time.Minute, want: "EXPIRED", returned: true,
			closed: []support.Cause{support.CauseLateSuccess},
		},
		"while it was watched, until long after": {
			setting: setting{kind: pirogue.CashIn, policy: pirogue.LateReturn, finalityWindow: finalityWindow},
			script:  paidLate,
			lost:    7 * time.Minute, gone: 3 * finalityWindow, want: "EXPIRED", returned: true,
			closed: []support.Cause{support.CauseLateSuccess},
		},
		"while it was watched, and no money came": {
			setting: setting{kind: pirogue.CashIn, finalityWindow: finalityWindow}, lost: 7 * time.Minute,
			gone: 3 * finalityWindow,
			want: "EXPIRED",
		},
		"after it came late and was accepted": {
			setting: setting{kind: pirogue.CashIn, policy: pirogue.LateAccept, finalityWindow: finalityWindow},
			script:  paidLate,
			lost:    7 * time.Minute, want: "SUCCESS",
		},
		"a cash-out whose answer is lost": {
			setting: setting{kind: pirogue.CashOut, finalityWindow: finalityWindow}, answers: []error{unknown},
			script: []scripted{{from: 90 * time.Minute, outcome: pirogue.OutcomePaid}}, lost: 10 * time.Minute,
			gone: finalityWindow,
			want: "SUCCESS", closed: []support.Cause{support.CauseUnknown},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, tt.setting)
			w.operator.answers, w.operator.script = tt.answers, tt.script
			w.loseAfter(tt.lost)
			w.env.SetStartTime(w.env.Now().Add(tt.gone))
			w.rebuild()
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, tt.want, p.Status)
			require.False(t, p.FinishedAt.IsZero(), "nothing is left to do")
			require.Equal(t, tt.returned, len(w.launched) == 1)
			open, closed := w.cases(p.ID)
			require.Equal(t, tt.open, open)
			require.Equal(t, tt.closed, closed)
			require.LessOrEqual(t, len(w.operator.reached), 1, "it was sent again")
		})
	}
}

func TestResumeKeepsWindow(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn, finalityWindow: finalityWindow})
	w.loseAfter(4 * time.Minute)
	w.rebuild()
	p := w.runAndAudit()
	require.Equal(t, pirogue.StatusExpired, p.Status)
	require.WithinDuration(t, p.ExpiresAt, p.UpdatedAt, 15*time.Second)
}

func TestResumeWaitsForSupport(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomeDeclined}, {from: 20 * time.Minute, outcome: pirogue.OutcomePaid},
	}
	w.loseAfter(2 * finalityWindow)
	open, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CausePaidAfterAll}, open)
	p, _ := w.latest()
	require.True(t, p.FinishedAt.IsZero(), "its case is open")

	w.rebuild()
	w.act(time.Minute, resolve("fanta", support.ResolvedPlaced))
	w.act(2*time.Minute, resolve("seydou", support.ResolvedPlaced))
	p = w.runAndAudit()
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, pirogue.StatusFailed, p.Status)
	require.False(t, p.FinishedAt.IsZero())
	open, _ = w.cases(p.ID)
	require.Empty(t, open)
}

func TestSweepRestarts(t *testing.T) {
	t.Parallel()

	// Each row says what is left of Temporal, and what the sweep makes of four rows. They are a
	// payment under way, a broken one, a bulk and an event whose second delivery is due.
	tests := map[string]struct {
		lost  bool
		away  error
		want  lifecycle.Restarted
		again int // payments started again
	}{
		"everything":         {false, nil, lifecycle.Restarted{}, 0},
		"nothing":            {true, nil, lifecycle.Restarted{Payments: 1, Events: 1, Cases: 1}, 1},
		"it does not answer": {true, dbAway, lifecycle.Restarted{}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := freshDatabase(t).world(t, setting{})
			w.lost, w.away = tt.lost, tt.away
			underWay, a := w.write(
				pirogue.Payment{Kind: pirogue.CashIn, OrderID: "under way", Amount: xof(5000), Fee: xof(0)},
			)
			w.sent(a)
			require.NoError(t, w.store.ReopenCase(t.Context(), support.Case{
				ID: support.NewCaseID(underWay.ID, support.CauseNotBooked), PaymentID: underWay.ID,
				Cause: support.CauseNotBooked, OpenedAt: w.env.Now(),
			}))
			broken, a := w.write(
				pirogue.Payment{Kind: pirogue.CashIn, OrderID: "broken", Amount: xof(5000), Fee: xof(0)},
			)
			w.sent(a)
			w.broken = map[pirogue.PaymentID]error{broken.ID: pirogue.Errorf(pirogue.Internal, "no operator")}
			settled := w.expire()
			_, d, err := w.store.BeginDelivery(t.Context(), settled.EventID, w.env.Now())
			require.NoError(t, err)
			d.EndedAt = w.env.Now()
			require.NoError(t, w.store.EndDelivery(t.Context(), d, pirogue.EventWaiting, d.EndedAt.Add(time.Minute)))

			w.env.SetStartTime(w.env.Now().Add(5 * time.Minute))
			w.env.ExecuteWorkflow(workflows.Sweep)
			require.Equal(t, tt.away != nil, w.env.GetWorkflowError() != nil)
			require.Len(t, w.restarted, tt.again)
			if tt.away != nil {
				return
			}
			var swept activities.Swept
			require.NoError(t, w.env.GetWorkflowResult(&swept))
			require.Equal(t, tt.want, swept.Restarted)
			require.Len(t, w.reminded, tt.want.Events)
			open, _ := w.cases(broken.ID)
			require.Len(t, open, tt.want.Cases)
			_, closed := w.cases(underWay.ID)
			require.Len(t, closed, tt.again, "what failed is over when its workflow begins again")
		})
	}
}

func TestRebuildDryRun(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{})
	w.lost = true
	p, a := w.write(pirogue.Payment{Kind: pirogue.CashIn, OrderID: "under way", Amount: xof(5000), Fee: xof(0)})
	w.sent(a)
	w.env.SetStartTime(w.env.Now().Add(5 * time.Minute))
	w.env.ExecuteWorkflow(workflows.Rebuild, activities.RestartScope{DryRun: true})
	require.NoError(t, w.env.GetWorkflowError())
	var shown lifecycle.Restarted
	require.NoError(t, w.env.GetWorkflowResult(&shown))
	require.Equal(t, lifecycle.Restarted{Found: []lifecycle.LostWorkflow{
		{What: lifecycle.FollowedPayment, ID: string(p.ID), Why: "CASHIN INITIATED"},
	}}, shown)
	require.Empty(t, w.restarted)
}
