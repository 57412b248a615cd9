package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/webhook"
)

// failedEvent makes a payment terminal and returns its event.
func (w *world) failedEvent(reference string) pirogue.EventID {
	w.t.Helper()
	p, _ := w.accept(reference)
	finalized, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
	require.NoError(w.t, err)
	return finalized.EventID
}

func (w *world) beginDelivery(id pirogue.EventID, at time.Time) (pirogue.Event, webhook.Delivery) {
	w.t.Helper()
	e, d, err := w.db.Webhooks.BeginDelivery(w.ctx(), id, at)
	require.NoError(w.t, err)
	return e, d
}

func (w *world) endDelivery(d webhook.Delivery, status int, state pirogue.EventState) {
	w.t.Helper()
	d.HTTPStatus, d.EndedAt = status, d.StartedAt.Add(time.Second)
	require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, state, d.StartedAt))
}

func TestADeliveryThatWasCutOffKeepsItsNumber(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.failedEvent("order_1")
		_, first := w.beginDelivery(id, w.at(0))
		require.Equal(w.t, webhook.Delivery{EventID: id, Number: 1, StartedAt: w.at(0)}, first)
		_, again := w.beginDelivery(id, w.at(time.Minute)) // the process died in between
		require.Equal(w.t, first, again)

		w.endDelivery(first, 500, pirogue.EventWaiting)
		_, second := w.beginDelivery(id, w.at(time.Minute))
		require.Equal(w.t, 2, second.Number)
		w.endDelivery(first, 200, pirogue.EventDelivered) // it has ended already and stays as it is
		event, same := w.beginDelivery(id, w.at(time.Minute))
		require.Equal(w.t, second, same)
		require.Equal(w.t, pirogue.EventWaiting, event.State)
		w.requireSound()
	})
}

func TestTheSeventhDeliveryIsTheLastWhateverHappens(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.failedEvent("order_1")
		for n := 1; n <= webhook.MaxDeliveries; n++ {
			w.beginDelivery(id, w.at(time.Minute)) // cut off
			event, d := w.beginDelivery(id, w.at(time.Minute))
			require.Equal(w.t, n, d.Number)
			require.Equal(w.t, pirogue.EventWaiting, event.State)
			w.endDelivery(d, 500, pirogue.EventWaiting) // also of the seventh
			w.endDelivery(d, 500, pirogue.EventWaiting) // a repeat after a lost response
		}
		event, d := w.beginDelivery(id, w.at(time.Minute))
		require.Equal(w.t, pirogue.EventExhausted, event.State)
		require.Zero(w.t, d.Number)
		w.requireSound()
	})
}

func TestAnEventThatIsDoneIsNotDeliveredAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for state, status := range map[pirogue.EventState]int{pirogue.EventDelivered: 204, pirogue.EventExhausted: 410} {
			id := w.failedEvent(string(state))
			_, d := w.beginDelivery(id, w.at(0))
			w.endDelivery(d, status, state)
			w.endDelivery(d, 500, pirogue.EventWaiting) // a second end comes too late
			event, none := w.beginDelivery(id, w.at(0))
			require.Equal(w.t, state, event.State)
			require.Zero(w.t, none.Number)
		}
		w.requireSound()
	})
}

func TestManyWorkersBeginOneDelivery(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.failedEvent("order_1")
		var mu sync.Mutex
		numbers := map[int]int{}
		require.NoError(w.t, concurrently(40, func(int) error {
			_, d, err := w.db.Webhooks.BeginDelivery(w.ctx(), id, w.at(0))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				numbers[d.Number]++
			}
			return err
		}))
		require.Equal(w.t, map[int]int{1: 40}, numbers)
		w.requireSound()
	})
}

func TestADeliveryNobodyBeganCannotEnd(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.failedEvent("order_1")
		d := webhook.Delivery{EventID: id, Number: 1, EndedAt: w.at(0)}
		require.Equal(w.t, pirogue.NotFound,
			pirogue.CodeOf(w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventDelivered, d.StartedAt)))
		d.EndedAt = time.Time{}
		require.Equal(w.t, pirogue.Internal,
			pirogue.CodeOf(w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventDelivered, d.StartedAt)))
		_, _, err := w.db.Webhooks.BeginDelivery(w.ctx(), "evt_none_1", w.at(0))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.requireSound()
	})
}

func TestTheBacklogHoldsWhatHasNotGoneOn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		first, _ := w.accept("first")
		waiting := w.failedEvent("event")
		w.now.Add(time.Second.Microseconds())
		second, _ := w.accept("second")
		sent, a := w.sent("sent")
		finalized, err := w.end(sent, pirogue.StatusFailed, pirogue.FailedDeclined)
		require.NoError(w.t, err)
		w.beginDelivery(finalized.EventID, w.at(time.Hour))

		unstarted, err := w.db.Restarts.Unstarted(w.ctx(), w.at(time.Minute), 10)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Payment{first, second}, unstarted)
		unstarted, err = w.db.Restarts.Unstarted(w.ctx(), w.at(0), 10)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Payment{first}, unstarted, "only those from before the moment")

		undelivered, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Len(w.t, undelivered, 1, "the delivery under way is not cut off yet")
		require.Equal(w.t, waiting, undelivered[0].ID)
		require.Equal(w.t, w.owner.MerchantID, undelivered[0].MerchantID)

		callback := operator.NewCallback(a, operator.OperatorResult{
			Outcome: pirogue.OutcomePaid, Message: "SUCCESS\x00",
			Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF}, ProviderTxID: "TX1",
		}, []byte("{}"), w.at(0))
		for _, fresh := range []bool{true, false} {
			kept, err := w.db.Callbacks.RecordCallback(w.ctx(), callback)
			require.NoError(w.t, err)
			require.Equal(w.t, fresh, kept)
		}
		unrouted, err := w.db.Callbacks.Unrouted(w.ctx(), operator.Callback{}, w.at(time.Minute), 10)
		require.NoError(w.t, err)
		callback.Result.Message = "SUCCESS\uFFFD"
		require.Equal(w.t, []operator.Callback{callback}, unrouted)
		require.NoError(w.t, w.db.Callbacks.Routed(w.ctx(), callback.ID, w.at(time.Second)))
		require.NoError(w.t, w.db.Callbacks.Routed(w.ctx(), callback.ID, w.at(time.Hour)))
		unrouted, err = w.db.Callbacks.Unrouted(w.ctx(), operator.Callback{}, w.at(time.Minute), 10)
		require.NoError(w.t, err)
		require.Empty(w.t, unrouted)
	})
}

func TestACallbackFindsItsAttemptByTokenAndOperator(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.accept("order_1")
		found, err := w.db.Callbacks.AttemptByCallback(w.ctx(), operatorCode, digest(a))
		require.NoError(w.t, err)
		require.Equal(w.t, a, found)
		for name, row := range map[string]struct {
			operator pirogue.OperatorCode
			digest   string
		}{
			"another operator": {"moov-web-ml", digest(a)},
			"another token":    {operatorCode, operator.CallbackDigest("guess")},
			"NUL":              {"orange\x00", digest(a)},
		} {
			_, err := w.db.Callbacks.AttemptByCallback(w.ctx(), row.operator, row.digest)
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
		}
	})
}
