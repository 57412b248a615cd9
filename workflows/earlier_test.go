package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// TestArrival has a customer pay one order more than once: it is a success once at most. Every
// other arrival is booked and has a case, whatever the payment waits for.
func TestArrival(t *testing.T) {
	t.Parallel()
	const paid, pending = pirogue.OutcomePaid, pirogue.OutcomePending
	for name, tt := range map[string]struct {
		script      []scripted
		policy      pirogue.LatePolicy
		callbacksAt []time.Duration
		want        pirogue.Status
		cases       []support.Cause
		booked      int64 // all that is booked under the reference
		backs       int   // refunds that give it back
		waits       bool  // for a person
	}{
		"twice at once": {
			script: []scripted{{outcome: paid, extra: 5000}}, want: "SUCCESS", booked: 10_000, backs: 1,
			cases: []support.Cause{support.CauseSecondPayment},
		},
		"twice, and nothing is returned by itself": {
			script: []scripted{{outcome: paid, extra: 5000}}, policy: pirogue.LateAccept, want: "SUCCESS",
			booked: 10_000,
			cases:  []support.Cause{support.CauseSecondPayment}, waits: true,
		},
		"the order, while another amount waits for a person": {
			script: []scripted{{outcome: paid, amount: 2500}, {from: time.Hour, outcome: paid, extra: 2500}},
			want:   "PENDING", booked: 7500, backs: 1, waits: true,
			cases: []support.Cause{support.CauseAmountMismatch, support.CauseSecondPayment},
		},
		"the order, told by a callback past the finality window": {
			script:      []scripted{{outcome: paid, amount: 2500}, {from: 25 * time.Hour, outcome: paid, extra: 2500}},
			callbacksAt: []time.Duration{25*time.Hour + time.Minute}, want: "PENDING", booked: 7500, backs: 1,
			waits: true,
			cases: []support.Cause{support.CauseAmountMismatch, support.CauseSecondPayment},
		},
		"late, and late again": {
			script: []scripted{
				{outcome: pending},
				{from: 6 * time.Minute, outcome: paid},
				{from: 2 * time.Hour, outcome: paid, extra: 5000},
			},
			want: "EXPIRED", booked: 10_000, backs: 2,
			cases: []support.Cause{support.CauseLateSuccess, support.CauseLateSuccess},
		},
		"twice late, and it is accepted": {
			script: []scripted{{outcome: pending}, {from: 6 * time.Minute, outcome: paid, extra: 5000}},
			policy: pirogue.LateAccept, want: "SUCCESS", booked: 10_000, waits: true,
			cases: []support.Cause{support.CauseSecondPayment},
		},
		"once": {script: []scripted{{outcome: paid}}, want: "SUCCESS", booked: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.policy)
			w.operator.script = tt.script
			for _, after := range tt.callbacksAt {
				w.callBack(after)
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.waits, w.env.GetWorkflowError() != nil, "waits for a person")
			open, closed := w.cases(p.ID)
			require.Len(t, closed, tt.backs, "a return closes its case, and no other")
			require.ElementsMatch(t, tt.cases, append(open, closed...))
			in, _ := w.moved()
			require.Equal(t, tt.booked, in[string(w.operator.refs[0])])
			require.Len(t, w.launched, tt.backs)
		})
	}
}

