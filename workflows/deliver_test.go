package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/webhook"
)

// quick is an endpoint that is never busy.
const quick = "https://quick.example/hook"

// busy is an endpoint that answers what waits, and all that comes after, when it is let.
type busy struct {
	mu       sync.Mutex
	sent     map[pirogue.EventID]int
	reached  chan struct{} // one for each request that waits
	answered chan struct{} // closed: it answers
	answer   int
}

func newBusy() *busy {
	return &busy{
		sent: map[pirogue.EventID]int{}, reached: make(chan struct{}, 100), answered: make(chan struct{}),
		answer: http.StatusOK,
	}
}

func (b *busy) Send(_ context.Context, m webhook.Message, _ func([32]byte) error) (webhook.Reply, error) {
	if m.URL == quick {
		return webhook.Reply{HTTPStatus: http.StatusOK}, nil
	}
	b.mu.Lock()
	b.sent[m.EventID]++
	b.mu.Unlock()
	b.reached <- struct{}{}
	<-b.answered
	return webhook.Reply{HTTPStatus: b.answer}, nil
}

// crowded is a world with events for one endpoint, of which lanes are being sent.
type crowded struct {
	*world
	do     *activities.Activities
	news   []activities.DeliverInput
	sender *busy
	under  sync.WaitGroup
	queued []time.Duration // the waits of the others
}

// lanes is the number of deliveries of one merchant under way in one worker.
const lanes = 8

// crowd begins to deliver so many events.
func crowd(t *testing.T, events int) *crowded {
	t.Helper()
	c := &crowded{world: newWorld(t, pirogue.LateReturn), sender: newBusy()}
	c.do = activities.New(activities.Config{Store: activitiestest.Store(c.store), Sender: c.sender, Clock: c.env.Now})
	for i := range events {
		c.news = append(c.news, c.event(fmt.Sprintf("event_%d", i)))
	}
	for _, news := range c.news[:min(lanes, events)] {
		c.under.Go(func() { c.do.Deliver(t.Context(), news) }) //nolint:errcheck // its event says how it ended
		<-c.sender.reached
	}
	for _, news := range c.news[min(lanes, events):] {
		_, err := c.do.Deliver(t.Context(), news)
		c.queued = append(c.queued, delay(t, err))
	}
	return c
}

// event ends a payment and returns its event.
func (c *crowded) event(order string) activities.DeliverInput {
	c.t.Helper()
	p, _ := c.write(pirogue.Payment{Kind: pirogue.CashIn, OrderID: order, Amount: xof(5000), Fee: xof(0)})
	settled, err := c.store.Finalize(c.t.Context(), lifecycle.Finalization{
		PaymentID: p.ID, Status: pirogue.StatusExpired, At: c.env.Now(),
		Failure: pirogue.Failure{Code: pirogue.FailedNotStarted},
	})
	require.NoError(c.t, err)
	return activities.DeliverInput{Owner: c.owner, EventID: settled.EventID}
}

// delay returns after what time an activity asked to be run again.
func delay(t *testing.T, err error) time.Duration {
	t.Helper()
	var again *temporal.ApplicationError
	require.True(t, errors.As(err, &again), err)
	return again.NextRetryDelay()
}

// answers lets the endpoint answer and waits for all that is under way.
func (c *crowded) answers(status int) {
	c.sender.answer = status
	close(c.sender.answered)
	c.under.Wait()
}

// states counts the events by their state.
func (c *crowded) states() map[pirogue.EventState]int {
	c.t.Helper()
	logs, err := c.store.Deliveries(c.t.Context(), c.owner, listing.EventFilter{})
	require.NoError(c.t, err)
	states := map[pirogue.EventState]int{}
	for _, l := range logs {
		states[l.State]++
	}
	return states
}

