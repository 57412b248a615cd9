package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

var (
	paidAtOnce = []scripted{{outcome: pirogue.OutcomePaid}}
	neverKnown = []scripted{{outcome: pirogue.OutcomeAbsent}}
)

func TestFailover(t *testing.T) {
	t.Parallel()

	lost := []error{unknown}
	for name, tt := range map[string]struct {
		kind   pirogue.PaymentKind
		first  []error    // what the first operator's submission fails with
		script []scripted // what the first operator says of it
		want   pirogue.Status
		moved  bool // the second operator got it
	}{
		"a cash-in that could not be sent":         {pirogue.CashIn, []error{notSent}, nil, "SUCCESS", true},
		"a cash-in the operator is unable to take": {pirogue.CashIn, []error{unable}, nil, "SUCCESS", true},
		"a cash-in that was refused":               {pirogue.CashIn, []error{refused}, nil, "FAILED", false},
		"a cash-in that was accepted":              {pirogue.CashIn, nil, paidAtOnce, "SUCCESS", false},
		"a cash-out that could not be sent":        {pirogue.CashOut, []error{notSent}, nil, "SUCCESS", true},
		"a cash-out the operator is unable to take": {
			pirogue.CashOut, []error{unable}, neverKnown, "SUCCESS", true,
		},
		"a cash-out it was unable to take, but paid": {
			pirogue.CashOut, []error{unable}, paidAtOnce, "SUCCESS", false,
		},
		"a cash-out that was refused": {
			pirogue.CashOut, []error{refused}, neverKnown, "FAILED", false,
		},
		"a cash-out whose answer was lost, and was paid":  {pirogue.CashOut, lost, paidAtOnce, "SUCCESS", false},
		"a cash-out whose answer was lost, and not known": {pirogue.CashOut, lost, neverKnown, "PENDING", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: tt.kind, next: true})
			w.operator.answers, w.operator.script = tt.first, tt.script
			w.next.script = paidAtOnce
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.LessOrEqual(t, len(w.operator.refs), 1)
			require.Equal(t, tt.moved, len(w.next.reached) == 1, "%v", w.next.reached)
			if tt.moved {
				require.Equal(t, another, p.Operator)
				require.NotEqual(t, w.operator.refs[0], w.next.reached[0])
			}
		})
	}
}

func TestFailoverStalledRun(t *testing.T) {
	t.Parallel()

	for name, wakes := range map[string]struct {
		before string // a call to the database
		nth    int
	}{
		"before the next operator's turn": {"Latest", 2},
		"in the middle of it":             {"Renew", 1},
	} {
		for _, kind := range []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut} {
			t.Run(fmt.Sprint(kind, " ", name), func(t *testing.T) {
				t.Parallel()
				w := newWorldOf(t, setting{kind: kind, next: true})
				w.operator.answers, w.operator.script = []error{notSent}, paidAtOnce
				calls := 0
				w.rig(func(method string) faultTime {
					if method == wakes.before {
						calls++
					}
					if method != wakes.before || calls != wakes.nth {
						return spared
					}
					_, attempt := w.latest()
					sent, err := w.store.Send(t.Context(), attempt.ID, operator.SendLimits{}, w.env.Now())
					require.NoError(t, err)
					require.Equal(t, lifecycle.SendMarked, sent.Result)
					return spared
				}, nil)
				w.next.now = w.env.Now
				p := w.runAndAudit()
				require.NoError(t, w.env.GetWorkflowError())
				require.Equal(t, pirogue.StatusSuccess, p.Status)
				require.Equal(t, instance, p.Operator)
				require.Empty(t, w.next.refs)
				if kind.MoneyOut() {
					require.Len(t, w.operator.refs, 1, "it was sent again")
				}
			})
		}
	}
}

