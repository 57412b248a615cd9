package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/webhook"
)

// events makes n payments terminal and returns their events.
func (w *world) events(n int) []pirogue.EventID {
	w.t.Helper()
	ids := make([]pirogue.EventID, n)
	for i := range ids {
		ids[i] = w.failedEvent(fmt.Sprintf("queued_%d", i))
	}
	return ids
}

// queue gives events their places in their owner's queue, all at once, and returns the places.
func (w *world) queue(ids []pirogue.EventID, at time.Time) []time.Time {
	w.t.Helper()
	places := make([]time.Time, len(ids))
	require.NoError(w.t, concurrently(len(ids), func(i int) error {
		event, err := w.db.Webhooks.QueueDelivery(w.ctx(), ids[i], at, time.Second)
		places[i] = event.NextAt
		return err
	}))
	slices.SortFunc(places, time.Time.Compare)
	return places
}

func (w *world) beginQueued(at time.Time) webhook.Delivery {
	w.t.Helper()
	_, d, err := w.db.Webhooks.BeginQueued(w.ctx(), w.owner, at)
	require.NoError(w.t, err)
	return d
}

func TestQueuedEventsComeBackAtOnePace(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(20)
		for round := range 2 { // all of them failed and came back
			for i, place := range w.queue(ids, w.at(0)) {
				require.Equal(w.t, w.at(time.Duration(round*len(ids)+i+1)*time.Second), place)
			}
		}
		w.requireSound()
	})
}

// An event whose delivery failed comes back behind a long queue. Behind a short one it comes back
// when it is due.
func TestAFailedDeliveryGoesBehindALongQueue(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(21)
		w.queue(ids[1:], w.at(0)) // the last place is after 20 s
		event, d, err := w.db.Webhooks.BeginDelivery(w.ctx(), ids[0], w.at(0))
		require.NoError(w.t, err)
		d.EndedAt = w.at(time.Second)
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, w.at(10*time.Second)))
		for _, row := range []struct{ due, want time.Duration }{
			{30 * time.Second, 0}, {10 * time.Second, 21 * time.Second}, {10 * time.Second, 22 * time.Second},
		} {
			place, err := w.db.Webhooks.QueueNextDelivery(w.ctx(), event, w.at(row.due), time.Second)
			require.NoError(w.t, err)
			if row.want == 0 {
				require.Zero(w.t, place)
				continue
			}
			require.Equal(w.t, w.at(row.want).UTC(), place)
			overdue, err := w.db.Webhooks.OverdueEvents(
				w.ctx(), w.at(row.want+119*time.Second), w.at(time.Hour), lifecycle.RowSpan{Limit: 100},
			)
			require.NoError(w.t, err)
			for _, e := range overdue {
				require.NotEqual(w.t, event.ID, e.ID, "it is not overdue before its place")
			}
		}
		require.Equal(w.t, []time.Time{w.at(23 * time.Second)}, w.queue(ids[1:2], w.at(0)), "nobody shares a place")
		for n, want := 0, len(ids); n < want; n++ { // an endpoint that answers gets all of them
			d := w.beginQueued(w.at(2 * time.Second))
			require.NotZero(w.t, d.Number, n)
			d.EndedAt, d.HTTPStatus = w.at(2*time.Second), 200
			require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventDelivered, time.Time{}))
		}
		w.requireSound()
	})
}

func TestQueuedEventsAreOverdueAtTheirPlace(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(3)
		w.queue(ids[:2], w.at(time.Minute))
		for after, want := range map[time.Duration]int{time.Second: 1, 1500 * time.Millisecond: 2, time.Minute: 3} {
			overdue, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(time.Minute+after), 10)
			require.NoError(w.t, err)
			require.Len(w.t, overdue, want, after)
			require.Equal(w.t, ids[2], overdue[0].ID, "nobody has taken it up")
		}
	})
}

func TestQueuedEventsAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(12)
		w.queue(ids, w.at(0))
		var mu sync.Mutex
		taken := map[pirogue.EventID]int{}
		require.NoError(w.t, concurrently(6, func(int) error {
			for {
				_, d, err := w.db.Webhooks.BeginQueued(w.ctx(), w.owner, w.at(time.Second))
				if err != nil || d.Number == 0 {
					return err
				}
				mu.Lock()
				taken[d.EventID]++
				mu.Unlock()
				d.EndedAt, d.HTTPStatus = w.at(time.Second), 200
				if err := w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventDelivered, time.Time{}); err != nil {
					return err
				}
			}
		}))
		require.Len(w.t, taken, len(ids))
		for id, times := range taken {
			require.Equal(w.t, 1, times, id)
		}
		event, err := w.db.Webhooks.QueueDelivery(w.ctx(), ids[0], w.at(time.Second), time.Second)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.EventDelivered, event.State, "it has no place any more")

		require.Zero(w.t, w.beginQueued(w.at(time.Second)).Number)
		late := w.failedEvent("late")
		require.Equal(w.t, []time.Time{w.at(3 * time.Second)}, w.queue([]pirogue.EventID{late}, w.at(2*time.Second)),
			"the queue is empty: its first place is the next one")
		w.requireSound()
	})
}

