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

// An Update names a row of the audit log, and the row says everything. One that names nothing,
// another payment's act, or one that its row does not allow is refused, and the payment goes on.
func TestAnUpdateThatItsRowDoesNotAllowIsRefused(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
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
	w.operator.scenes = []scene{{from: 10 * time.Minute, outcome: pirogue.OutcomePaid}}
	asked := map[string]*act{"of no row": {}, "of nothing": {}}
	w.env.RegisterDelayedCallback(func() { w.ask(ids.New(), asked["of no row"]) }, time.Minute)
	w.env.RegisterDelayedCallback(func() { w.ask("", asked["of nothing"]) }, time.Minute)
	written := map[string]string{}
	for name, spoil := range rows {
		row := good
		row.ID = ids.New()
		spoil(&row)
		asked[name], written[name] = &act{}, row.ID
		w.env.RegisterDelayedCallback(func() {
			row.At = w.env.Now()
			require.NoError(t, w.store.BeginAuditEntry(t.Context(), row))
			w.ask(row.ID, asked[name])
		}, time.Minute)
	}
	require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
	require.Error(t, asked["of nothing"].turned)
	delete(asked, "of nothing")
	for name, a := range asked {
		require.NoError(t, a.err, name)
		require.Equal(t, support.DecisionRefused, a.verdict.Decision, name)
	}
	for _, name := range []string{"support resolves", "a reader redrives"} {
		require.Contains(t, asked[name].verdict.Reason, "may not", name)
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

// An act that has its verdict is not carried out again, whoever asks.
func TestAnActIsCarriedOutOnce(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{{err: unknown}}
	first := w.remedy(time.Minute, resolve("awa", support.ResolvedUnpaid))
	again := &act{}
	w.env.RegisterDelayedCallback(func() { w.ask(first.remedy.AuditID, again) }, 2*time.Minute)
	w.env.SetWorkflowRunTimeout(2 * horizon)
	require.Equal(t, pirogue.StatusPending, w.tell().Status)
	require.Equal(t, support.DecisionProposed, first.verdict.Decision)
	require.Equal(t, support.DecisionRefused, again.verdict.Decision)
	require.Contains(t, again.verdict.Reason, "PROPOSED")
	w.requireVerdicts()
}

// What one person proposed stands in the audit log: a workflow that is started anew knows it.
func TestALostHistoryForgetsNoProposal(t *testing.T) {
	t.Parallel()

	for second, want := range map[string]pirogue.Status{"moussa": "SUCCESS", "awa": "PENDING"} {
		w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
		w.operator.scenes = []scene{{err: unknown}}
		first := w.remedy(time.Minute, resolve("awa", support.ResolvedPaid))
		w.env.SetWorkflowRunTimeout(2 * time.Minute)
		w.run()
		require.Equal(t, support.DecisionProposed, first.verdict.Decision)

		w.renew()
		w.register(false)
		other := w.remedy(time.Minute, resolve(second, support.ResolvedPaid))
		w.env.SetWorkflowRunTimeout(2 * time.Minute)
		require.Equal(t, want, w.tell().Status, "%s", other.verdict.Reason)
	}
}

// Of two people who say the same at once one proposes and the other confirms.
func TestTwoPeopleAtOnceSettleTogether(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{{err: unknown}}
	one := w.remedy(2*horizon, resolve("awa", support.ResolvedUnpaid))
	two := w.remedy(2*horizon, resolve("moussa", support.ResolvedUnpaid))
	require.Equal(t, pirogue.StatusFailed, w.tell().Status)
	require.Contains(t, []support.Decision{one.verdict.Decision, two.verdict.Decision}, support.DecisionSettled)
	w.requireVerdicts()
}

// A proposal about an unknown outcome says nothing about what the operator told later.
func TestAProposalDoesNotOutliveWhatItWasAbout(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{{err: unknown}}
	early := w.remedy(time.Minute, resolve("awa", support.ResolvedPaid))
	late := w.remedy(2*horizon, resolve("moussa", support.ResolvedPaid)) // a case was opened meanwhile
	w.env.SetWorkflowRunTimeout(3 * horizon)
	require.Equal(t, pirogue.StatusPending, w.tell().Status)
	require.Equal(t, support.DecisionProposed, early.verdict.Decision)
	require.Equal(t, support.DecisionProposed, late.verdict.Decision)
}

func TestAPaymentTakesThreeHundredRemedies(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{{from: 10 * time.Minute, outcome: pirogue.OutcomePaid}}
	for range 300 {
		w.remedy(time.Minute, recheck())
	}
	tooMany := &act{}
	w.env.RegisterDelayedCallback(func() { w.ask(ids.New(), tooMany) }, 2*time.Minute)
	require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
	require.Error(t, tooMany.turned)
	for _, a := range w.acts {
		require.Equal(t, support.DecisionWaiting, a.verdict.Decision)
	}
}

// A remedy that comes while the end is being booked has waited for nothing: it is told
// how the payment ended. One that comes even later has the operator asked.
func TestARemedyThatArrivesAtTheEndIsAnswered(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, horizon: horizon})
	w.operator.scenes = []scene{{outcome: pirogue.OutcomePaid}}
	r := w.rig(nil, nil)
	var acts []*act
	r.loses = func(name string) bool {
		if name == "Finalize" && len(acts) == 0 || name == "RecordActionResult" && len(acts) == 1 {
			acts = append(acts, w.remedy(0, recheck()))
			arrived := make(chan struct{})
			w.env.RegisterDelayedCallback(func() { close(arrived) }, 0)
			<-arrived
		}
		return false
	}
	require.Equal(t, pirogue.StatusSuccess, w.tell().Status)
	require.Len(t, acts, 2)
	// Each is read while the end is booked or answered: it is told of the end, or that it came after it.
	for _, a := range acts {
		require.Contains(t, []support.Decision{"SETTLED", "REFUSED"}, a.verdict.Decision, a.verdict.Reason)
		require.Equal(t, pirogue.StatusSuccess, a.verdict.Status)
	}
	w.requireVerdicts()
}