func TestFailoverAfterReset(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		at   pirogue.AttemptState // of the attempt at the second operator
		want pirogue.Status
	}{
		"its answer was lost": {pirogue.AttemptUnknown, pirogue.StatusPending},
		"it was not sent yet": {pirogue.AttemptPrepared, pirogue.StatusSuccess},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(
				t, setting{kind: pirogue.CashOut, next: true, proves: true, finalityWindow: 10 * time.Minute},
			)
			w.next.proves, w.next.finalityWindow = false, 24*time.Hour
			w.input = w.ordered(false)
			_, first := w.latest()
			ref := ids.Reference(pirogue.CashOut)
			second, err := w.store.Renew(t.Context(), first.ID, pirogue.Attempt{
				ID: pirogue.AttemptID(ids.New()), PaymentID: w.payment.ID, Number: 2, Operator: another, Ref: ref,
				CreatedAt: w.env.Now(),
			}, urls{}.Digest(ref))
			require.NoError(t, err)
			w.next.script = paidAtOnce
			if tt.at == pirogue.AttemptUnknown {
				w.sent(second)
				_, err = w.store.RecordAttemptResult(t.Context(), lifecycle.AttemptResult{
					AttemptID: second.ID, Sending: 1, State: pirogue.AttemptUnknown, At: w.env.Now(),
				})
				require.NoError(t, err)
				w.next.script = neverKnown
			}
			w.env.SetWorkflowRunTimeout(12 * time.Hour)
			require.Equal(t, tt.want, w.runAndAudit().Status)
			require.Empty(t, w.operator.refs, "the first operator is out of it")
		})
	}
}

func TestStatusBeforeResend(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		ago   []time.Duration
		again bool
	}{
		"a minute ago":                    {[]time.Duration{time.Minute}, true},
		"an hour ago":                     {[]time.Duration{time.Hour}, false},
		"an hour and again, a moment ago": {[]time.Duration{time.Hour, time.Second}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: pirogue.CashOut, power: operator.IdempotentByReference})
			_, attempt := w.latest()
			for _, ago := range tt.ago {
				sent, err := w.store.Send(t.Context(), attempt.ID, anyAge, w.env.Now().Add(-ago))
				require.NoError(t, err)
				require.Equal(t, lifecycle.SendMarked, sent.Result)
			}
			w.operator.script = paidAtOnce
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.Equal(t, tt.again, len(w.operator.refs) == 1)
		})
	}
}

func TestFailoverKeepsPassword(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{next: true, otp: "1234"})
	w.operator.answers, w.next.script = []error{notSent}, paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, []string{"1234"}, w.next.passwords)
}

func TestFailoverRetriesLast(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true})
	w.operator.answers = []error{notSent}
	w.next.upAfter, w.next.script = 20*time.Second, paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, w.operator.refs, 1, "nobody goes back to the first")
	require.Len(t, w.next.reached, 1)
}

func TestFailoverFoundAgain(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, next: true})
	w.operator.answers, w.operator.script = []error{unable}, neverKnown
	w.next.answers, w.next.script = []error{unknown}, []scripted{{outcome: pirogue.OutcomePending}}
	w.env.SetWorkflowRunTimeout(time.Hour)
	require.Equal(t, pirogue.StatusPending, w.run().Status)
	require.Len(t, w.next.reached, 1)

	w.renew()
	w.next.now = w.env.Now
	w.register(false)
	w.payment, _ = w.latest()
	w.input = lifecycle.NewPaymentInput(w.payment, []operator.Instance{w.instances(false)[another]})
	w.next.script = paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, w.next.reached, 1, "it was not sent again")
	require.Len(t, w.operator.refs, 1)
}

// outOfService opens the circuit of the world's operator for a while, or for ever.
func (w *world) outOfService(back time.Duration) {
	w.t.Helper()
	h := operator.CircuitBreaker{
		Operator: instance, State: operator.BreakerClosed,
	}.Failed("connection refused", w.env.Now())
	h.ProbeAt = w.env.Now().Add(48 * time.Hour) // nobody tries before
	saved, err := w.store.SaveBreaker(w.t.Context(), h)
	require.NoError(w.t, err)
	require.True(w.t, saved)
	if back == 0 {
		return
	}
	w.env.RegisterDelayedCallback(func() {
		h, err := w.store.Breaker(w.t.Context(), instance)
		require.NoError(w.t, err)
		saved, err := w.store.SaveBreaker(w.t.Context(), h.Succeeded(1, w.env.Now()))
		require.NoError(w.t, err)
		require.True(w.t, saved)
	}, back)
}

