package workflows_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/support"
)

// faultCases is payments that a fault at any point must not change. Each says what becomes
// of it and how often it may reach the operator.
var faultCases = map[string]struct {
	setting setting
	answers []error
	script  []scripted
	want    pirogue.Status
}{
	"a cash-out that is paid": {
		setting: setting{kind: pirogue.CashOut, finalityWindow: finalityWindow},
		script:  []scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}}, want: "SUCCESS",
	},
	"a cash-out whose answer is lost": {
		setting: setting{kind: pirogue.CashOut, finalityWindow: finalityWindow}, answers: []error{unknown},
		script: []scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}}, want: "SUCCESS",
	},
	"a cash-out that is declined": {
		setting: setting{kind: pirogue.CashOut, finalityWindow: 5 * time.Minute},
		script:  []scripted{{outcome: pirogue.OutcomeDeclined}}, want: "FAILED",
	},
	"a refund that is paid": {
		setting: setting{kind: pirogue.Refund, finalityWindow: finalityWindow},
		script:  []scripted{{from: 6 * time.Second, outcome: pirogue.OutcomePaid}}, want: "SUCCESS",
	},
	"a cash-in that is declined, then paid": {
		setting: setting{kind: pirogue.CashIn, policy: pirogue.LateReturn, finalityWindow: finalityWindow},
		script:  []scripted{{outcome: pirogue.OutcomeDeclined}, {from: 30 * time.Second, outcome: pirogue.OutcomePaid}},
		want:    "FAILED",
	},
}

func TestDatabaseFailsAnywhere(t *testing.T) {
	t.Parallel()

	for name, faultCase := range faultCases {
		for _, when := range []faultTime{before, after} {
			t.Run(fmt.Sprint(
				name, map[faultTime]string{before: ", not written", after: ", written"}[when],
			), func(t *testing.T) {
				t.Parallel()

				// One call fails, the n-th, until the workflow ends before it comes to that.
				kept := openDatabase(t)
				hit := true
				for n := 1; hit; n++ {
					var calls, hits atomic.Int64 // a run that goes on late calls beside its successor
					w := kept.world(t, faultCase.setting)
					w.operator.answers, w.operator.script = faultCase.answers, faultCase.script
					w.rig(func(string) faultTime {
						if calls.Add(1) != int64(n) {
							return spared
						}
						hits.Add(1)
						return when
					}, nil)
					w.requireOnce(faultCase.want, n)
					if hit = hits.Load() > 0; !hit {
						w.audit()
					}
				}
			})
		}
	}
}

func TestWorkerDiesAnywhere(t *testing.T) {
	t.Parallel()

	for name, faultCase := range faultCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			kept := openDatabase(t)
			hit := true
			for n := 1; hit; n++ {
				var runs atomic.Int64 // a run that goes on late ends beside its successor
				w := kept.world(t, faultCase.setting)
				w.operator.answers, w.operator.script = faultCase.answers, faultCase.script
				w.rig(nil, func(string) bool {
					return runs.Add(1) == int64(n)
				})
				w.requireOnce(faultCase.want, n)
				if hit = runs.Load() >= int64(n); !hit {
					w.audit()
				}
			}
		})
	}
}

// rig replaces the world's activities by ones that fail. The functions are called by
// one activity after the other.
func (w *world) rig(fails func(string) faultTime, loses func(string) bool) *rig {
	if fails == nil {
		fails = func(string) faultTime { return spared }
	}
	w.renew()
	r := newRig(w.env, activities.New(activities.Config{
		Store: activitiestest.Store(&faultyStore{AllStores: w.store, fails: fails}), Operators: w.instances(false),
		Routes:    routes{w.instances(false)},
		Workflows: w, Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	}))
	r.loses = loses
	return r
}

// requireOnce runs the workflow and proves that it and the payment ended as they must. Money
// must be sent once.
func (w *world) requireOnce(want pirogue.Status, n int) {
	w.t.Helper()
	w.env.SetWorkflowRunTimeout(openFor)
	p := w.run()
	require.NoError(w.t, w.env.GetWorkflowError(), "with fault %d", n)
	require.Equal(w.t, want, p.Status, "with fault %d", n)
	if p.Kind.MoneyOut() {
		require.LessOrEqual(w.t, len(w.operator.reached), 1, "sent twice, with fault %d", n)
	}
	if p.Kind == pirogue.CashIn {
		require.NotEmpty(w.t, w.launched, "nothing went back, with fault %d", n)
	}
	for _, back := range w.launched {
		require.Equal(w.t, w.launched[0].ID, back.ID, "given back twice, with fault %d", n)
	}
}

func TestHistoryLostAnytime(t *testing.T) {
	t.Parallel()

	for name, faultCase := range faultCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			kept := openDatabase(t)
			for _, lost := range []time.Duration{0, time.Second, 6 * time.Second, 11 * time.Second} {
				w := kept.world(t, faultCase.setting)
				w.operator.answers, w.operator.script = faultCase.answers, faultCase.script
				r := w.rig(nil, nil)
				w.env.RegisterDelayedCallback(func() { r.vanish(); loseHistory(w.env) }, lost)
				w.run()
				w.rig(nil, nil)
				p := w.runAndAudit()
				require.True(t, p.Status.Terminal(), "%s: %s", lost, p.Status)
				if p.Kind.MoneyOut() {
					require.Len(t, w.operator.reached, 1, "the history was lost after %s", lost)
				}
			}
		})
	}
}

func TestUnknownCaseIsClosed(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.answers, w.operator.script = []error{unknown}, []scripted{
		{outcome: pirogue.OutcomeAbsent}, {from: 2*finalityWindow + time.Minute, outcome: pirogue.OutcomePaid},
	}
	r := w.rig(nil, nil)
	w.env.RegisterDelayedCallback(func() { r.vanish(); loseHistory(w.env) }, 2*finalityWindow)
	w.runAndAudit()
	open, _ := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseUnknown}, open)

	w.rig(nil, nil)
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	open, closed := w.cases(w.payment.ID)
	require.Empty(t, open)
	require.Equal(t, []support.Cause{support.CauseUnknown}, closed)
}

func TestManyWorkersOneSubmission(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut})
	a := activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(false), Workflows: w, Clock: w.env.Now,
		Callbacks: urls{},
	})
	var sent atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			in := activities.SubmitInput{PaymentID: w.payment.ID, Candidate: w.input.Current}
			done, err := a.Submit(t.Context(), in)
			if err == nil && done.SentBy == activities.SentByThisRun {
				sent.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, sent.Load())
	require.Len(t, w.operator.reached, 1)
}
