package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/workflows"
)

// askedAction is an action that a test asked for, with its result.
type askedAction struct {
	act    support.SupportAction
	result support.ActionResult
	turned error // by the validator
	err    error
	at     time.Time // of its result
}

// action has a person ask for something after a while: the audit entry first, then the
// workflow.
func (w *world) act(after time.Duration, r support.SupportAction) *askedAction {
	r.AuditID = ids.New()
	a := &askedAction{act: r}
	w.actions[r.AuditID] = a
	w.env.RegisterDelayedCallback(func() {
		if r.Case == oldest {
			r.Case = w.oldestOpen()
		}
		begin := support.AuditEntry{
			ID: r.AuditID, At: w.env.Now(), Actor: r.Actor, Role: support.RoleFinance, Action: r.Kind,
			PaymentID: w.payment.ID, Reason: "the merchant asks", Resolution: r.Resolution, Evidence: r.Evidence,
			Case: r.Case,
		}
		require.NoError(w.t, w.store.BeginAuditEntry(w.t.Context(), begin))
		w.ask(r.AuditID, a)
	}, after)
	return a
}

// oldest stands for the payment's oldest case that is open when the act is begun.
const oldest support.CaseID = "oldest"

// oldestOpen returns that case; "" for none.
func (w *world) oldestOpen() support.CaseID {
	w.t.Helper()
	cases, err := w.store.Cases(w.t.Context(), w.payment.ID)
	require.NoError(w.t, err)
	for _, c := range cases {
		if c.ClosedAt.IsZero() {
			return c.ID
		}
	}
	return ""
}

// ask puts an act to the workflow, by the ID of its row.
func (w *world) ask(id string, a *askedAction) {
	w.env.UpdateWorkflow(workflows.ActionUpdate, ids.New(), &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.turned = err },
		OnComplete: func(answer any, err error) {
			if result, ok := answer.(support.ActionResult); ok {
				a.result = result
			}
			a.err, a.at = err, w.env.Now()
		},
	}, id)
}

// requireResults proves that every act has the result that its person was told.
func (w *world) requireResults() {
	w.t.Helper()
	kept, err := w.store.AuditEntries(w.t.Context(), w.payment.ID, 1000)
	require.NoError(w.t, err)
	require.Len(w.t, kept, len(w.actions))
	for _, k := range kept {
		delivered := w.actions[k.ID]
		require.NoError(w.t, delivered.err)
		require.NotEmpty(w.t, delivered.result.Decision, "%s by %s was never answered", k.Action, k.Actor)
		require.Equal(w.t, delivered.result, k.Result)
	}
}

func recheck() support.SupportAction {
	return support.SupportAction{Kind: support.ActionRecheck, Actor: "awa"}
}

func redrive() support.SupportAction {
	return support.SupportAction{Kind: support.ActionRedrive, Actor: "awa"}
}

func resolve(actor string, as support.Resolution) support.SupportAction {
	return support.SupportAction{
		Kind: support.ActionResolve, Actor: actor, Resolution: as, Evidence: "statement of the day, line 12",
	}
}