func TestPark(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		kind  pirogue.PaymentKind
		back  time.Duration // 0: never
		want  pirogue.Status
		sent  bool
		first bool // the first answer says that the operator is unavailable
	}{
		"a cash-in is given up after a minute":     {pirogue.CashIn, 0, "FAILED", false, true},
		"a cash-in is sent if it comes back":       {pirogue.CashIn, 20 * time.Second, "SUCCESS", true, true},
		"a cash-out waits for hours, and is sent":  {pirogue.CashOut, 7 * time.Hour, "SUCCESS", true, true},
		"a cash-out that waited a day is given up": {pirogue.CashOut, 0, "FAILED", false, true},
		"a refund waits like a cash-out":           {pirogue.Refund, 2 * time.Hour, "SUCCESS", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := freshDatabase(t).world(t, setting{kind: tt.kind})
			w.outOfService(tt.back)
			w.operator.script = paidAtOnce
			w.env.SetWorkflowRunTimeout(2 * openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.sent, len(w.operator.reached) == 1)
			if tt.want == pirogue.StatusFailed {
				require.Equal(t, pirogue.FailedUnavailable, p.Failure.Code)
			}
		})
	}
}

func TestFailoverFromOutOfService(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut, next: true})
	w.outOfService(0)
	w.next.script = paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Empty(t, w.operator.refs)
	require.Len(t, w.next.reached, 1)
}

func TestParkAfterFailedProbe(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	saved, err := w.store.SaveBreaker(t.Context(),
		operator.CircuitBreaker{
			Operator: instance, State: operator.BreakerClosed,
		}.Failed("connection refused", w.env.Now()))
	require.NoError(t, err)
	require.True(t, saved)
	w.operator.upAfter, w.operator.script = 20*time.Hour, paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, w.operator.reached, 1)
	require.Less(t, len(w.operator.refs), 150, "each try leaves a trace in the history")
}

func TestRampRetries(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	w.outOfService(2 * time.Hour)
	w.operator.upAfter, w.operator.script = 20*time.Second, paidAtOnce // once it is back, it stumbles
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Len(t, w.operator.reached, 1)
}

func TestParkSupportAction(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	w.outOfService(3 * time.Hour)
	w.operator.script = paidAtOnce
	asked := w.act(time.Hour, redrive())
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, support.DecisionRefused, asked.result.Decision)
	require.Contains(t, asked.result.Reason, "out of service")
}