// TestMoneyUnderEarlierAttempt has money move at the operator before a failover, after the
// payment ended with the one that came next.
func TestMoneyUnderEarlierAttempt(t *testing.T) {
	t.Parallel()
	const paid, absent = pirogue.OutcomePaid, pirogue.OutcomeAbsent
	type asked struct {
		after time.Duration
		act   support.SupportAction
		want  support.Decision
	}
	for name, tt := range map[string]struct {
		kind        pirogue.PaymentKind
		first       []scripted
		next        []scripted
		callbacksAt []time.Duration
		policy      pirogue.LatePolicy
		asks        []asked
		want        pirogue.Status
		open        []support.Cause
		closed      []support.Cause
		waits       bool
	}{
		"a cash-in that was paid by the next": {
			kind: pirogue.CashIn, first: []scripted{{outcome: absent}, {from: 3 * time.Hour, outcome: paid}},
			next: paidAtOnce,
			want: "SUCCESS", closed: []support.Cause{support.CauseEarlierPaid},
		},
		"and nothing is returned by itself": {
			kind: pirogue.CashIn, first: []scripted{{outcome: absent}, {from: 3 * time.Hour, outcome: paid}},
			next:   paidAtOnce,
			policy: pirogue.LateAccept, want: "SUCCESS", open: []support.Cause{support.CauseEarlierPaid}, waits: true,
		},
		"a cash-in that expired at the next": {
			kind: pirogue.CashIn, first: []scripted{{outcome: absent}, {from: 20 * time.Hour, outcome: paid}},
			next: neverKnown,
			want: "EXPIRED", closed: []support.Cause{support.CauseEarlierPaid},
		},
		"told by a callback while the next one waits": {
			kind: pirogue.CashIn, first: []scripted{{outcome: absent}, {from: time.Minute, outcome: paid}},
			next:        []scripted{{outcome: pirogue.OutcomePending}, {from: 4 * time.Minute, outcome: paid}},
			callbacksAt: []time.Duration{2 * time.Minute},
			want:        "SUCCESS", closed: []support.Cause{support.CauseEarlierPaid},
		},
		"nothing": {
			kind: pirogue.CashIn, first: neverKnown, next: paidAtOnce, want: "SUCCESS",
		},
		"a cash-out that was paid by the next": {
			kind: pirogue.CashOut, first: []scripted{{outcome: absent}, {from: 3 * time.Hour, outcome: paid}},
			next: paidAtOnce,
			want: "SUCCESS", open: []support.Cause{support.CauseEarlierPaid}, waits: true,
		},
		"a cash-out, settled by two people": {
			kind: pirogue.CashOut, first: []scripted{{outcome: absent}, {from: 3 * time.Hour, outcome: paid}},
			next: paidAtOnce,
			asks: []asked{
				{5 * time.Hour, resolve("awa", support.ResolvedPlaced), "PROPOSED"},
				{6 * time.Hour, resolve("moussa", support.ResolvedPlaced), "SETTLED"},
			},
			want: "SUCCESS", closed: []support.Cause{support.CauseEarlierPaid},
		},
		"support asks meanwhile": {
			kind: pirogue.CashOut, first: neverKnown, next: paidAtOnce,
			asks: []asked{{5 * time.Hour, resolve("awa", support.ResolvedUnpaid), "REFUSED"}}, want: "SUCCESS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: tt.kind, policy: tt.policy, next: true})
			w.operator.answers, w.operator.tokenless, w.operator.script = []error{unable}, true, tt.first
			w.next.script = tt.next
			for _, after := range tt.callbacksAt {
				w.callBack(after)
			}
			var actions []*askedAction
			for _, a := range tt.asks {
				actions = append(actions, w.act(a.after, a.act))
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.waits, w.env.GetWorkflowError() != nil, "waits for a person")
			open, closed := w.cases(p.ID)
			require.ElementsMatch(t, tt.open, open)
			require.ElementsMatch(t, tt.closed, closed)
			for n, a := range tt.asks {
				require.Equal(t, a.want, actions[n].result.Decision, actions[n].result.Reason)
			}
			moved := len(tt.open) + len(tt.closed)
			in, out := w.moved()
			if tt.kind == pirogue.CashIn {
				require.Equal(t, int64(5000*moved), in[string(w.operator.refs[0])])
			} else {
				require.Equal(t, int64(5000*moved), out[string(w.operator.refs[0])])
			}
		})
	}
}