func TestSupport(t *testing.T) {
	t.Parallel()

	const (
		paid     = pirogue.OutcomePaid
		absent   = pirogue.OutcomeAbsent
		declined = pirogue.OutcomeDeclined
	)
	type asked struct {
		after  time.Duration
		act    support.SupportAction
		want   support.Decision
		status pirogue.Status
	}
	lost, late := []error{unknown}, 2*finalityWindow
	silent := []scripted{{err: unknown}}
	// Each row is what people ask about a cash-out, and what they are told. The operator's
	// finality window is an hour.
	tests := map[string]struct {
		answers []error
		script  []scripted
		kind    pirogue.PaymentKind // "" means CASHOUT
		proves  bool                // that the operator does not know it, past its finality window
		asks    []asked
		want    pirogue.Status
		failure pirogue.FailureCode
		moved   int64 // of a payment that was paid in part
	}{
		"a recheck finds it paid": {
			script: []scripted{{from: 10 * time.Minute, outcome: paid}},
			asks:   []asked{{10*time.Minute + time.Second, recheck(), "SETTLED", "SUCCESS"}}, want: "SUCCESS",
		},
		"a recheck finds it undecided": {
			script: []scripted{{from: 10 * time.Minute, outcome: paid}},
			asks:   []asked{{time.Minute, recheck(), "WAITING", "PENDING"}}, want: "SUCCESS",
		},
		"a recheck while the operator is silent": {
			script: silent, asks: []asked{{time.Minute, recheck(), "WAITING", "PENDING"}}, want: "PENDING",
		},
		"a recheck hears a refusal for the first time": {
			script: []scripted{{from: 10*time.Minute + time.Second, outcome: declined}},
			asks:   []asked{{10*time.Minute + 2*time.Second, recheck(), "WAITING", "PENDING"}},
			want:   "FAILED", failure: pirogue.FailedDeclined,
		},
		"a redrive of what was accepted": {
			asks: []asked{{time.Minute, redrive(), "REFUSED", "PENDING"}, {late, redrive(), "REFUSED", "PENDING"}},
			want: "PENDING",
		},
		"a redrive of what may be on its way": {
			answers: lost, script: []scripted{{outcome: absent}},
			asks: []asked{{time.Minute, redrive(), "REFUSED", "PENDING"}}, want: "PENDING",
		},
		"a redrive while the operator is silent": {
			answers: lost, script: silent, asks: []asked{{late, redrive(), "REFUSED", "PENDING"}}, want: "PENDING",
		},
		"a redrive of what the operator does not know, which proves nothing": {
			answers: lost, script: []scripted{{outcome: absent}, {from: late - 30*time.Minute, outcome: paid}},
			asks: []asked{{late - 35*time.Minute, redrive(), "REFUSED", "PENDING"}}, want: "SUCCESS",
		},
		"a redrive of what the operator does not know for a day": {
			answers: lost, script: []scripted{{from: finalityWindow + time.Second, outcome: absent}},
			asks: []asked{
				{late, redrive(), "REFUSED", "PENDING"}, {late + time.Minute, redrive(), "REFUSED", "PENDING"},
			},
			want: "PENDING",
		},
		"a redrive of what absence proves was never executed": {
			answers: lost, script: []scripted{{from: finalityWindow + 3*time.Second, outcome: absent}}, proves: true,
			asks: []asked{
				{time.Minute, redrive(), "REFUSED", "PENDING"},
				{finalityWindow + 12*time.Second, redrive(), "SETTLED", "FAILED"},
			},
			want: "FAILED", failure: pirogue.FailedUnavailable,
		},
		"a redrive of a cash-in that is under way": {
			kind: pirogue.CashIn, asks: []asked{{time.Minute, redrive(), "REFUSED", "PENDING"}},
			want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
		"one person says it was paid": {
			script: silent, asks: []asked{{late, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"}},
			want: "PENDING",
		},
		"one person says it twice": {
			script: silent, asks: []asked{
				{late, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"},
				{late + time.Minute, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"},
			}, want: "PENDING",
		},
		"two people say that it was paid": {
			script: silent, asks: []asked{
				{late, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"},
				{late + time.Minute, resolve("moussa", support.ResolvedPaid), "SETTLED", "SUCCESS"},
			}, want: "SUCCESS",
		},
		"two people say that it was not": {
			script: silent, asks: []asked{
				{late, resolve("awa", support.ResolvedUnpaid), "PROPOSED", "PENDING"},
				{late + time.Second, resolve("moussa", support.ResolvedUnpaid), "SETTLED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedBySupport,
		},
		"two people correct what two people said": {
			script: silent, asks: []asked{
				{late, resolve("awa", support.ResolvedUnpaid), "PROPOSED", "PENDING"},
				{late + time.Second, resolve("moussa", support.ResolvedUnpaid), "SETTLED", "FAILED"},
				{late + time.Minute, resolve("awa", support.ResolvedPaid), "PROPOSED", "FAILED"},
				{late + 2*time.Minute, resolve("moussa", support.ResolvedPaid), "REFUSED", "FAILED"}, // a case has it
				{late + 3*time.Minute, resolve("awa", support.ResolvedPlaced), "PROPOSED", "FAILED"},
				{late + 4*time.Minute, resolve("moussa", support.ResolvedPlaced), "SETTLED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedBySupport,
		},
		"two people do not agree": {
			script: silent, asks: []asked{
				{late, resolve("awa", support.ResolvedUnpaid), "PROPOSED", "PENDING"},
				{late + time.Minute, resolve("moussa", support.ResolvedPaid), "PROPOSED", "PENDING"},
			}, want: "PENDING",
		},
		"two people against an operator that has it under way": {
			script: []scripted{{from: 10 * time.Minute, outcome: paid}}, asks: []asked{
				{time.Minute, resolve("awa", support.ResolvedUnpaid), "REFUSED", "PENDING"},
				{time.Minute, resolve("moussa", support.ResolvedUnpaid), "REFUSED", "PENDING"},
			}, want: "SUCCESS",
		},
		"two people against an operator that says paid": {
			script: []scripted{{from: 10*time.Minute + time.Second, outcome: paid}}, asks: []asked{
				{
					10*time.Minute + time.Second + time.Millisecond, resolve("awa", support.ResolvedUnpaid), "SETTLED",
					"SUCCESS",
				},
				{
					10*time.Minute + time.Second + time.Millisecond, resolve("moussa", support.ResolvedUnpaid),
					"SETTLED", "SUCCESS",
				},
			}, want: "SUCCESS",
		},
		"people resolve a cash-in": {
			kind: pirogue.CashIn,
			asks: []asked{{time.Minute, resolve("awa", support.ResolvedPaid), "REFUSED", "PENDING"}},
			want: "EXPIRED", failure: pirogue.FailedNotPaid,
		},
		"an action that means another case": {
			script: silent, asks: []asked{{late, resolve("awa", support.ResolvedPlaced), "REFUSED", "PENDING"}},
			want: "PENDING",
		},
		"an action after the end, while late money is looked for": {
			script: []scripted{{outcome: declined}}, asks: []asked{
				{time.Minute, recheck(), "REFUSED", "FAILED"},
				{time.Minute, redrive(), "REFUSED", "FAILED"},
				{2 * time.Minute, resolve("awa", support.ResolvedPaid), "REFUSED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedDeclined,
		},
		"an action after the end, and the operator is silent": {
			script: []scripted{{outcome: declined}, {from: 10 * time.Second, err: unknown}}, asks: []asked{
				{time.Minute, recheck(), "REFUSED", "FAILED"}, {2 * time.Minute, redrive(), "REFUSED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedDeclined,
		},
		"money that left otherwise is no stray money": {
			script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedReturn), "REFUSED", "PENDING"},
				{time.Hour, recheck(), "REFUSED", "PENDING"},
				{time.Hour, resolve("awa", support.ResolvedPlaced), "REFUSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedUnpaid), "PROPOSED", "PENDING"},
			}, want: "PENDING",
		},
		"money that left otherwise was the whole": {
			script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedPaid), "SETTLED", "SUCCESS"},
			}, want: "SUCCESS",
		},
		"money that left to somebody else was the whole": {
			script: []scripted{{outcome: paid, mismatch: "counterparty"}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedInPart), "REFUSED", "PENDING"},
				{time.Hour, resolve("awa", support.ResolvedPaid), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedPaid), "SETTLED", "SUCCESS"},
			}, want: "SUCCESS",
		},
		"money that left otherwise was a part": {
			script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedInPart), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedInPart), "SETTLED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedInPart, moved: 1500,
		},
		"money that left otherwise was none of it": {
			script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedUnpaid), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedUnpaid), "SETTLED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedBySupport,
		},
		"an unknown outcome has no part": {
			script: silent, asks: []asked{{late, resolve("awa", support.ResolvedInPart), "REFUSED", "PENDING"}},
			want: "PENDING",
		},
		"stray money that came in is given back by two people": {
			kind: pirogue.CashIn, script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedReturn), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedReturn), "WAITING", "PENDING"},
			}, want: "FAILED", failure: pirogue.FailedOtherwise,
		},
		"stray money that came in is placed by two people": {
			kind: pirogue.CashIn, script: []scripted{{outcome: paid, amount: 1500}}, asks: []asked{
				{time.Hour, resolve("awa", support.ResolvedPlaced), "PROPOSED", "PENDING"},
				{2 * time.Hour, resolve("moussa", support.ResolvedPlaced), "SETTLED", "FAILED"},
			}, want: "FAILED", failure: pirogue.FailedOtherwise,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.kind == "" {
				tt.kind = pirogue.CashOut
			}
			w := newWorldOf(t, setting{kind: tt.kind, finalityWindow: finalityWindow, proves: tt.proves})
			w.operator.answers, w.operator.script = tt.answers, tt.script
			var actions []*askedAction
			for _, a := range tt.asks {
				actions = append(actions, w.act(a.after, a.act))
			}
			w.env.SetWorkflowRunTimeout(4 * finalityWindow)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.failure, p.Failure.Code)
			for n, a := range tt.asks {
				require.Equal(t, a.want, actions[n].result.Decision, "act %d: %s", n+1, actions[n].result.Reason)
				require.Equal(t, a.status, actions[n].result.Status, "act %d: %s", n+1, actions[n].result.Reason)
			}
			w.requireResults()
			require.Len(t, w.operator.reached, 1, "submissions that may have arrived")
			if tt.kind == pirogue.CashOut {
				w.requireBalance(map[bool]int64{
					true: funds - tt.moved, false: funds - 5050,
				}[tt.want == pirogue.StatusFailed],
					map[bool]int64{true: 5050}[tt.want == pirogue.StatusPending])
			}
		})
	}
}