func TestCircuitBreaker(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{})
	now := w.env.Now()
	actions := activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(false), Clock: func() time.Time { return now },
		Callbacks: urls{},
	})
	process := quiet().NewTestActivityEnvironment()
	process.RegisterActivity(actions)
	submit := func(p pirogue.Payment) activities.SubmitResult {
		var got activities.SubmitResult
		value, err := process.ExecuteActivity(
			actions.Submit, activities.SubmitInput{PaymentID: p.ID, Candidate: w.input.Current},
		)
		require.NoError(t, err)
		require.NoError(t, value.Get(&got))
		return got
	}
	state := func() operator.BreakerState {
		h, err := w.store.Breaker(t.Context(), instance)
		require.NoError(t, err)
		return h.State
	}
	w.operator.upAfter = time.Hour

	for range 2 * operator.OutageAfter {
		outcome := submit(w.payment).Outcome
		require.NotEqual(t, activities.SubmitOutOfService, outcome, "one payment in trouble is no outage")
	}
	payments := make([]pirogue.Payment, operator.OutagePayments-1) // one has failed already
	for n := range payments {
		require.Equal(t, operator.BreakerClosed, state())
		payments[n], _ = w.write(
			pirogue.Payment{Kind: pirogue.CashIn, OrderID: fmt.Sprint("o", n), Amount: xof(100), Fee: xof(0)},
		)
		submit(payments[n])
	}
	require.Equal(t, operator.BreakerOpen, state())
	tried := len(w.operator.refs)
	require.Equal(t, activities.SubmitOutOfService, submit(payments[0]).Outcome)
	require.Len(t, w.operator.refs, tried, "nothing is sent while it is out of service")

	now = now.Add(operator.OutageProbe + time.Second)
	require.Equal(t, activities.SubmitOutOfService, submit(payments[0]).Outcome)
	require.Equal(t, activities.SubmitOutOfService, submit(payments[1]).Outcome)
	require.Len(t, w.operator.refs, tried+1, "one is let through to see, and no other")
	require.Equal(t, operator.BreakerOpen, state(), "it failed as well")

	now, w.operator.upAfter = now.Add(operator.OutageProbe+time.Second), 0
	require.Equal(t, activities.SubmitAccepted, submit(payments[1]).Outcome)
	require.Equal(t, operator.BreakerClosed, state())
	require.Equal(t, activities.SubmitAccepted, submit(payments[2]).Outcome)
}

func TestCallbacksOnly(t *testing.T) {
	t.Parallel()

	paid, xof5000 := pirogue.OutcomePaid, xof(5000)
	for name, tt := range map[string]struct {
		said []operator.OperatorResult
		want pirogue.Status
		open []support.Cause
	}{
		"it says nothing": {nil, "EXPIRED", []support.Cause{support.CauseUnknown}},
		"it says paid, and how much": {
			[]operator.OperatorResult{{Outcome: paid, Amount: xof5000}}, "SUCCESS", nil,
		},
		"it says paid, and not how much": {
			[]operator.OperatorResult{{Outcome: paid}}, "PENDING", []support.Cause{support.CauseAmountMismatch},
		},
		"it says paid, another amount": {
			[]operator.OperatorResult{{Outcome: paid, Amount: xof(1)}},
			"PENDING",
			[]support.Cause{support.CauseAmountMismatch},
		},
		"it says that the customer failed": {
			[]operator.OperatorResult{{Outcome: pirogue.OutcomeDeclined}}, "FAILED", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{noStatus: true})
			w.env.RegisterDelayedCallback(func() {
				_, attempt := w.latest()
				for n, said := range tt.said {
					callback := operator.NewCallback(attempt, said, []byte(fmt.Sprint(n)), w.env.Now())
					_, err := w.store.RecordCallback(t.Context(), callback)
					require.NoError(t, err)
				}
				w.env.SignalWorkflow("callback", nil)
			}, 30*time.Second)
			w.env.SetWorkflowRunTimeout(openFor)
			require.Equal(t, tt.want, w.runAndAudit().Status)
			open, _ := w.cases(w.payment.ID)
			require.Equal(t, tt.open, open)
		})
	}
}

func TestPollsWithinContract(t *testing.T) {
	t.Parallel()

	b := freshDatabase(t)
	w := b.world(t, setting{rate: 3})
	for n := range 59 {
		_, a := w.write(
			pirogue.Payment{Kind: pirogue.CashIn, OrderID: fmt.Sprint("other_", n), Amount: xof(100), Fee: xof(0)},
		)
		w.sent(a)
		w.write(pirogue.Payment{Kind: pirogue.CashIn, OrderID: fmt.Sprint("unsent_", n), Amount: xof(100), Fee: xof(0)})
	}
	w.operator.script = []scripted{{outcome: pirogue.OutcomePending}}
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	// 60 payments that were sent, at one question a second: each is asked once a minute or so, not every 5 s.
	// The watch after the end asks a day long, and is not counted here.
	require.LessOrEqual(t, w.operator.askedBefore(5*time.Minute), 7)
	require.GreaterOrEqual(t, w.operator.askedBefore(5*time.Minute), 4)
}
