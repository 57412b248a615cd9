package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// suspend suspends the merchant after a while, and resumes it after another one; 0 is never.
func (w *world) suspend(from, until time.Duration) {
	w.t.Helper()
	suspend := func() { require.NoError(w.t, w.store.SuspendMerchant(w.t.Context(), w.owner.MerchantID)) }
	if from == 0 {
		suspend()
	} else {
		w.env.RegisterDelayedCallback(suspend, from)
	}
	if until > 0 {
		w.env.RegisterDelayedCallback(func() {
			require.NoError(w.t, w.store.ResumeMerchant(w.t.Context(), w.owner.MerchantID))
		}, until)
	}
}

// midState is the state of a payment after a while.
type midState struct {
	status pirogue.Status
	state  pirogue.AttemptState
	held   int64
}

// glanceAt looks at the payment after a while.
func (w *world) glanceAt(after time.Duration) *midState {
	seen := &midState{}
	w.env.RegisterDelayedCallback(func() {
		p, a := w.latest()
		*seen = midState{p.Status, a.State, w.reserved()}
	}, after)
	return seen
}

// reserved is the merchant's money on hold, in minor units.
func (w *world) reserved() int64 {
	w.t.Helper()
	if !w.payment.Kind.MoneyOut() {
		return 0
	}
	return w.balance().Reserved
}

// Nothing of a suspended merchant leaves that has not left. Money out keeps its hold for as
// long as the suspension lasts; a cash-in ends with its customer's time.
func TestSuspendedMerchant(t *testing.T) {
	t.Parallel()

	const days = 24 * time.Hour
	waits := func(held int64) midState { return midState{"PENDING", "PREPARED", held} }
	for name, tt := range map[string]struct {
		kind        pirogue.PaymentKind
		from, until time.Duration // until 0: for ever
		away        time.Duration // the operator is out of service for so long
		seen        midState      // shortly before the suspension ends, or after 30 s
		want        pirogue.Status
		sent        int
	}{
		"a cash-out waits with its hold": {pirogue.CashOut, 0, 3 * days, 0, waits(5050), "SUCCESS", 1},
		"a refund waits":                 {pirogue.Refund, 0, 3 * days, 0, waits(5000), "SUCCESS", 1},
		"a parked cash-out waits longer": {
			pirogue.CashOut, time.Hour, 3 * days, 2 * time.Hour, waits(5050), "SUCCESS", 1,
		},
		"a cash-out waits, and parks": {
			pirogue.CashOut, 0, 2 * time.Hour, 20 * time.Hour, waits(5050), "SUCCESS", 1,
		},
		"a cash-in ends with its window":    {pirogue.CashIn, 0, 0, 0, waits(0), "EXPIRED", 0},
		"a cash-in is sent within its time": {pirogue.CashIn, 0, 2 * time.Minute, 0, waits(0), "SUCCESS", 1},
		"what was sent before is followed": {
			pirogue.CashOut, 10 * time.Second, 0, 0, midState{"PENDING", "ACCEPTED", 5050}, "SUCCESS", 1,
		},
		"a cash-in that was sent is awaited": {
			pirogue.CashIn, 10 * time.Second, 0, 0, midState{"PENDING", "ACCEPTED", 0}, "SUCCESS", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := freshDatabase(t).world(t, setting{kind: tt.kind})
			w.env.SetWorkflowRunTimeout(10 * days)
			if tt.away > 0 {
				w.outOfService(tt.away)
			}
			w.suspend(tt.from, tt.until)
			look := 30 * time.Second
			if tt.until > 0 {
				look = tt.until - time.Second
			}
			seen := w.glanceAt(look)
			w.operator.script = []scripted{
				{outcome: pirogue.OutcomePending}, {from: time.Minute, outcome: pirogue.OutcomePaid},
			}
			require.Equal(t, tt.want, w.runAndAudit().Status)
			require.Equal(t, tt.seen, *seen)
			require.Len(t, w.operator.refs, tt.sent)
			require.Zero(t, w.reserved())
		})
	}
}

// A merchant is suspended between a payment's look at it and the statement that marks the
// attempt SENT. That statement sees it.
func TestSuspendedBeforeSending(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut})
	_, a := w.latest()
	w.suspend(0, 0)
	sent, err := w.store.Send(t.Context(), a.ID, anyAge, w.env.Now())
	require.NoError(t, err)
	require.Equal(t, lifecycle.SendSuspended, sent.Result)
}

// No failover and no redrive makes another attempt while the merchant is suspended.
func TestSuspendedNoFailover(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut, next: true})
	w.suspend(0, time.Hour)
	w.outOfService(0)
	seen := w.glanceAt(30 * time.Minute)
	w.next.script = paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, midState{"PENDING", "PREPARED", 5050}, *seen)
	require.Empty(t, w.operator.refs)
	require.Len(t, w.next.reached, 1, "once it is resumed it goes on as ever")
}

func TestSuspendedSupportAction(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	w.suspend(0, 3*time.Hour)
	w.operator.script = paidAtOnce
	asked := w.act(time.Hour, redrive())
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, support.DecisionRefused, asked.result.Decision)
	require.Contains(t, asked.result.Reason, "suspended")
	w.requireResults()
}

// A payment that ends while it waits, as a line does with its bulk, lets its workflow end.
func TestSuspendedPaymentEnds(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{kind: pirogue.CashOut})
	w.suspend(0, 0)
	w.env.RegisterDelayedCallback(func() {
		_, err := w.store.Finalize(t.Context(), lifecycle.Finalization{
			PaymentID: w.payment.ID, Status: pirogue.StatusFailed, At: w.env.Now(), Unsent: true,
			Failure: pirogue.Failure{Code: pirogue.FailedCancelled},
		})
		require.NoError(t, err)
	}, time.Hour)
	require.Equal(t, pirogue.FailedCancelled, w.runAndAudit().Failure.Code)
	require.Empty(t, w.operator.refs)
}