// The row proves that the first attempt is dead. The worker that counted the last absence died
// before anybody heard of it: a hundred redrives make one more attempt.
func TestHundredRedrives(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow, proves: true})
	r, died := w.rig(nil, nil), false
	w.operator.answers, w.operator.script = []error{unknown}, []scripted{
		{from: finalityWindow + time.Second, outcome: pirogue.OutcomeAbsent},
	}
	r.loses = func(name string) bool {
		_, a := w.latest()
		if name != "AskStatus" || a.Evidence.Outcome != pirogue.OutcomeAbsent || a.Evidence.Times < 3 || died {
			return false
		}
		died, w.operator.script = true, []scripted{{err: unknown}}
		return true
	}
	for range 100 {
		w.act(2*finalityWindow, redrive())
	}
	// The second submission is found paid: its scene is counted from then on.
	w.env.RegisterDelayedCallback(func() {
		w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
	}, 2*finalityWindow+time.Second)
	w.env.SetWorkflowRunTimeout(4 * finalityWindow)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, w.operator.reached, 2)
	require.NotEqual(t, w.operator.reached[0], w.operator.reached[1], "another attempt has another reference")
	w.requireResults()
	made := map[support.Decision]int{}
	for _, a := range w.actions {
		made[a.result.Decision]++ // who was read after the first were answered finds it paid
		require.Contains(
			t, []support.Decision{"RESUBMITTED", "SETTLED", "REFUSED"}, a.result.Decision, a.result.Reason,
		)
	}
	require.Positive(t, made[support.DecisionResubmitted])
	require.Equal(t, w.payment.AtOperator().Minor, w.paidOut(w.operator.reached[1]))
}