func TestWebhooksOfBusyEndpoint(t *testing.T) {
	t.Parallel()
	const events = 20
	gap := (time.Second / activities.QueuedPerSecond).Truncate(time.Microsecond)
	t.Run("come back at one pace, however many", func(t *testing.T) {
		t.Parallel()
		c := crowd(t, events)
		for range 2 { // in vain
			for _, news := range c.news[lanes:] {
				_, err := c.do.Deliver(t.Context(), news)
				c.queued = append(c.queued, delay(t, err))
			}
		}
		for i, wait := range c.queued {
			require.Equal(t, time.Duration(i+1)*gap, wait)
		}
		c.answers(http.StatusOK)
	})
	t.Run("are delivered at once when it answers", func(t *testing.T) {
		t.Parallel()
		c := crowd(t, events)
		c.answers(http.StatusOK)
		require.Equal(t, map[pirogue.EventState]int{pirogue.EventDelivered: events}, c.states())
		for _, news := range c.news[lanes:] { // at their places
			delivered, err := c.do.Deliver(t.Context(), news)
			require.NoError(t, err)
			require.Equal(t, pirogue.EventDelivered, delivered.State)
		}
		require.Len(t, c.sender.sent, events)
		for id, times := range c.sender.sent {
			require.Equal(t, 1, times, id)
		}
	})
	t.Run("wait for their places when it fails", func(t *testing.T) {
		t.Parallel()
		c := crowd(t, events)
		c.answers(http.StatusBadGateway)
		require.Len(t, c.sender.sent, lanes)
		require.Equal(t, map[pirogue.EventState]int{pirogue.EventWaiting: events}, c.states())
	})
	t.Run("come back behind the others after a delivery that failed", func(t *testing.T) {
		t.Parallel()
		const rounds = 20 // until the queue is longer than the first wait of the schedule
		c := crowd(t, events)
		for range rounds - 1 {
			for _, news := range c.news[lanes:] {
				_, err := c.do.Deliver(t.Context(), news)
				require.Error(t, err)
			}
		}
		c.answers(http.StatusBadGateway) // each that was under way takes a place
		places := rounds*(events-lanes) + lanes
		_, err := c.do.Deliver(t.Context(), c.event("late"))
		require.Equal(t, time.Duration(places+1)*gap, delay(t, err))
	})
	t.Run("hold up nobody else's", func(t *testing.T) {
		t.Parallel()
		c := crowd(t, events)
		merchant, err := c.store.CreateMerchant(t.Context(), pirogue.Merchant{Name: "Another", NotifyURL: quick})
		require.NoError(t, err)
		hanging := c.owner
		c.owner = access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}
		_, _, err = c.store.CreateKey(t.Context(), c.owner, nil)
		require.NoError(t, err)
		delivered, err := c.do.Deliver(t.Context(), c.event("another"))
		require.NoError(t, err)
		require.Equal(t, pirogue.EventDelivered, delivered.State)
		c.owner = hanging
		c.answers(http.StatusOK)
	})
}

func TestWebhookUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pirogue.LateReturn)
	event := w.expire().EventID
	now := w.env.Now()
	_, d, err := w.store.BeginDelivery(t.Context(), event, now)
	require.NoError(t, err)
	for _, row := range []struct {
		after time.Duration // the run that began it, by this worker's clock
		posts int
	}{{5 * time.Second, 0}, {-5 * time.Second, 0}, {activities.DeliverTimeout, 1}} {
		after, want := row.after, row.posts
		sender := &endpoint{now: time.Now}
		do := activities.New(activities.Config{
			Store: activitiestest.Store(w.store), Sender: sender, Clock: func() time.Time { return now.Add(after) },
		})
		delivered, err := do.Deliver(t.Context(), activities.DeliverInput{Owner: w.owner, EventID: event})
		require.Len(t, sender.at, want, after)
		if want == 0 {
			require.Equal(t, activities.DeliverTimeout-after, delay(t, err))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, activities.DeliverResult{State: pirogue.EventDelivered, Attempts: d.Number}, delivered)
	}
}

func TestWebhookWithoutKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pirogue.LateReturn)
	keys, err := w.store.Keys(t.Context(), w.owner)
	require.NoError(t, err)
	for _, key := range keys {
		require.NoError(t, w.store.RevokeKey(t.Context(), key.Public))
	}
	require.Equal(
		t, activities.DeliverResult{State: pirogue.EventExhausted, Attempts: webhook.MaxDeliveries}, w.deliver(),
	)
	require.Empty(t, w.endpoint.at)
	logs, err := w.store.Deliveries(t.Context(), w.owner, listing.EventFilter{State: pirogue.EventExhausted})
	require.NoError(t, err)
	require.Equal(t, "no key in force to sign with", logs[0].Deliveries[0].Error)
}
