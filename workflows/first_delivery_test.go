package workflows_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/listing"
	"pirogue/webhook"
	"pirogue/workflows"
)

// eventLog returns the only event of the payment with its deliveries.
func (w *world) eventLog() listing.EventLog {
	w.t.Helper()
	logs, err := w.store.Deliveries(w.t.Context(), w.owner, listing.EventFilter{PaymentID: w.payment.ID})
	require.NoError(w.t, err)
	require.Len(w.t, logs, 1)
	return logs[0]
}

// numbers returns the numbers of an event's deliveries, each of which has ended.
func (w *world) numbers() []int {
	w.t.Helper()
	var numbers []int
	for _, d := range w.eventLog().Deliveries {
		require.NotZero(w.t, d.EndedAt)
		require.Zero(w.t, d.Round)
		numbers = append(numbers, d.Number)
	}
	return numbers
}

// continueWebhook runs the workflow of the payment's event, which starts now.
func (w *world) continueWebhook() {
	w.t.Helper()
	event := w.eventLog().ID
	sender := w.endpoint
	w.renew()
	sender.now, w.endpoint = w.env.Now, sender
	w.register(false)
	w.env.ExecuteWorkflow(workflows.Webhook, activities.DeliverInput{Owner: w.owner, EventID: event})
	require.NoError(w.t, w.env.GetWorkflowError())
}

// Each row is what the endpoint answers. The payment's workflow makes one delivery, and the event's own
// workflow the others.
func TestFirstDelivery(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answers []int
		state   pirogue.EventState // when the payment's workflow has ended
		numbers []int              // of all deliveries
	}{
		"delivered":      {[]int{200}, pirogue.EventDelivered, []int{1}},
		"wanted no more": {[]int{410}, pirogue.EventExhausted, []int{1}},
		"down, then up":  {[]int{500, 200}, pirogue.EventWaiting, []int{1, 2}},
		"silent, then up": {
			[]int{0, 0, 200}, pirogue.EventWaiting, []int{1, 2, 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pirogue.LateReturn)
			w.operator.script = paidAtOnce
			w.endpoint.answers = row.answers
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.NoError(t, w.env.GetWorkflowError())
			require.Len(t, w.endpoint.at, 1)
			event := w.eventLog()
			require.Equal(t, row.state, event.State)
			if row.state != pirogue.EventWaiting {
				require.Empty(t, w.events, "it has no workflow")
				require.Equal(t, row.numbers, w.numbers())
				return
			}
			require.Equal(t, []pirogue.EventID{event.ID}, w.events)
			w.continueWebhook()
			require.Equal(t, row.numbers, w.numbers())
			require.Equal(t, pirogue.EventDelivered, w.eventLog().State)
			wait := w.endpoint.at[1].Sub(w.endpoint.at[0])
			require.GreaterOrEqual(t, wait, webhook.DeliveryDelays[0], "attempt 2 came early")
			require.LessOrEqual(t, wait, webhook.DeliveryDelays[0]*11/10+time.Second, "attempt 2 came late")
		})
	}
}

// Each row is where the process or our database fails, once. The delivery of number 1 tells the
// merchant at least once. No workflow is started for an event that was delivered.
func TestFirstDeliveryCutOff(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		method string // of the database
		when   faultTime
		dies   bool // the worker, after the whole run
		posts  int
	}{
		"before it began":            {method: "BeginFirstDelivery", when: before, posts: 1},
		"after it began":             {method: "BeginFirstDelivery", when: after, posts: 1},
		"after the post":             {method: "EndDelivery", when: before, posts: 2},
		"after its end was recorded": {method: "EndDelivery", when: after, posts: 1},
		"after all":                  {dies: true, posts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pirogue.LateReturn)
			w.operator.script = paidAtOnce
			failed := false
			fails := func(method string) faultTime {
				if failed || method != row.method {
					return spared
				}
				failed = true
				return row.when
			}
			died := false
			w.rig(fails, func(activity string) bool {
				dies := row.dies && !died && activity == "DeliverFirst"
				died = died || dies
				return dies
			})
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.NoError(t, w.env.GetWorkflowError())
			if len(w.events) > 0 {
				w.continueWebhook()
			}
			require.Equal(t, pirogue.EventDelivered, w.eventLog().State)
			require.Equal(t, []int{1}, w.numbers())
			require.Len(t, w.endpoint.at, row.posts)
		})
	}
}

