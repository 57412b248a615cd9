package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/workflows"
)

// The load of BenchmarkHangingEndpoint.
const (
	hangingEvents   = 10_000
	hangingCheckout = 100 * time.Millisecond // between two checkouts of the other merchant
	hangingMeasured = time.Minute
	hangingBegins   = 5 * time.Minute  // until each event has had one try and is in the queue
	hangingSettles  = 15 * time.Second // for the events that came late
	hangingTries    = 5                // to start the delivery of one event: 10,000 starts load the server themselves
)

// BenchmarkHangingEndpoint measures the time of one merchant's checkouts. Meanwhile 10,000 events
// of another merchant wait for an endpoint that never answers. It also reports how many of those
// Temporal dispatches in a second.
func BenchmarkHangingEndpoint(b *testing.B) {
	var dispatched atomic.Int64
	w := newWorld(b, setup{database: piroguetest.Postgres(b), dial: []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(countDispatches(&dispatched)),
	}})
	hook := w.listen(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // only a body that was read shows that the sender closed the connection
		<-r.Context().Done()
	}))
	shop := w.another(b)
	for b.Loop() {
		shop.sell(b, 10*time.Second) // warms up caches, connections and plans
		quiet := shop.sell(b, hangingMeasured)
		dispatched.Store(0)
		hangingEndpoint{w}.hang(b, hook)
		require.Eventually(b, func() bool { return dispatched.Load() >= hangingEvents }, hangingBegins, time.Second,
			"not every event has come once")
		time.Sleep(hangingSettles)
		dispatched.Store(0)
		beside := shop.sell(b, hangingMeasured)
		b.ReportMetric(float64(dispatched.Load())/hangingMeasured.Seconds(), "dispatches/s")
		b.ReportMetric(float64(hangingEndpoint{w}.waiting(b)), "events-waiting")
		report(b, "quiet", quiet)
		report(b, "beside", beside)
		b.ReportMetric(float64(beside[len(beside)*99/100])/float64(quiet[len(quiet)*99/100]), "p99-of-quiet")
	}
}

// countDispatches counts the activities that Temporal hands to the workers of webhooks.
func countDispatches(n *atomic.Int64) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, req, reply any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		err := invoke(ctx, method, req, reply, conn, opts...)
		poll, polls := req.(*workflowservice.PollActivityTaskQueueRequest)
		task, given := reply.(*workflowservice.PollActivityTaskQueueResponse)
		ours := polls && given && poll.GetTaskQueue().GetName() == workflows.WebhooksQueue
		if err == nil && ours && len(task.GetTaskToken()) > 0 {
			n.Add(1)
		}
		return err
	}
}

// sell takes payments of a merchant without a webhook address. It returns the time of each POST,
// the shortest first.
func (m merchant) sell(b *testing.B, over time.Duration) []time.Duration {
	b.Helper()
	var took []time.Duration
	tick := time.NewTicker(hangingCheckout)
	defer tick.Stop()
	for end := time.Now().Add(over); time.Now().Before(end); <-tick.C {
		began := time.Now()
		got, err := m.do(b.Context(), http.MethodPost, "/payments/cashin", order("+22376123456"))
		require.NoError(b, err)
		require.Equal(b, http.StatusAccepted, got.Status, got.Raw)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

// hangingEndpoint is a world with a merchant whose endpoint never answers.
type hangingEndpoint struct{ *world }

// hang ends payments of a merchant whose webhooks go to hook, and starts the delivery of their
// events.
func (w hangingEndpoint) hang(b *testing.B, hook string) {
	b.Helper()
	ctx := b.Context()
	merchant, err := w.parts.store.Merchants.CreateMerchant(ctx, pirogue.Merchant{Name: "Hanging", NotifyURL: hook})
	require.NoError(b, err)
	owner := access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}
	_, _, err = w.parts.store.Keys.CreateKey(ctx, owner, nil)
	require.NoError(b, err)
	together(hangingEvents, atOnce, func(i int) {
		now := time.Now()
		p := pirogue.Payment{
			ID: ids.Payment(), MerchantID: owner.MerchantID, Mode: owner.Mode, Kind: pirogue.CashIn,
			Status: pirogue.StatusCreated, OrderID: fmt.Sprintf("hang_%d", i),
			Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF}, Fee: pirogue.Money{Currency: pirogue.XOF},
			Country: "ML", MSISDN: "+22376333333", Network: pirogue.Orange, Operator: "orange-web-ml-test",
			FeePayer: pirogue.PaidByMerchant, StartDeadline: now.Add(operator.StartDeadline),
			CreatedAt: now, UpdatedAt: now,
		}
		attempt := pirogue.Attempt{
			ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator,
			Ref:   ids.Reference(p.Kind),
			State: pirogue.AttemptPrepared, CreatedAt: now, UpdatedAt: now,
		}
		_, _, err := w.parts.store.Payments.Accept(ctx, p, attempt, operator.CallbackDigest(string(attempt.Ref)))
		if err != nil {
			b.Error(err)
			return
		}
		settled, err := w.parts.store.Payments.Finalize(ctx, lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusExpired, At: now,
			Failure: pirogue.Failure{Code: pirogue.FailedNotStarted},
		})
		if err == nil {
			err = w.deliver(ctx, owner, settled.EventID)
		}
		if err != nil {
			b.Error(err)
		}
	})
}

// waiting returns the number of events whose delivery has not ended.
func (w hangingEndpoint) waiting(b *testing.B) int {
	b.Helper()
	overdue, err := w.parts.store.Webhooks.Undelivered(b.Context(), time.Now().Add(24*time.Hour), hangingEvents)
	require.NoError(b, err)
	return len(overdue)
}

// deliver starts the delivery of an event. A second start of the same delivery does nothing.
func (w hangingEndpoint) deliver(ctx context.Context, owner access.Owner, id pirogue.EventID) (err error) {
	event := pirogue.Event{ID: id, MerchantID: owner.MerchantID, Mode: owner.Mode}
	for range hangingTries {
		if err = w.parts.starter.Deliver(ctx, event); err == nil {
			return nil
		}
	}
	return err
}