func TestAQueuedEventIsTriedAgainAtItsPlaceAndNotBefore(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(2)
		w.queue(ids, w.at(time.Hour)) // their workflows come back in an hour
		first := w.beginQueued(w.at(0))
		w.endDelivery(first, 500, pirogue.EventWaiting)
		event, none := w.beginDelivery(first.EventID, w.at(time.Minute))
		require.Zero(w.t, none.Number, "it is not due")
		require.Equal(w.t, pirogue.EventWaiting, event.State)
		same, err := w.db.Webhooks.QueueDelivery(w.ctx(), first.EventID, w.at(time.Minute), time.Second)
		require.NoError(w.t, err)
		require.Equal(w.t, event.NextAt, same.NextAt, "nor does it get another place")
		_, second := w.beginDelivery(first.EventID, event.NextAt)
		require.Equal(w.t, 2, second.Number)

		other := w.beginQueued(w.at(0))
		require.NotEqual(w.t, first.EventID, other.EventID, "it waits for its schedule, not for the endpoint")
		w.requireSound()
	})
}

func TestAQueueIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.queue(w.events(3), w.at(0))
		w.owner = w.another()
		require.Zero(w.t, w.beginQueued(w.at(0)).Number)
		require.Equal(w.t, []time.Time{w.at(time.Second)}, w.queue([]pirogue.EventID{w.failedEvent("alone")}, w.at(0)))
		w.requireSound()
	})
}

func TestAnEventFromBeforeItHadADueMomentIsGivenOne(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		fresh, failed := w.failedEvent("fresh"), w.failedEvent("failed")
		for range 2 {
			_, d := w.beginDelivery(failed, w.at(time.Hour))
			w.endDelivery(d, 500, pirogue.EventWaiting)
		}
		require.NoError(w.t, w.db.MigrateDown(w.ctx(), 13))
		require.NoError(w.t, w.db.Migrate(w.ctx()))

		overdue, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(2*time.Minute), 10)
		require.NoError(w.t, err)
		require.Len(w.t, overdue, 1)
		require.Equal(w.t, fresh, overdue[0].ID)
		ended := w.at(time.Hour + time.Second).Truncate(time.Millisecond)
		event, _ := w.beginDelivery(failed, w.at(2*time.Hour))
		require.WithinDuration(w.t, ended.Add(5*time.Minute), event.NextAt, 2*time.Millisecond)
	})
}

// beginFirst begins the very first delivery of an event.
func (w *world) beginFirst(id pirogue.EventID, at time.Time) (pirogue.Event, webhook.Delivery) {
	w.t.Helper()
	event, d, err := w.db.Webhooks.BeginFirstDelivery(w.ctx(), id, at)
	require.NoError(w.t, err)
	return event, d
}

func TestFirstDeliveryBeginsOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(2)
		begun := make([]int, 8)
		require.NoError(w.t, concurrently(len(begun), func(i int) error {
			_, d, err := w.db.Webhooks.BeginFirstDelivery(w.ctx(), ids[0], w.at(0))
			begun[i] = d.Number
			return err
		}))
		slices.Sort(begun)
		require.Equal(w.t, []int{0, 0, 0, 0, 0, 0, 0, 1}, begun)

		_, d := w.beginDelivery(ids[0], w.at(time.Second)) // by the event's workflow, which finds it under way
		require.Equal(w.t, 1, d.Number)
		d.EndedAt = w.at(2 * time.Second)
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, w.at(time.Minute)))
		_, early := w.beginDelivery(ids[0], w.at(3*time.Second))
		require.Zero(w.t, early.Number, "its workflow came before the next delivery is due")
		_, next, err := w.db.Webhooks.BeginScheduledDelivery(w.ctx(), ids[0], w.at(59*time.Second))
		require.NoError(w.t, err)
		require.Equal(w.t, 2, next.Number, "its workflow waited, and the clock of its worker is slow")

		_, d = w.beginDelivery(ids[1], w.at(0))
		w.endDelivery(d, 200, pirogue.EventDelivered)
		w.resend(ids[1])
		event, none := w.beginFirst(ids[1], w.at(0))
		require.Zero(w.t, none.Number, "another round belongs to its workflow")
		require.Equal(w.t, 1, event.Round)
		_, _, err = w.db.Webhooks.BeginFirstDelivery(w.ctx(), "evt_none_1", w.at(0))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.requireSound()
	})
}

func TestFirstDeliveryCutOffIsUndelivered(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.events(3)
		w.beginFirst(ids[0], w.at(time.Minute))
		_, d := w.beginFirst(ids[1], w.at(time.Minute))
		d.EndedAt = w.at(time.Minute)
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, w.at(2*time.Minute)))
		for after, want := range map[time.Duration][]pirogue.EventID{
			15 * time.Second: {ids[2]}, 30 * time.Second: {ids[0], ids[2]},
		} {
			found, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(time.Minute+after), 10)
			require.NoError(w.t, err)
			var got []pirogue.EventID
			for _, event := range found {
				got = append(got, event.ID)
			}
			require.ElementsMatch(w.t, want, got, after)
		}
	})
}