// TestProposalBeforeASending has a second person confirm what was said of bytes that another
// sending has followed: it counts as a first word about those.
func TestProposalBeforeASending(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, power: operator.IdempotentByReference, horizon: horizon})
	for range 30 {
		w.operator.answers = append(w.operator.answers, unknown)
	}
	w.operator.scenes = []scene{{outcome: pirogue.OutcomeAbsent}}
	first := w.remedy(2*time.Minute, resolve("awa", support.ResolvedUnpaid))
	again := w.remedy(3*time.Minute, redrive())
	second := w.remedy(4*time.Minute, resolve("moussa", support.ResolvedUnpaid))
	w.env.SetWorkflowRunTimeout(5 * time.Minute)
	require.Equal(t, pirogue.StatusPending, w.tell().Status)
	require.Equal(t, support.DecisionProposed, first.verdict.Decision, first.verdict.Reason)
	require.Equal(t, support.DecisionResubmitted, again.verdict.Decision, again.verdict.Reason)
	require.Equal(t, support.DecisionProposed, second.verdict.Decision, second.verdict.Reason)
}

// TestResolveNamesItsCase has two people settle one of two open cases: the one that they name.
func TestResolveNamesItsCase(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateAccept)
	w.operator.scenes = []scene{
		{outcome: pirogue.OutcomePaid, amount: 2500}, {from: time.Hour, outcome: pirogue.OutcomePaid, extra: 2500},
	}
	placed := func(actor string, cause support.Cause) support.SupportAction {
		r := resolve(actor, support.ResolvedPlaced)
		if cause != "" {
			r.Case = support.NewCaseID(w.payment.ID, cause)
		}
		return r
	}
	unnamed := w.remedy(3*time.Hour, placed("awa", ""))
	later := w.remedy(4*time.Hour, placed("awa", support.CauseSecondPayment))
	first := w.remedy(5*time.Hour, placed("awa", support.CauseAmountMismatch))
	second := w.remedy(6*time.Hour, placed("moussa", support.CauseAmountMismatch))
	w.env.SetWorkflowRunTimeout(openFor)
	w.tell()
	require.Equal(t, support.DecisionRefused, unnamed.verdict.Decision, unnamed.verdict.Reason)
	require.Contains(t, unnamed.verdict.Reason, "several cases")
	require.Equal(t, support.DecisionRefused, later.verdict.Decision, later.verdict.Reason)
	require.Contains(t, later.verdict.Reason, "one after the other")
	require.Equal(t, support.DecisionProposed, first.verdict.Decision, first.verdict.Reason)
	require.Equal(t, support.DecisionSettled, second.verdict.Decision, second.verdict.Reason)
	open, closed := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseAmountMismatch}, closed)
	require.Equal(t, []support.Cause{support.CauseSecondPayment}, open)
}