// An operator that executes a reference once is given it again by support only while it
// remembers it. It must just have said that it does not know it: an error says nothing.
func TestRedriveResends(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		after   time.Duration
		silence bool
		resend  time.Duration // that the operator promises; 0: nothing
		want    support.Decision
	}{
		"within five minutes":     {after: 3 * time.Minute, want: "RESUBMITTED"},
		"after an error":          {after: 3 * time.Minute, silence: true, want: "REFUSED"},
		"after five minutes":      {after: 6 * time.Minute, want: "REFUSED"},
		"within what is promised": {after: 20 * time.Minute, resend: 30 * time.Minute, want: "RESUBMITTED"},
		"after what is promised":  {after: 40 * time.Minute, resend: 30 * time.Minute, want: "REFUSED"},
		"an error within the promise": {
			after: 20 * time.Minute, silence: true, resend: 30 * time.Minute, want: "REFUSED",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{
				kind: pirogue.CashOut, power: operator.IdempotentByReference, finalityWindow: finalityWindow,
				resend: tt.resend,
			})
			w.operator.answers = slices.Repeat([]error{unknown}, 20)
			w.operator.script = []scripted{{outcome: pirogue.OutcomeAbsent}}
			if tt.silence {
				w.operator.script = []scripted{{err: unknown}}
			}
			sent := 0
			w.env.RegisterDelayedCallback(func() { sent = len(w.operator.refs) }, tt.after-time.Second)
			a := w.act(tt.after, redrive())
			w.env.RegisterDelayedCallback(func() {
				w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
			}, tt.after+time.Second)
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.Equal(t, tt.want, a.result.Decision, a.result.Reason)
			require.Equal(t, tt.want == support.DecisionResubmitted, len(w.operator.refs) == sent+1)
			require.NotContains(t, a.result.Reason, "proves it")
			for _, ref := range w.operator.refs {
				require.Equal(t, w.operator.refs[0], ref)
			}
		})
	}
}
