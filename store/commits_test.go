package store_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
)

// TestCommitsOfACashIn counts what each stage of one cash-in costs on PostgreSQL, from the request
// to the delivered webhook. A count is exact on any machine.
func TestCommitsOfACashIn(t *testing.T) {
	t.Parallel()
	proxy, url := startCountingProxy(t, piroguetest.Postgres(t))
	w := newWorld(t, url)
	for i := range 3 { // statements are prepared once for each connection
		w.countCashIn(proxy, fmt.Sprintf("warm_%d", i))
	}
	stages, sum := w.countCashIn(proxy, "counted")
	for _, stage := range stages {
		t.Logf("%-8s %+v %v", stage.name, stage.traffic, stage.tags)
	}
	t.Logf("%-8s %+v", "all", sum)
	for _, stage := range stages {
		require.Equal(t, cashInTraffic[stage.name], stage.traffic, stage.name)
	}
	require.Equal(t, traffic{Commits: 9, Reads: 4, Trips: 25}, sum)

	t.Run("one_poll_that_says_pending_again", func(t *testing.T) {
		p, a := w.sent("waits")
		for i, want := range []traffic{{Commits: 1, Reads: 1, Trips: 2}, {Reads: 1, Trips: 1}, {Reads: 1, Trips: 1}} {
			counted, tags := proxy.of(func() { w.pollPending(p, a, w.at(time.Duration(i)*lifecycle.FirstPollAfter)) })
			require.Equal(t, want, counted, "poll %d: %v", i+1, tags)
		}
	})
}

// pollPending makes the calls of a poll of a cash-in that says pending, as AskStatus does.
func (w *world) pollPending(p pirogue.Payment, a pirogue.Attempt, at time.Time) {
	w.t.Helper()
	_, attempt, err := w.db.Attempts.Numbered(w.ctx(), p.ID, 0)
	require.NoError(w.t, err)
	poll := lifecycle.Poll{
		AttemptID: a.ID, Sendings: attempt.Sendings, Polls: attempt.Polls, Outcome: pirogue.OutcomePending,
		Message: "PENDING", At: at, Next: at.Add(lifecycle.FirstPollAfter), Every: lifecycle.FirstPollAfter,
	}
	if poll.Repeats(attempt) {
		return
	}
	_, err = w.db.Attempts.RecordPoll(w.ctx(), poll)
	require.NoError(w.t, err)
}

// cashInTraffic holds the cost of each stage of a cash-in.
var cashInTraffic = map[string]traffic{
	"check":    {Commits: 1, Trips: 1}, // signature and rate; key, merchant and fees are known
	"accept":   {Commits: 1, Trips: 4},
	"respond":  {Reads: 1, Trips: 1},
	"read":     {Reads: 1, Trips: 1},
	"send":     {Commits: 1, Trips: 3},
	"result":   {Commits: 1, Trips: 3},
	"poll":     {Commits: 1, Reads: 1, Trips: 2},
	"finalize": {Commits: 1, Trips: 6},
	"deliver":  {Commits: 3, Reads: 1, Trips: 4},
}

// stage is a part of a payment's life with its cost.
type stage struct {
	name string
	traffic
	tags []string
}

// storeCall is one call that a request or an activity makes.
type storeCall struct {
	name string
	do   func() error
}

// countCashIn leads a cash-in from its request to its webhook, and counts each stage.
func (w *world) countCashIn(proxy *countingProxy, reference string) ([]stage, traffic) {
	w.t.Helper()
	var stages []stage
	for _, call := range w.cashInCalls(reference) {
		counted, tags := proxy.of(func() { require.NoError(w.t, call.do(), call.name) })
		stages = append(stages, stage{call.name, counted, tags})
	}
	var sum traffic
	for _, s := range stages {
		sum.Commits, sum.Reads, sum.Trips = sum.Commits+s.Commits, sum.Reads+s.Reads, sum.Trips+s.Trips
	}
	return stages, sum
}

