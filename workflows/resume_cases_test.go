package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// hours returns moments that lie so many hours ahead.
func hours(ahead ...time.Duration) []time.Duration {
	for i := range ahead {
		ahead[i] *= time.Hour
	}
	return ahead
}

// Several arrivals have a case each. A lost history forgets none of them: people settle one
// after the other, and the payment is finished only then.
func TestResumeSettlesEveryCase(t *testing.T) {
	t.Parallel()

	const paid = pirogue.OutcomePaid
	placed := support.ResolvedPlaced
	second, late := support.CauseSecondPayment, support.CauseLateSuccess
	for name, tt := range map[string]struct {
		policy  pirogue.LatePolicy
		script  []scripted
		lost    time.Duration
		people  []time.Duration // when they settle a case after the loss
		want    pirogue.Status
		before  []support.Cause // open when the history is lost
		settled []support.Cause
	}{
		"two of one cause": {
			policy: pirogue.LateAccept, people: hours(7, 10), want: "SUCCESS", lost: 30 * time.Hour,
			script: []scripted{
				{from: 6 * time.Minute, outcome: paid, extra: 5000},
				{from: 3 * time.Hour, outcome: paid, extra: 10_000},
			},
			before: []support.Cause{second, second}, settled: []support.Cause{second, second},
		},
		"one that came before the loss, and one after it": {
			policy: pirogue.LateReturn, people: hours(12, 14), want: "EXPIRED", lost: 10 * time.Hour,
			script: []scripted{
				{from: 6 * time.Minute, outcome: paid}, {from: 14 * time.Hour, outcome: paid, extra: 5000},
			},
			before: []support.Cause{late}, settled: []support.Cause{late, second},
		},
		"one that came after the other was settled": {
			policy: pirogue.LateReturn, people: hours(4), want: "EXPIRED", lost: 10 * time.Hour,
			script: []scripted{
				{from: 6 * time.Minute, outcome: paid}, {from: 20 * time.Hour, outcome: paid, extra: 5000},
			},
			before: []support.Cause{late}, settled: []support.Cause{late},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, tt.policy)
			w.returned = slices.Repeat([]pirogue.Status{pirogue.StatusFailed}, 20)
			w.operator.script = tt.script
			w.loseAfter(tt.lost)
			open, _ := w.cases(w.payment.ID)
			require.Equal(t, tt.before, open)

			w.rebuild()
			for _, after := range tt.people {
				for n, actor := range []string{"fanta", "seydou"} {
					r := resolve(actor, placed)
					r.Case = oldest
					w.act(after+time.Duration(n)*time.Minute, r)
				}
			}
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			open, closed := w.cases(p.ID)
			require.ElementsMatch(t, tt.settled, closed)
			require.Equal(t, len(open) == 0, !p.FinishedAt.IsZero(), "it has something to do as long as a case is open")
			in, _ := w.moved()
			last := tt.script[len(tt.script)-1]
			require.Equal(t, 5000+last.extra, in[string(w.operator.refs[0])], "every arrival is booked")
		})
	}
}

// An outcome that is unknown at the next operator calls for a person again. The outcome of the
// one before has been learned.
func TestUnknownCaseAfterFailover(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true, finalityWindow: finalityWindow})
	w.operator.answers = []error{unable}
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePending},
		{from: 2 * finalityWindow, outcome: pirogue.OutcomeDeclined},
	}
	w.next.finalityWindow, w.next.answers, w.next.script = finalityWindow, []error{unknown}, neverKnown
	w.env.SetWorkflowRunTimeout(openFor)
	require.Equal(t, pirogue.StatusPending, w.runAndAudit().Status)
	require.Len(t, w.next.reached, 1)
	open, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseUnknown}, open)
}

// A collection whose answer was lost ends although its merchant is suspended meanwhile.
func TestResumeSuspendedCashIn(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashIn, power: operator.NeitherByReference})
	w.operator.answers, w.operator.script = []error{unknown}, neverKnown
	w.operator.during = func() { w.suspend(0, 0) }
	w.env.SetWorkflowRunTimeout(10 * 24 * time.Hour)
	p := w.runAndAudit()
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, pirogue.StatusFailed, p.Status)
	require.Equal(t, pirogue.FailedUnavailable, p.Failure.Code)
	require.Len(t, w.operator.reached, 1)
}

// A payment whose workflow was lost goes on to the next operator: the finality window there counts from when
// it was sent there.
func TestResumeFinalityWindow(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true, finalityWindow: finalityWindow})
	w.operator.answers = []error{unable}
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePending}, {from: 45 * time.Minute, outcome: pirogue.OutcomeDeclined},
	}
	w.loseAfter(30 * time.Minute)
	w.rebuild()
	w.next.now, w.next.answers, w.next.script = w.env.Now, []error{unknown}, neverKnown
	w.env.RegisterDelayedCallback(func() {
		require.Len(t, w.next.reached, 1)
		open, _ := w.cases(w.payment.ID)
		require.Empty(t, open, "the next operator has an hour")
	}, 45*time.Minute)
	w.env.SetWorkflowRunTimeout(openFor)
	w.run()
	open, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseUnknown}, open)
}
