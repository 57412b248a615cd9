package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/workflows"
)

var (
	notSent = pirogue.Errorf(pirogue.NotSent, "connection refused")
	unknown = pirogue.Errorf(pirogue.Unknown, "no answer in 10 s")
	refused = pirogue.Errorf(pirogue.Refused, "merchant_key is wrong")
	down    = []error{notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent, notSent}
)

// several is as often as an operator that stays down is tried within a minute; the
// waits have jitter, so the number is not always the same.
const several = -1

func TestCashIn(t *testing.T) {
	t.Parallel()

	const (
		paid     = pirogue.OutcomePaid
		declined = pirogue.OutcomeDeclined
		expired  = pirogue.OutcomeExpired
	)
	// Each row is one thing the world can do to a payment, and what must become of it.
	tests := map[string]struct {
		collects []error
		scenes   []scene
		rings    []time.Duration
		policy   pirogue.LatePolicy
		want     pirogue.Status
		failure  pirogue.FailureCode
		cause    pirogue.Cause
		sent     int // submissions; 0 means one
		events   int // terminal events; 0 means one
	}{
		"paid at once":                      {scenes: []scene{{0, paid, 0, nil}}, want: "SUCCESS"},
		"paid after half a minute":          {scenes: []scene{{30 * time.Second, paid, 0, nil}}, want: "SUCCESS"},
		"paid, and the operator calls back": {scenes: []scene{{20 * time.Second, paid, 0, nil}}, rings: []time.Duration{20 * time.Second}, want: "SUCCESS"},
		"paid, and it calls back three times": {
			scenes: []scene{{20 * time.Second, paid, 0, nil}},
			rings:  []time.Duration{20 * time.Second, 20 * time.Second, 21 * time.Second}, want: "SUCCESS",
		},
		"it calls back before it has answered": {scenes: []scene{{0, paid, 0, nil}}, rings: []time.Duration{0}, want: "SUCCESS"},
		"a forged callback, and nobody pays":   {rings: []time.Duration{30 * time.Second}, want: "EXPIRED", failure: pirogue.FailedNoAnswer},
		"paid at the last question":            {scenes: []scene{{4*time.Minute + 58*time.Second, paid, 0, nil}}, want: "SUCCESS"},
		"the operator errs, then says paid":    {scenes: []scene{{0, "", 0, unknown}, {time.Minute, paid, 0, nil}}, want: "SUCCESS"},
		"the customer refuses":                 {scenes: []scene{{5 * time.Second, declined, 0, nil}}, want: "FAILED", failure: pirogue.FailedDeclined},
		"the operator closes it unpaid":        {scenes: []scene{{5 * time.Second, expired, 0, nil}}, want: "EXPIRED", failure: pirogue.FailedNoAnswer},
		"silence for five minutes":             {want: "EXPIRED", failure: pirogue.FailedNoAnswer},
		"the operator refuses the request":     {collects: []error{refused}, want: "FAILED", failure: pirogue.FailedRefused},

		"down, then up":                {collects: []error{notSent, notSent}, scenes: []scene{{0, paid, 0, nil}}, want: "SUCCESS", sent: 3},
		"the answer is lost, then not": {collects: []error{unknown}, scenes: []scene{{0, paid, 0, nil}}, want: "SUCCESS", sent: 2},
		"down for ever":                {collects: down, want: "FAILED", failure: pirogue.FailedUnavailable, sent: several},
		"refused after an outage":      {collects: []error{notSent, refused}, want: "FAILED", failure: pirogue.FailedRefused, sent: 2},

		"paid late, and it is returned":  {scenes: []scene{{6 * time.Minute, paid, 0, nil}}, want: "EXPIRED", failure: pirogue.FailedNoAnswer, cause: pirogue.CauseLateSuccess},
		"paid late, and it is accepted":  {scenes: []scene{{6 * time.Minute, paid, 0, nil}}, policy: pirogue.LateAccept, want: "SUCCESS", events: 2},
		"paid late, after a callback":    {scenes: []scene{{3 * time.Hour, paid, 0, nil}}, rings: []time.Duration{3 * time.Hour}, want: "EXPIRED", failure: pirogue.FailedNoAnswer, cause: pirogue.CauseLateSuccess},
		"paid late, another amount":      {scenes: []scene{{6 * time.Minute, paid, 2500, nil}}, policy: pirogue.LateAccept, want: "EXPIRED", failure: pirogue.FailedNoAnswer, cause: pirogue.CauseAmountMismatch},
		"declined, then paid after all":  {scenes: []scene{{0, declined, 0, nil}, {time.Hour, paid, 0, nil}}, policy: pirogue.LateAccept, want: "FAILED", failure: pirogue.FailedDeclined, cause: pirogue.CauseLateSuccess},
		"paid after the horizon, unseen": {scenes: []scene{{30 * time.Hour, paid, 0, nil}}, want: "EXPIRED", failure: pirogue.FailedNoAnswer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, tt.policy)
			w.operator.collects, w.operator.scenes = tt.collects, tt.scenes
			for _, after := range tt.rings {
				w.ring(after)
			}
			p := w.cashIn()
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, tt.want, p.Status)
			require.Equal(t, tt.failure, p.Failure.Code)
			if tt.sent == several {
				require.Greater(t, len(w.operator.refs), 5)
			} else {
				require.Len(t, w.operator.refs, max(tt.sent, 1))
			}
			require.Len(t, w.events, max(tt.events, 1))
			if tt.cause == "" {
				require.Empty(t, w.causes())
			} else {
				require.Equal(t, []pirogue.Cause{tt.cause}, w.causes())
			}
		})
	}
}

