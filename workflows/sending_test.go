package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// kinds is every kind of payment.
var kinds = []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut, pirogue.Refund}

// Whatever starts a workflow late, be it the sweep, a reset or a worker that was away:
// nothing is sent past the start deadline. The sweep takes no part here.
func TestLateStart(t *testing.T) {
	t.Parallel()

	for _, kind := range kinds {
		for age, want := range map[time.Duration]pirogue.Status{
			operator.StartDeadline - time.Second: pirogue.StatusSuccess,
			operator.StartDeadline:               pirogue.StatusExpired,
			2 * time.Minute:                      pirogue.StatusExpired,
		} {
			t.Run(fmt.Sprint(kind, " after ", age), func(t *testing.T) {
				t.Parallel()
				w := newWorldOf(t, setting{kind: kind})
				w.operator.script = paidAtOnce
				w.env.SetStartTime(w.env.Now().Add(age))
				p := w.runAndAudit()
				require.NoError(t, w.env.GetWorkflowError())
				require.Equal(t, want, p.Status)
				require.Len(t, w.operator.refs, map[bool]int{true: 1}[want == pirogue.StatusSuccess])
				if kind.MoneyOut() {
					require.Zero(t, w.balance().Reserved, "the hold is free")
				}
				if want == pirogue.StatusExpired {
					require.Equal(t, pirogue.FailedNotStarted, p.Failure.Code)
					require.Len(t, w.endpoint.events, 1, "the merchant hears of it")
				}
			})
		}
	}
}

// The contract of an operator allows one call a second, and so many payments came first.
func TestTakeUp(t *testing.T) {
	t.Parallel()

	for _, kind := range kinds {
		turns := []int{1, 19, 21, 89, 91, 150}
		if kind.MoneyOut() { // no customer is asked past the payment's window
			turns = append(turns, 600)
		}
		for _, turn := range turns {
			t.Run(fmt.Sprint(kind, " after ", turn), func(t *testing.T) {
				t.Parallel()
				w := newWorldOf(t, setting{kind: kind})
				w.operator.script = paidAtOnce
				w.queued(time.Duration(turn) * time.Second)
				asked := 95 * time.Second // the sweep looks
				w.env.RegisterDelayedCallback(func() {
					p, a := w.latest()
					if time.Duration(turn)*time.Second > asked {
						require.Equal(t, pirogue.StatusPending, p.Status, "it is taken up")
						require.Equal(t, "waits for its turn at the operator", a.OperatorMessage)
					}
					require.NotEqual(t, pirogue.StatusCreated, p.Status, "the sweep would expire it")
				}, asked)
				p := w.runAndAudit()
				require.NoError(t, w.env.GetWorkflowError())
				require.Equal(t, pirogue.StatusSuccess, p.Status)
				require.Len(t, w.operator.refs, 1)
			})
		}
	}
}

// Workers were away for two minutes, and then all payments that were accepted meanwhile
// wait for their turns at once.
func TestTakeUpPastDeadline(t *testing.T) {
	t.Parallel()

	for _, turn := range []time.Duration{time.Second, time.Minute} {
		w := newWorldOf(t, setting{kind: pirogue.CashOut})
		w.env.SetStartTime(w.env.Now().Add(2 * time.Minute))
		w.queued(turn)
		p := w.runAndAudit()
		require.NoError(t, w.env.GetWorkflowError())
		require.Equal(t, pirogue.StatusExpired, p.Status)
		require.Empty(t, w.operator.refs)
		require.Zero(t, w.balance().Reserved)
	}
}

// queued has the first submission wait in the operator's queue.
func (w *world) queued(turn time.Duration) {
	a := activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(false), Routes: routes{w.instances(false)}, Workflows: w,
		Sender: w.endpoint, Clock: w.env.Now, Callbacks: urls{},
	})
	w.env.OnActivity("Submit", mock.Anything, mock.Anything).Return(a.Submit).After(turn)
}

// anyAge lets an attempt leave again however old it is.
var anyAge = operator.SendLimits{Again: 1000 * time.Hour}

// limits returns anyAge for an attempt that may leave again.
func limits(again bool) operator.SendLimits {
	if again {
		return anyAge
	}
	return operator.SendLimits{}
}

// stalledRun is a run of Submit that was given up while it hung: what it does comes late.
type stalledRun struct {
	w       *world
	again   bool
	sending lifecycle.Sending
	id      pirogue.AttemptID
}

// sends marks the attempt SENT.
func (z *stalledRun) sends() {
	_, a := z.w.latest()
	var err error
	z.id = a.ID
	z.sending, err = z.w.store.Send(z.w.t.Context(), a.ID, limits(z.again), z.w.env.Now())
	require.NoError(z.w.t, err)
	require.Equal(z.w.t, lifecycle.SendMarked, z.sending.Result)
}

