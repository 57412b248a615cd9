package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/support"
)

// An Update names a row of the audit log, and the row says everything. An Update that names
// nothing or another payment's act is refused. So is one that its row does not allow. The
// payment goes on.
func TestActionRefused(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	other := w.collected("other", 100, 0)
	paid := resolve("awa", support.ResolvedPaid)
	good := support.AuditEntry{
		Actor: "awa", Role: support.RoleFinance, Action: support.ActionResolve, PaymentID: w.payment.ID,
		Reason:     "they called",
		Resolution: paid.Resolution, Evidence: paid.Evidence,
	}
	rows := map[string]func(a *support.AuditEntry){
		"another payment's": func(a *support.AuditEntry) { a.PaymentID = other.ID },
		"no payment's":      func(a *support.AuditEntry) { a.PaymentID = "" },
		"support resolves":  func(a *support.AuditEntry) { a.Role = support.RoleSupport },
		"a reader redrives": func(a *support.AuditEntry) {
			a.Action, a.Resolution, a.Evidence, a.Role = "redrive", "", "", "reader"
		},
		"a verb of another place": func(a *support.AuditEntry) {
			a.Action, a.Resolution, a.Evidence = support.ActionResend, "", ""
		},
		"a resolution of nothing":     func(a *support.AuditEntry) { a.Resolution = "" },
		"a resolution without proof":  func(a *support.AuditEntry) { a.Evidence = "" },
		"a recheck with a resolution": func(a *support.AuditEntry) { a.Action = support.ActionRecheck },
	}
	w.operator.script = []scripted{{from: 10 * time.Minute, outcome: pirogue.OutcomePaid}}
	asked := map[string]*askedAction{"of no row": {}, "of nothing": {}}
	w.env.RegisterDelayedCallback(func() { w.ask(ids.New(), asked["of no row"]) }, time.Minute)
	w.env.RegisterDelayedCallback(func() { w.ask("", asked["of nothing"]) }, time.Minute)
	written := map[string]string{}
	for name, spoil := range rows {
		row := good
		row.ID = ids.New()
		spoil(&row)
		asked[name], written[name] = &askedAction{}, row.ID
		w.env.RegisterDelayedCallback(func() {
			row.At = w.env.Now()
			require.NoError(t, w.store.BeginAuditEntry(t.Context(), row))
			w.ask(row.ID, asked[name])
		}, time.Minute)
	}
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Error(t, asked["of nothing"].turned)
	delete(asked, "of nothing")
	for name, a := range asked {
		require.NoError(t, a.err, name)
		require.Equal(t, support.DecisionRefused, a.result.Decision, name)
	}
	for _, name := range []string{"support resolves", "a reader redrives"} {
		require.Contains(t, asked[name].result.Reason, "may not", name)
	}
	for name, id := range written {
		kept, err := w.store.AuditEntry(t.Context(), id)
		require.NoError(t, err)
		require.Equal(
			t, kept.PaymentID == w.payment.ID, !kept.EndedAt.IsZero(), "%s: a verdict only in a row of this payment",
			name,
		)
	}
}

// An act that has its result is not carried out again, whoever asks.
func TestActionOnce(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{err: unknown}}
	first := w.act(time.Minute, resolve("awa", support.ResolvedUnpaid))
	again := &askedAction{}
	w.env.RegisterDelayedCallback(func() { w.ask(first.act.AuditID, again) }, 2*time.Minute)
	w.env.SetWorkflowRunTimeout(2 * finalityWindow)
	require.Equal(t, pirogue.StatusPending, w.runAndAudit().Status)
	require.Equal(t, support.DecisionProposed, first.result.Decision)
	require.Equal(t, support.DecisionRefused, again.result.Decision)
	require.Contains(t, again.result.Reason, "PROPOSED")
	w.requireResults()
}

// What one person proposed stands in the audit log: a workflow that is started anew knows it.
func TestProposalAfterLostHistory(t *testing.T) {
	t.Parallel()

	for second, want := range map[string]pirogue.Status{"moussa": "SUCCESS", "awa": "PENDING"} {
		w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
		w.operator.script = []scripted{{err: unknown}}
		first := w.act(time.Minute, resolve("awa", support.ResolvedPaid))
		w.env.SetWorkflowRunTimeout(2 * time.Minute)
		w.run()
		require.Equal(t, support.DecisionProposed, first.result.Decision)

		w.renew()
		w.register(false)
		other := w.act(time.Minute, resolve(second, support.ResolvedPaid))
		w.env.SetWorkflowRunTimeout(2 * time.Minute)
		require.Equal(t, want, w.runAndAudit().Status, "%s", other.result.Reason)
	}
}

// Of two people who say the same at once one proposes and the other confirms.
func TestTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{err: unknown}}
	one := w.act(2*finalityWindow, resolve("awa", support.ResolvedUnpaid))
	two := w.act(2*finalityWindow, resolve("moussa", support.ResolvedUnpaid))
	require.Equal(t, pirogue.StatusFailed, w.runAndAudit().Status)
	require.Contains(t, []support.Decision{one.result.Decision, two.result.Decision}, support.DecisionSettled)
	w.requireResults()
}

