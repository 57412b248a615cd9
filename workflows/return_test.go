package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/support"
)

// Each row is stray money and what becomes of the refunds that are to give it back. It also
// holds what two people say, and whether the case is closed by it.
func TestReturn(t *testing.T) {
	t.Parallel()

	const paid = pirogue.OutcomePaid
	vain, done := pirogue.StatusFailed, pirogue.StatusSuccess
	lateAndReturned := setting{policy: pirogue.LateReturn}
	late := []scripted{{from: 6 * time.Minute, outcome: paid}}
	other := []scripted{{outcome: paid, amount: 1500}}
	placed, back := support.ResolvedPlaced, support.ResolvedReturn
	tests := map[string]struct {
		setting setting
		script  []scripted
		returns []pirogue.Status
		two     support.Resolution // say after half a day; "" for nobody
		early   bool               // they say it after an hour
		tries   int
		closed  bool
		want    pirogue.Status
	}{
		"late, and it arrives": {
			setting: lateAndReturned, script: late, tries: 1, closed: true,
			want: "EXPIRED",
		},
		"late, and the third try does": {
			setting: lateAndReturned, script: late,
			returns: []pirogue.Status{vain, vain, done}, tries: 3, closed: true, want: "EXPIRED",
		},
		"late, expired, then it arrives": {
			setting: lateAndReturned, script: late,
			returns: []pirogue.Status{"EXPIRED", done}, tries: 2, closed: true, want: "EXPIRED",
		},
		"late, and no try does": {
			setting: lateAndReturned, script: late,
			returns: slices.Repeat([]pirogue.Status{vain}, 9), tries: 5, want: "EXPIRED",
		},
		"late, no try, and people send it again": {
			setting: lateAndReturned, script: late, returns: append(slices.Repeat([]pirogue.Status{vain}, 6), done),
			two: back, tries: 7, closed: true, want: "EXPIRED",
		},
		"late, no try, and people place it": {
			setting: lateAndReturned, script: late, returns: slices.Repeat([]pirogue.Status{vain}, 9),
			two: placed, tries: 5, closed: true, want: "EXPIRED",
		},
		"another amount waits for people": {script: other, tries: 0, want: "PENDING"},
		"another amount, and it is sent back": {
			script: other, returns: []pirogue.Status{vain, done}, two: back, early: true, tries: 2, closed: true,
			want: "FAILED",
		},
		"another amount, and it does not arrive": {
			script: other, returns: slices.Repeat([]pirogue.Status{vain}, 9), two: back, early: true, tries: 5,
			want: "PENDING",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, tt.setting)
			w.operator.script, w.returned = tt.script, tt.returns
			after := 12 * time.Hour
			if tt.early {
				after = time.Hour
			}
			if tt.two != "" {
				w.act(after, resolve("awa", tt.two))
				w.act(after+time.Minute, resolve("moussa", tt.two))
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit() // and audits: money in suspense has an open case, for each payment
			require.Equal(t, tt.want, p.Status)
			open, closed := w.cases(p.ID)
			require.Equal(t, []int{map[bool]int{false: 1}[tt.closed], map[bool]int{true: 1}[tt.closed]},
				[]int{len(open), len(closed)})
			require.Equal(t, !tt.closed, w.env.GetWorkflowError() != nil, "the workflow is open as long as the case is")
			var refs []string
			for _, r := range w.launched {
				refs = append(refs, r.OrderID)
			}
			slices.Sort(refs)
			require.Len(t, slices.Compact(refs), tt.tries, "each try has a reference of its own")
			w.requireResults()
		})
	}
}

// While the money is on its way nobody can place it, and nobody is told that it is settled.
func TestReturnUnderWay(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateReturn})
	w.operator.script = []scripted{{from: 6 * time.Minute, outcome: pirogue.OutcomePaid}}
	w.returned = []pirogue.Status{"FAILED", "FAILED", "SUCCESS"}
	asked := []*askedAction{
		w.act(8*time.Minute, resolve("awa", support.ResolvedPlaced)),
		w.act(9*time.Minute, resolve("moussa", support.ResolvedPlaced)),
	}
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	for _, a := range asked {
		require.Equal(t, support.DecisionRefused, a.result.Decision, a.result.Reason)
	}
	require.Len(t, w.launched, 3)
}

// A history that is lost at any time while stray money goes back changes nothing: it goes back once,
// and its case is closed by that.
func TestReturnAfterLostHistory(t *testing.T) {
	t.Parallel()

	for _, lost := range []time.Duration{
		6 * time.Minute, 7 * time.Minute, 8 * time.Minute, 12 * time.Minute, 20 * time.Minute,
	} {
		w := newWorldOf(t, setting{policy: pirogue.LateReturn, finalityWindow: finalityWindow})
		w.operator.script = []scripted{{from: 5*time.Minute + 30*time.Second, outcome: pirogue.OutcomePaid}}
		w.returned = []pirogue.Status{"FAILED", "FAILED", "SUCCESS"}
		w.loseAfter(lost)
		w.rebuild()
		for _, r := range w.launched { // whose end was to come in the history that is gone
			w.env.RegisterDelayedCallback(func() { w.endReturn(r.ID) }, time.Minute)
		}
		w.env.SetWorkflowRunTimeout(openFor)
		p := w.runAndAudit()
		require.NoError(t, w.env.GetWorkflowError(), "lost after %s", lost)
		open, closed := w.cases(p.ID)
		require.Empty(t, open, "lost after %s", lost)
		require.Len(t, closed, 1)
		paid := 0
		for _, r := range w.launched {
			stands, _, err := w.store.Latest(t.Context(), r.ID)
			require.NoError(t, err)
			paid += map[bool]int{true: 1}[stands.Status == pirogue.StatusSuccess]
		}
		require.Equal(t, 1, paid, "lost after %s", lost)
	}
}

// A payment fails over, and its first operator collects hours later. The return gives that
// collection back, and leaves the one that the merchant was paid for alone.
func TestReturnReversesCollection(t *testing.T) {
	t.Parallel()

	for name, refunder := range map[string]pirogue.OperatorCode{
		"the operator of the case has a refund call": instance, "only the other operator has one": another,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, setting{next: true, policy: pirogue.LateReturn})
			w.operator.answers, w.operator.tokenless = []error{unable}, true
			w.operator.script = []scripted{
				{outcome: pirogue.OutcomeAbsent}, {from: 3 * time.Hour, outcome: pirogue.OutcomePaid},
			}
			w.next.script = paidAtOnce
			w.returns, w.refunds = true, []pirogue.OperatorCode{refunder}
			w.renew()
			w.next.now = w.env.Now
			w.register(false)
			w.env.SetWorkflowRunTimeout(10 * time.Hour)
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.Len(t, w.launched, 1)
			require.Equal(t, instance, w.launched[0].Operator)
			cashIn := w.payment.ID
			back := w.follow(w.launched[0])
			require.Equal(t, pirogue.StatusSuccess, back.Status)
			require.Zero(t, w.next.reversals, "what it collected stays the merchant's")
			if refunder == instance {
				require.Equal(t, w.operator.refs[:1], w.operator.reversed)
			}
			open, closed := w.cases(cashIn)
			require.Empty(t, open)
			require.Equal(t, []support.Cause{support.CauseEarlierPaid}, closed)
			w.audit()
		})
	}
}