// failsToDial writes that nothing was sent.
func (z *stalledRun) failsToDial() {
	_, err := z.w.store.RecordAttemptResult(z.w.t.Context(), lifecycle.AttemptResult{
		AttemptID: z.id, Sending: z.sending.Number, State: pirogue.AttemptPrepared, Message: "i/o timeout",
		At: z.w.env.Now(),
	})
	require.NoError(z.w.t, err)
}

// The insisting run is cut off while it dials; the last try finds its mark, and its answer
// comes when the operator is asked already.
func TestLateProofOfNotSent(t *testing.T) {
	t.Parallel()

	for _, kind := range []pirogue.PaymentKind{pirogue.CashOut, pirogue.Refund} {
		for _, power := range []operator.ReferencePower{operator.StatusByReference, operator.IdempotentByReference} {
			t.Run(fmt.Sprint(kind, " ", power), func(t *testing.T) {
				t.Parallel()
				w := newWorldOf(t, setting{kind: kind, power: power})
				w.operator.answers, w.operator.script = down, neverKnown
				z, began := &stalledRun{w: w, again: power == operator.IdempotentByReference}, time.Time{}
				w.rig(func(method string) faultTime {
					if began.IsZero() {
						began = w.env.Now()
					}
					switch {
					case method == "Latest" && z.id == "" && w.env.Now().Sub(began) >= 59*time.Second:
						z.sends()
					case method == "RecordPoll" && z.id != "":
						z.failsToDial()
					}
					return spared
				}, nil)
				p := w.runAndAudit()
				require.NoError(t, w.env.GetWorkflowError())
				require.NotEmpty(t, z.id, "nothing hung")
				require.Equal(t, pirogue.StatusFailed, p.Status)
				require.Equal(t, pirogue.FailedUnavailable, p.Failure.Code)
				require.Empty(t, w.operator.reached)
				require.Zero(t, w.balance().Reserved, "the hold is free")
				open, _ := w.cases(p.ID)
				require.Empty(t, open)
			})
		}
	}
}

// A run that was given up sends while the payment is to end as not sent: it does not end, and
// the operator is asked.
func TestSentDuringFinalize(t *testing.T) {
	t.Parallel()

	for _, kind := range []pirogue.PaymentKind{pirogue.CashOut, pirogue.Refund} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: kind})
			w.operator.answers, w.operator.script = down, paidAtOnce
			z := &stalledRun{w: w}
			w.rig(func(method string) faultTime {
				if method == "Finalize" && z.id == "" {
					z.sends()
				}
				return spared
			}, nil)
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.NotEmpty(t, z.id, "it was not to end")
			require.Equal(t, pirogue.StatusSuccess, p.Status)
		})
	}
}

// Each row is a cash-in that its workflow takes up again hours after it was accepted: its customer
// is not asked to pay any more.
func TestCashInPastWindow(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		before func(*world, pirogue.Attempt)
		want   pirogue.Status
		code   pirogue.FailureCode
	}{
		"it waited in the queue of its operator": {
			func(w *world, a pirogue.Attempt) {
				ok, err := w.store.Postpone(w.t.Context(), a.ID, "waits for its turn", w.env.Now().Add(20*time.Second))
				require.NoError(w.t, err)
				require.True(w.t, ok)
			}, "EXPIRED", pirogue.FailedNotStarted,
		},
		"the answer to its submission was lost": {
			func(w *world, a pirogue.Attempt) {
				w.sent(a)
				_, err := w.store.RecordAttemptResult(w.t.Context(), lifecycle.AttemptResult{
					AttemptID: a.ID, Sending: 1, State: pirogue.AttemptUnknown, At: w.env.Now(),
				})
				require.NoError(w.t, err)
			}, "FAILED", pirogue.FailedUnconfirmed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{policy: pirogue.LateReturn})
			_, a := w.latest()
			tt.before(w, a)
			began := w.env.Now()
			env := quiet().NewTestWorkflowEnvironment()
			env.SetTestTimeout(time.Minute)
			setWorker(env, 0)
			env.SetStartTime(began.Add(6 * time.Hour))
			w.env = env
			w.operator.now, w.endpoint = env.Now, &endpoint{now: env.Now}
			w.register(false)
			w.operator.script = paidAtOnce
			w.input.Resumes = &lifecycle.Resumption{Status: pirogue.StatusPending, Attempts: 1}
			p := w.runAndAudit()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.code, p.Failure.Code)
			require.Empty(t, w.operator.refs)
		})
	}
}

// Stray money goes back however long it waits: its case closes with it, and nobody asks
// for it again.
func TestReturnWithoutStartDeadline(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{policy: pirogue.LateReturn})
	w.returns = true
	w.env.SetWorkflowRunTimeout(openFor)
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomePending}, {from: 10 * time.Minute, outcome: pirogue.OutcomePaid},
	}
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	require.Len(t, w.launched, 1)
	back, attempt, err := w.store.Latest(t.Context(), w.launched[0].ID)
	require.NoError(t, err)
	require.Zero(t, back.StartDeadline)
	sending, err := w.store.Send(t.Context(), attempt.ID, operator.SendLimits{}, w.env.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, lifecycle.SendMarked, sending.Result)
}