// A proposal about an unknown outcome says nothing about what the operator told later.
func TestProposalExpires(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{err: unknown}}
	early := w.act(time.Minute, resolve("awa", support.ResolvedPaid))
	late := w.act(2*finalityWindow, resolve("moussa", support.ResolvedPaid)) // a case was opened meanwhile
	w.env.SetWorkflowRunTimeout(3 * finalityWindow)
	require.Equal(t, pirogue.StatusPending, w.runAndAudit().Status)
	require.Equal(t, support.DecisionProposed, early.result.Decision)
	require.Equal(t, support.DecisionProposed, late.result.Decision)
}

func TestThreeHundredActions(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{from: 10 * time.Minute, outcome: pirogue.OutcomePaid}}
	for range 300 {
		w.act(time.Minute, recheck())
	}
	tooMany := &askedAction{}
	w.env.RegisterDelayedCallback(func() { w.ask(ids.New(), tooMany) }, 2*time.Minute)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Error(t, tooMany.turned)
	for _, a := range w.actions {
		require.Equal(t, support.DecisionWaiting, a.result.Decision)
	}
}

// A action that comes while the end is being booked has waited for nothing: it is told
// how the payment ended. One that comes even later has the operator asked.
func TestActionDuringFinalize(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
	r := w.rig(nil, nil)
	var actions []*askedAction
	r.loses = func(name string) bool {
		if name == "Finalize" && len(actions) == 0 || name == "RecordActionResult" && len(actions) == 1 {
			actions = append(actions, w.act(0, recheck()))
			arrived := make(chan struct{})
			w.env.RegisterDelayedCallback(func() { close(arrived) }, 0)
			<-arrived
		}
		return false
	}
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, actions, 2)
	// Each is read while the end is booked or answered: it is told of the end, or that it came after it.
	for _, a := range actions {
		require.Contains(t, []support.Decision{"SETTLED", "REFUSED"}, a.result.Decision, a.result.Reason)
		require.Equal(t, pirogue.StatusSuccess, a.result.Status)
	}
	w.requireResults()
}

// TestProposalBeforeSending has a second person confirm what was said of bytes that another
// sending has followed: it counts as a first word about those.
func TestProposalBeforeSending(t *testing.T) {
	t.Parallel()

	w := newWorldOf(
		t, setting{kind: pirogue.CashOut, power: operator.IdempotentByReference, finalityWindow: finalityWindow},
	)
	for range 30 {
		w.operator.answers = append(w.operator.answers, unknown)
	}
	w.operator.script = []scripted{{outcome: pirogue.OutcomeAbsent}}
	first := w.act(2*time.Minute, resolve("awa", support.ResolvedUnpaid))
	again := w.act(3*time.Minute, redrive())
	second := w.act(4*time.Minute, resolve("moussa", support.ResolvedUnpaid))
	w.env.SetWorkflowRunTimeout(5 * time.Minute)
	require.Equal(t, pirogue.StatusPending, w.runAndAudit().Status)
	require.Equal(t, support.DecisionProposed, first.result.Decision, first.result.Reason)
	require.Equal(t, support.DecisionResubmitted, again.result.Decision, again.result.Reason)
	require.Equal(t, support.DecisionProposed, second.result.Decision, second.result.Reason)
}

// TestResolveNamesItsCase has two people settle one of two open cases: the one that they name.
func TestResolveNamesItsCase(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateAccept)
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePaid, amount: 2500}, {from: time.Hour, outcome: pirogue.OutcomePaid, extra: 2500},
	}
	placed := func(actor string, cause support.Cause) support.SupportAction {
		r := resolve(actor, support.ResolvedPlaced)
		if cause != "" {
			r.Case = support.NewCaseID(w.payment.ID, cause)
		}
		return r
	}
	unnamed := w.act(3*time.Hour, placed("awa", ""))
	later := w.act(4*time.Hour, placed("awa", support.CauseSecondPayment))
	first := w.act(5*time.Hour, placed("awa", support.CauseAmountMismatch))
	second := w.act(6*time.Hour, placed("moussa", support.CauseAmountMismatch))
	w.env.SetWorkflowRunTimeout(openFor)
	w.runAndAudit()
	require.Equal(t, support.DecisionRefused, unnamed.result.Decision, unnamed.result.Reason)
	require.Contains(t, unnamed.result.Reason, "several cases")
	require.Equal(t, support.DecisionRefused, later.result.Decision, later.result.Reason)
	require.Contains(t, later.result.Reason, "one after the other")
	require.Equal(t, support.DecisionProposed, first.result.Decision, first.result.Reason)
	require.Equal(t, support.DecisionSettled, second.result.Decision, second.result.Reason)
	open, closed := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseAmountMismatch}, closed)
	require.Equal(t, []support.Cause{support.CauseSecondPayment}, open)
}