// A merchant whose lanes are all taken does not delay its payment: the event's workflow takes a place in
// the queue.
func TestFirstDeliveryOfBusyEndpoint(t *testing.T) {
	t.Parallel()
	c := crowd(t, 0)
	busy := activities.New(activities.Config{
		Store: activitiestest.Store(c.store), Sender: c.sender, Clock: c.env.Now, Workflows: c.world,
	})
	for n := range lanes {
		news := c.event(fmt.Sprintf("event_%d", n))
		c.under.Go(func() { busy.DeliverFirst(t.Context(), news) }) //nolint:errcheck // its event says how it ended
		<-c.sender.reached
	}
	late := c.event("late")
	left, err := busy.DeliverFirst(t.Context(), late)
	require.NoError(t, err)
	require.Equal(t, activities.DeliverResult{State: pirogue.EventWaiting}, left)
	require.Equal(t, []pirogue.EventID{late.EventID}, c.events)
	c.answers(http.StatusOK)
	require.Equal(t, map[pirogue.EventState]int{pirogue.EventDelivered: lanes, pirogue.EventWaiting: 1}, c.states())
}

// The first delivery waits for a worker. The payment goes on, and whoever delivers the event meanwhile
// does so once.
func TestFirstDeliveryPending(t *testing.T) {
	t.Parallel()
	const held = 10 * time.Minute
	t.Run("resent meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, pirogue.LateReturn)
		w.operator.script = paidAtOnce
		setWorker(w.env, held)
		do := activities.New(activities.Config{
			Store: activitiestest.Store(w.store), Sender: w.endpoint, Clock: w.env.Now, Workflows: w,
		})
		w.env.RegisterDelayedCallback(func() {
			event, err := w.store.Resend(t.Context(), w.owner, webhook.NewEventID(w.payment.ID, 1))
			require.NoError(t, err)
			require.Equal(t, pirogue.EventWaiting, event.State)
			require.Zero(t, event.Round)
			_, err = do.Deliver(t.Context(), activities.DeliverInput{Owner: w.owner, EventID: event.ID})
			require.NoError(t, err)
		}, held/2)
		require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
		require.Len(t, w.endpoint.at, 1)
		require.Equal(t, []int{1}, w.numbers())
		require.Empty(t, w.events)
	})
	t.Run("resent in another round", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, pirogue.LateReturn)
		w.operator.script = paidAtOnce
		setWorker(w.env, held)
		event := webhook.NewEventID(w.payment.ID, 1)
		w.env.RegisterDelayedCallback(func() {
			_, d, err := w.store.BeginDelivery(t.Context(), event, w.env.Now())
			require.NoError(t, err)
			d.EndedAt = w.env.Now()
			require.NoError(t, w.store.EndDelivery(t.Context(), d, pirogue.EventDelivered, d.EndedAt))
			again, err := w.store.Resend(t.Context(), w.owner, event)
			require.NoError(t, err)
			require.Equal(t, 1, again.Round)
		}, held/2)
		require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
		require.Empty(t, w.endpoint.at, "the workflow of the round delivers it")
		require.Equal(t, []pirogue.EventID{event}, w.events, "which is started")
	})
	t.Run("asked about meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, pirogue.LateReturn)
		w.operator.script = paidAtOnce
		setWorker(w.env, held)
		asked := w.act(held/2, recheck())
		require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
		require.NoError(t, asked.err)
		require.NotEmpty(t, asked.result.Decision)
		require.Len(t, w.endpoint.at, 1)
		require.True(t, asked.at.Before(w.endpoint.at[0]), "support waited for a webhook")
	})
	t.Run("watched meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, pirogue.LateReturn)
		setWorker(w.env, time.Hour)
		queue, watched := "", 0
		w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
			switch p, _ := w.latest(); { //nolint:contextcheck // the test's own context
			case info.ActivityType.Name == "DeliverFirst":
				queue, watched = info.TaskQueue, w.operator.asked-watched
			case p.Status == pirogue.StatusExpired && watched == 0:
				watched = w.operator.asked
			}
		})
		w.env.SetWorkflowRunTimeout(openFor)
		require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
		require.Equal(t, workflows.WebhooksQueue, queue)
		require.GreaterOrEqual(t, watched, 3, "the payment waits for nobody")
		require.Len(t, w.endpoint.at, 1)
	})
}

// A payment whose workflow started in revision 0 goes on in it: Finalize starts the workflow of its event.
func TestEarlierRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pirogue.LateReturn)
	w.input.Revision = 0
	w.operator.script = paidAtOnce
	require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
	require.Equal(t, []pirogue.EventID{webhook.NewEventID(w.payment.ID, 1)}, w.events)
	require.Empty(t, w.endpoint.at)
}