// TestMoneyUnderRenewedAttempt has the customer pay the page of a lost answer. Others were made
// while the operator was tried again: every one that can be asked about is watched.
func TestMoneyUnderRenewedAttempt(t *testing.T) {
	t.Parallel()
	pending := []scripted{{outcome: pirogue.OutcomePending}}
	late := []scripted{{from: 3 * time.Hour, outcome: pirogue.OutcomePaid}}
	always := slices.Repeat([]error{unknown}, 100)
	for name, tt := range map[string]struct {
		answers     []error // to the first submissions
		unnamed     bool    // a lost answer named nothing
		first       []scripted
		others      []scripted
		callbacksAt []time.Duration
		want        pirogue.Status
		code        pirogue.FailureCode
		closed      []support.Cause
	}{
		"the second is paid as well": {
			answers: always[:1], first: late, others: paidAtOnce, want: "SUCCESS",
			closed: []support.Cause{support.CauseEarlierPaid},
		},
		"nobody pays the others": {
			answers: always[:2], first: late, others: pending, want: "EXPIRED", code: pirogue.FailedNotPaid,
			closed: []support.Cause{support.CauseEarlierPaid},
		},
		"told by a callback": {
			answers: always[:1], first: []scripted{{outcome: pirogue.OutcomePaid}}, others: pending,
			callbacksAt: []time.Duration{2 * time.Minute}, want: "EXPIRED", code: pirogue.FailedNotPaid,
			closed: []support.Cause{support.CauseEarlierPaid},
		},
		"every answer is lost": {
			answers: always, first: late, others: pending, want: "FAILED", code: pirogue.FailedUnconfirmed,
			closed: []support.Cause{support.CauseEarlierPaid},
		},
		"every answer is lost, and all but the first are paid": {
			answers: always, first: pending, others: late, want: "FAILED", code: pirogue.FailedUnconfirmed,
			closed: []support.Cause{support.CauseEarlierPaid, support.CauseLateSuccess},
		},
		"then nothing can be sent": {
			answers: append([]error{unknown}, slices.Repeat([]error{notSent}, 100)...), first: late, want: "FAILED",
			code: pirogue.FailedUnconfirmed, closed: []support.Cause{support.CauseEarlierPaid},
		},
		"nothing can be asked about": {
			answers: always, unnamed: true, want: "FAILED", code: pirogue.FailedUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: pirogue.CashIn, power: operator.NeitherByReference})
			w.operator.answers, w.operator.named = tt.answers, !tt.unnamed
			w.operator.script, w.operator.scriptOf = tt.others, map[int][]scripted{1: tt.first}
			for _, after := range tt.callbacksAt {
				w.callBack(after)
			}
			w.env.SetWorkflowRunTimeout(3 * openFor)
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.code, p.Failure.Code)
			open, closed := w.cases(p.ID)
			require.Empty(t, open)
			slices.Sort(closed)
			require.Equal(t, tt.closed, slices.Compact(closed), "how many attempts there were depends on chance")
			in, _ := w.moved()
			if len(tt.closed) > 0 && len(tt.first) > 0 && tt.first[0].outcome == pirogue.OutcomePaid {
				require.Equal(t, int64(5000), in[string(w.operator.refs[0])])
			}
		})
	}
}

// A payment with one attempt is not watched after its success, and asks for no list.
func TestSingleAttemptIsNotWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pirogue.LateReturn)
	w.operator.script = paidAtOnce
	ran := map[string]int{}
	w.rig(nil, func(name string) bool {
		ran[name]++
		return false
	})
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, map[string]int{"Submit": 1, "AskStatus": 1, "Finalize": 1, "DeliverFirst": 1}, ran)
}

// moved returns what went through the operator.
func (w *world) moved() (in, out map[string]int64) {
	w.t.Helper()
	in, out, err := w.store.OperatorBook(w.t.Context(), instance)
	require.NoError(w.t, err)
	return in, out
}