// cashInCalls returns the calls that the API and the activities make for one cash-in. They are in
// their order, from its request to its webhook.
func (w *world) cashInCalls(reference string) []storeCall {
	w.t.Helper()
	p, a := w.newCashIn(w.owner, reference)
	ctx, at := w.ctx(), w.at(0)
	var sending lifecycle.Sending
	var event pirogue.EventID
	return []storeCall{
		{"check", func() error { return w.checkRequest(a) }},
		{"accept", func() error { _, _, err := w.db.Payments.Accept(ctx, p, a, digest(a)); return err }},
		{"respond", func() error { _, err := w.db.Payments.Payment(ctx, w.owner, p.ID); return err }},
		{"read", func() error {
			_, _, _, err := w.db.Attempts.LatestWithMerchant(ctx, p.ID)
			return err
		}},
		{"send", func() error {
			var err error
			sending, err = w.db.Attempts.Send(ctx, a.ID, operator.SendLimits{}, at)
			return err
		}},
		{"result", func() error {
			_, err := w.db.Attempts.RecordAttemptResult(ctx, lifecycle.AttemptResult{
				AttemptID: a.ID, Sending: sending.Number, State: pirogue.AttemptAccepted, At: at,
				Handle: pirogue.Handle{"token": "x"}, ProviderTxID: "MP1", ExpiresAt: w.at(time.Minute),
				NextAction: pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://pay.example/x"},
			})
			return err
		}},
		{"poll", func() error {
			_, attempt, err := w.db.Attempts.Numbered(ctx, p.ID, 0)
			require.NoError(w.t, err)
			_, err = w.db.Attempts.RecordPoll(ctx, lifecycle.Poll{
				AttemptID: a.ID, Sendings: attempt.Sendings, Polls: attempt.Polls, Outcome: pirogue.OutcomePaid,
				At: at, Next: w.at(time.Second),
			})
			return err
		}},
		{"finalize", func() error {
			finalized, err := w.success(p)
			event = finalized.EventID
			return err
		}},
		{"deliver", func() error { return w.deliver(event) }},
	}
}

// checkRequest makes the calls of a request's checks.
func (w *world) checkRequest(a pirogue.Attempt) error {
	w.t.Helper()
	ctx, at := w.ctx(), w.at(0)
	key, merchant, known := w.db.Keys.RecentKey(w.key, at)
	if !known {
		var err error
		key, merchant, err = w.db.Keys.Key(ctx, w.key, at)
		require.NoError(w.t, err)
	}
	fresh, wait, err := w.db.Keys.Admit(ctx, access.UsedSignature{
		Signature: signatureOf(string(a.ID)), KeyID: key.Public, KeyVersion: key.Version, Method: "POST",
		Path: "/api/v1/payments/cashin", At: at,
	}, w.owner)
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	require.Zero(w.t, wait)
	_, err = w.db.Merchants.Fees(ctx, merchant.ID)
	return err
}

// deliver makes the calls of a delivery that its merchant takes.
func (w *world) deliver(id pirogue.EventID) error {
	w.t.Helper()
	ctx, at := w.ctx(), w.at(time.Minute)
	_, d, err := w.db.Webhooks.BeginDelivery(ctx, id, at)
	require.NoError(w.t, err)
	_, _, err = w.db.Keys.WebhookSecrets(ctx, w.owner)
	require.NoError(w.t, err)
	_, err = w.db.Keys.UseSignature(ctx, access.UsedSignature{
		Signature: signatureOf(string(id)), KeyID: string(w.owner.MerchantID), Method: "POST", Path: "webhook", At: at,
	})
	require.NoError(w.t, err)
	d.EndedAt, d.HTTPStatus = at, 200
	return w.db.Webhooks.EndDelivery(ctx, d, pirogue.EventDelivered, at)
}

// signatureOf returns a signature that is different for each text.
func signatureOf(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// TestStatusChangesTouchNoIndex checks that PostgreSQL can update a payment that goes on in place.
func TestStatusChangesTouchNoIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	indexes := texts(t, w.raw(), "SELECT indexdef FROM pg_indexes WHERE tablename IN ('payments', 'attempts')")
	require.NotEmpty(t, indexes)
	for _, index := range indexes {
		for _, column := range []string{
			"status", "version", "updated_at", "next_action", "expires_at", "state", "evidence", "polled_at", "sendings",
		} {
			require.NotContains(t, index, column)
		}
	}
}