func TestAnotherAmountIsNeverASuccess(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.scenes = []scene{{0, pirogue.OutcomePaid, 2500, nil}}
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Hour)
	p := w.cashIn()

	require.Error(t, w.env.GetWorkflowError(), "the workflow stays open until somebody ends it")
	require.Equal(t, pirogue.StatusPending, p.Status)
	require.Equal(t, []pirogue.Cause{pirogue.CauseAmountMismatch}, w.causes())
	require.Empty(t, w.events)
}

func TestAnOperatorThatComesBackWithinTheMinuteIsStillUsed(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.upAfter = 58 * time.Second // later than the last of the doubling waits
	w.operator.scenes = []scene{{0, pirogue.OutcomePaid, 0, nil}}
	require.Equal(t, pirogue.StatusSuccess, w.cashIn().Status)
}

func TestAnAnswerThatWasLostIsNeverSentUnderTheSameReference(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.collects = []error{unknown, unknown}
	w.operator.scenes = []scene{{0, pirogue.OutcomePaid, 0, nil}}
	require.Equal(t, pirogue.StatusSuccess, w.cashIn().Status)

	seen := map[pirogue.OperatorRef]bool{}
	for _, ref := range w.operator.refs {
		require.False(t, seen[ref], "reference %s was sent twice", ref)
		seen[ref] = true
	}
	require.Len(t, seen, 3)
}

func TestAFloodOfCallbacksCostsFiftyQuestions(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	for n := range 200 {
		w.ring(time.Duration(n+1) * time.Second)
	}
	require.Equal(t, pirogue.StatusExpired, w.cashIn().Status)
	require.Less(t, w.operator.asked, 185, "a quiet payment is asked about eighty times, each callback heard adds two")
}

func TestAPaymentThatTheSweepExpiredIsNotSent(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	_, err := w.store.Settle(t.Context(), pirogue.Settlement{
		PaymentID: w.payment.ID, From: pirogue.StatusCreated, Status: pirogue.StatusExpired, At: w.env.Now(),
		Failure: pirogue.Failure{Code: pirogue.FailedNotStarted},
	}, nil)
	require.NoError(t, err)

	require.Equal(t, pirogue.StatusExpired, w.cashIn().Status)
	require.Empty(t, w.operator.refs)
}

func TestThePaymentSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()

	w := newWorld(t, pirogue.LateReturn)
	w.operator.scenes = []scene{{time.Minute, pirogue.OutcomePaid, 0, nil}}
	w.env.RegisterDelayedCallback(func() {
		now := w.env.Now()
		value, err := w.env.QueryWorkflow(workflows.WaitingQuery, now)
		require.NoError(t, err)
		var waiting pirogue.Waiting
		require.NoError(t, value.Get(&waiting))
		require.Equal(t, "customer", waiting.For)
		require.WithinRange(t, waiting.NextPoll, now, now.Add(10*time.Second))
		require.WithinDuration(t, w.operator.began.Add(5*time.Minute), waiting.Deadline, time.Second)
	}, 30*time.Second)
	require.Equal(t, pirogue.StatusSuccess, w.cashIn().Status)
}