// TestSuccessIsVerified starts the workflow of a payment that is SUCCESS once more, as a
// callback after its end does. The operator says something else than before.
func TestSuccessIsVerified(t *testing.T) {
	t.Parallel()
	const paid, declined = pirogue.OutcomePaid, pirogue.OutcomeDeclined
	people := []support.SupportAction{resolve("awa", support.ResolvedPlaced), resolve("moussa", support.ResolvedPlaced)}
	for name, tt := range map[string]struct {
		kind   pirogue.PaymentKind
		later  []scripted
		people []support.SupportAction
		asked  support.Decision // on a recheck by support; "": nobody asks
		late   bool             // its row is read only when the verification has ended
		open   []support.Cause
		closed []support.Cause
		booked int64
		waits  bool
	}{
		"it is paid": {kind: pirogue.CashIn, later: []scripted{{outcome: paid}}, booked: 5000},
		"support asks, and it is paid": {
			kind: pirogue.CashOut, later: []scripted{{outcome: paid}}, booked: 5000, asked: support.DecisionSettled,
		},
		"support asks, and the workflow learns it late": {
			kind: pirogue.CashOut, later: []scripted{{outcome: paid}}, booked: 5000, asked: support.DecisionSettled,
			late: true,
		},
		"support asks, and it is taken back": {
			kind: pirogue.CashOut, later: []scripted{{outcome: declined}}, booked: 5000,
			asked: support.DecisionRefused, waits: true,
			open: []support.Cause{support.CauseReversed},
		},
		"support asks, and nothing is known": {
			kind: pirogue.CashOut, later: []scripted{{err: unknown}}, booked: 5000, asked: support.DecisionWaiting,
		},
		"a cash-in that was paid again": {
			kind: pirogue.CashIn, later: []scripted{{outcome: paid, extra: 5000}}, booked: 10_000,
			closed: []support.Cause{support.CauseSecondPayment},
		},
		"a cash-in that is taken back": {
			kind: pirogue.CashIn, later: []scripted{{outcome: declined}}, booked: 5000, waits: true,
			open: []support.Cause{support.CauseReversed},
		},
		"a cash-in that is taken back, and people know": {
			kind: pirogue.CashIn, later: []scripted{{outcome: declined}}, booked: 5000, people: people,
			closed: []support.Cause{support.CauseReversed},
		},
		"a cash-out that is taken back": {
			kind: pirogue.CashOut, later: []scripted{{outcome: declined}}, booked: 5000, waits: true,
			open: []support.Cause{support.CauseReversed},
		},
		"a cash-out whose status flaps": {
			kind: pirogue.CashOut, later: []scripted{{outcome: declined}, {from: time.Second, outcome: paid}},
			booked: 5000,
		},
		"nothing is known": {kind: pirogue.CashOut, later: []scripted{{err: unknown}}, booked: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: tt.kind})
			w.operator.script = paidAtOnce
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			before := w.balance()

			w.renew()
			w.register(false)
			w.operator.script, w.operator.began = tt.later, w.env.Now()
			w.input.Resumes = &lifecycle.Resumption{Status: pirogue.StatusSuccess, FirstSent: w.env.Now(), Attempts: 1}
			for n, r := range tt.people {
				w.act(time.Duration(n+2)*time.Hour, r)
			}
			if tt.late {
				a := activities.New(activities.Config{Store: activitiestest.Store(w.store), Clock: w.env.Now})
				w.env.OnActivity("LoadAction", mock.Anything, mock.Anything).Return(a.LoadAction).After(time.Minute)
			}
			var asked *askedAction
			if tt.asked != "" {
				asked = w.act(0, support.SupportAction{Kind: support.ActionRecheck, Actor: "awa"})
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			if asked != nil {
				require.Equal(t, tt.asked, asked.result.Decision, asked.result.Reason)
			}
			require.Equal(t, pirogue.StatusSuccess, p.Status)
			require.Equal(t, tt.waits, w.env.GetWorkflowError() != nil, "waits for a person")
			open, closed := w.cases(p.ID)
			require.ElementsMatch(t, tt.open, open)
			require.ElementsMatch(t, tt.closed, closed)
			require.Equal(t, before, w.balance(), "no money of the merchant's is moved")
			in, out := w.moved()
			require.Equal(t, tt.booked, in[string(w.operator.refs[0])]+out[string(w.operator.refs[0])])
		})
	}
}

// Each row is a success that its operator takes back, after refunds of so much: the operator itself
// has done it unless we gave all of it back by its refund call.
func TestReversalAfterRefunds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call    bool // the operator has a refund call
		refunds []int64
		pending bool // the last refund is under way
		want    []support.Cause
	}{
		"a part, by its call": {
			call: true, refunds: []int64{100}, want: []support.Cause{support.CauseReversed},
		},
		"all, into the wallet":           {refunds: []int64{5000}, want: []support.Cause{support.CauseReversed}},
		"all, by its call":               {call: true, refunds: []int64{5000}},
		"all, by its call, and in parts": {call: true, refunds: []int64{2000, 3000}},
		"all, and the call is under way": {call: true, refunds: []int64{5000}, pending: true},
		"a part, and it is under way": {
			call: true, refunds: []int64{4999}, pending: true, want: []support.Cause{support.CauseReversed},
		},
		"nothing": {call: true, want: []support.Cause{support.CauseReversed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{policy: pirogue.LateReturn, refunds: tt.call})
			w.operator.script = paidAtOnce
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			for n, amount := range tt.refunds {
				refund, attempt := w.write(pirogue.Payment{
					Kind: pirogue.Refund, OrderID: fmt.Sprint("refund_", n), ParentID: w.payment.ID,
					Amount: xof(amount), Fee: xof(0),
				})
				w.sent(attempt)
				if tt.pending && n == len(tt.refunds)-1 {
					continue
				}
				_, err := w.store.Finalize(t.Context(), lifecycle.Finalization{
					PaymentID: refund.ID, Status: pirogue.StatusSuccess, At: w.env.Now(),
				})
				require.NoError(t, err)
			}
			w.renew()
			w.register(tt.call)
			w.operator.script, w.operator.began = []scripted{{outcome: pirogue.OutcomeDeclined}}, w.env.Now()
			before, _ := w.latest()
			w.input.Resumes = &lifecycle.Resumption{Status: before.Status, FirstSent: w.env.Now(), Attempts: 1}
			w.callBack(0)
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			open, closed := w.cases(p.ID)
			require.Equal(t, tt.want, open)
			require.Empty(t, closed)
		})
	}
}
