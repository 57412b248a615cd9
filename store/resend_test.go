package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/webhook"
)

// endedEvent makes a payment terminal and ends its event's first delivery.
func (w *world) endedEvent(reference string, status int, state pirogue.EventState) pirogue.EventID {
	w.t.Helper()
	id := w.failedEvent(reference)
	_, d := w.beginDelivery(id, w.at(0))
	w.endDelivery(d, status, state)
	return id
}

// resend sends an event again.
func (w *world) resend(id pirogue.EventID) pirogue.Event {
	w.t.Helper()
	e, err := w.db.Webhooks.Resend(w.ctx(), w.owner, id)
	require.NoError(w.t, err)
	return e
}

// eventLogs returns the events that a filter selects.
func (w *world) eventLogs(f listing.EventFilter) []listing.EventLog {
	w.t.Helper()
	logs, err := w.db.Webhooks.Deliveries(w.ctx(), w.owner, f)
	require.NoError(w.t, err)
	return logs
}

func TestAnEventThatIsOverCanBeSentAgainFromTheStart(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for state, status := range map[pirogue.EventState]int{pirogue.EventDelivered: 204, pirogue.EventExhausted: 410} {
			id := w.endedEvent(string(state), status, state)
			old := w.eventLogs(listing.EventFilter{})[0].Deliveries[0]
			for range 2 { // a repeated call
				again := w.resend(id)
				require.Equal(w.t, pirogue.EventWaiting, again.State)
				require.Equal(w.t, 1, again.Round)
				require.NotEmpty(w.t, again.Body)
			}
			unstarted, err := w.db.Webhooks.Undelivered(w.ctx(), w.at(time.Hour), 10)
			require.NoError(w.t, err)
			require.Len(w.t, unstarted, 1, "the sweep finds a round that nobody started")
			require.Equal(w.t, 1, unstarted[0].Round)

			for n := 1; n <= webhook.MaxDeliveries; n++ {
				event, d := w.beginDelivery(id, w.at(time.Hour))
				require.Equal(w.t, []int{1, 1, n}, []int{event.Round, d.Round, d.Number})
				w.endDelivery(old, 200, pirogue.EventDelivered) // a late result of the first round
				require.Equal(w.t, 1, w.resend(id).Round, "it is WAITING")
				w.endDelivery(d, 500, pirogue.EventWaiting)
			}
			require.Equal(w.t, 2, w.resend(id).Round)
			_, d := w.beginDelivery(id, w.at(2*time.Hour))
			w.endDelivery(d, 200, pirogue.EventDelivered)
			entries := w.eventLogs(listing.EventFilter{})[0].Deliveries
			require.Len(w.t, entries, 1+webhook.MaxDeliveries+1, "old rounds stay readable")
			require.Equal(
				w.t, []int{status, 500, 200}, []int{entries[0].HTTPStatus, entries[7].HTTPStatus, entries[8].HTTPStatus},
			)
			w.now.Add(time.Second.Microseconds())
		}
		w.requireSound()
	})
}

func TestManyPressesBeginOneRound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.endedEvent("order_1", 410, pirogue.EventExhausted)
		var mu sync.Mutex
		rounds := map[int]int{}
		require.NoError(w.t, concurrently(40, func(int) error {
			e, err := w.db.Webhooks.Resend(w.ctx(), w.owner, id)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				rounds[e.Round]++
			}
			return err
		}))
		require.Equal(w.t, map[int]int{1: 40}, rounds)
		w.requireSound()
	})
}

// It goes to the merchant's present address: the old address may be the reason why it failed.
func TestAnEventIsSentAgainToWhereTheMerchantListens(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		listen := func(url string) { require.NoError(w.t, w.db.Merchants.SetNotifyURL(w.ctx(), w.owner.MerchantID, url)) }
		listen("")
		unwanted := w.failedEvent("unwanted")
		still := w.resend(unwanted)
		require.Equal(w.t, pirogue.EventUnwanted, still.State, "there is still no address")
		require.Zero(w.t, still.Round)
		listen(hook + "/moved")
		wanted := w.resend(unwanted)
		require.Equal(w.t, []any{pirogue.EventWaiting, hook + "/moved", 1}, []any{wanted.State, wanted.URL, wanted.Round})

		moved := w.endedEvent("moved", 410, pirogue.EventExhausted)
		listen("")
		require.Equal(w.t, hook+"/moved", w.resend(moved).URL, "who listens nowhere any more has the address it had")

		p, a := w.newCashIn(w.owner, "own")
		p.NotifyURL = hook + "/own"
		w.accepted(p, a)
		finalized, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused)
		require.NoError(w.t, err)
		_, d := w.beginDelivery(finalized.EventID, w.at(0))
		w.endDelivery(d, 410, pirogue.EventExhausted)
		listen(hook)
		require.Equal(w.t, hook+"/own", w.resend(finalized.EventID).URL)
		w.requireSound()
	})
}

func TestNobodySendsAgainWhatIsAnothers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.endedEvent("order_1", 410, pirogue.EventExhausted)
		for name, row := range map[string]struct {
			owner access.Owner
			id    pirogue.EventID
		}{
			"another merchant": {w.another(), id},
			"another mode":     {access.Owner{MerchantID: w.owner.MerchantID, Mode: pirogue.Live}, id},
			"no event":         {w.owner, "evt_none_1"},
			"NUL":              {w.owner, "evt\x00"},
		} {
			_, err := w.db.Webhooks.Resend(w.ctx(), row.owner, row.id)
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
		}
		require.Equal(w.t, pirogue.EventExhausted, w.eventLogs(listing.EventFilter{})[0].State)
	})
}

func TestAHundredRoundsAreEnough(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.endedEvent("order_1", 410, pirogue.EventExhausted)
		require.NoError(w.t, w.exec(w.raw(), "UPDATE webhook_events SET round = 98"))
		require.Equal(w.t, 99, w.resend(id).Round)
		_, d := w.beginDelivery(id, w.at(0))
		w.endDelivery(d, 410, pirogue.EventExhausted)
		last := w.resend(id)
		require.Equal(w.t, []any{99, pirogue.EventExhausted}, []any{last.Round, last.State})
		require.Error(w.t, w.exec(w.raw(), "UPDATE webhook_events SET round = 100"))
	})
}

func TestDeliveriesAreReadPageByPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		mine, others := w.owner, w.another()
		w.owner = others
		theirs := w.failedEvent("theirs") // at 1 min, after all events of this merchant
		w.owner = mine
		var newest []pirogue.EventID
		for i := range 5 {
			if i != 2 { // two have the same microsecond
				w.now.Add(time.Second.Microseconds())
			}
			p, _ := w.accept(fmt.Sprintf("order_%d", i))
			_, err := w.db.Payments.Finalize(
				w.ctx(), lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusExpired, At: w.at(0)},
			)
			require.NoError(w.t, err)
			newest = append([]pirogue.EventID{webhook.NewEventID(p.ID, 1)}, newest...)
		}
		if newest[2] < newest[3] {
			newest[2], newest[3] = newest[3], newest[2] // at the same time the greater ID is first
		}
		of := func(f listing.EventFilter) []pirogue.EventID {
			var read []pirogue.EventID
			for _, log := range w.eventLogs(f) {
				read = append(read, log.ID)
			}
			return read
		}
		require.Equal(w.t, newest, of(listing.EventFilter{}))
		require.Equal(w.t, newest[:2], of(listing.EventFilter{Limit: 2}))
		require.Equal(w.t, newest[2:4], of(listing.EventFilter{Limit: 2, Before: newest[1]}))
		require.Equal(w.t, newest[3:], of(listing.EventFilter{Before: newest[2]}))
		require.Equal(w.t, newest[:1], of(listing.EventFilter{From: w.at(0)}), "from is inclusive")
		require.Equal(w.t, newest[1:], of(listing.EventFilter{To: w.at(0)}), "to is exclusive")

		_, d := w.beginDelivery(newest[4], w.at(0))
		w.endDelivery(d, 200, pirogue.EventDelivered)
		require.Equal(w.t, newest[4:], of(listing.EventFilter{State: pirogue.EventDelivered}))
		one := w.eventLogs(listing.EventFilter{State: pirogue.EventDelivered})[0]
		require.Equal(
			w.t, newest[:1], of(listing.EventFilter{PaymentID: w.eventLogs(listing.EventFilter{Limit: 1})[0].PaymentID}),
		)
		require.Len(w.t, one.Deliveries, 1)
		require.Equal(w.t, 200, one.Deliveries[0].HTTPStatus)

		events, err := w.db.Webhooks.EventsOf(w.ctx(), one.PaymentID)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Event{one.Event}, events)
		require.Empty(w.t, of(listing.EventFilter{Before: "evt\x00"}))
		require.Empty(w.t, of(listing.EventFilter{PaymentID: pirogue.PaymentID(ids.New())}))
		require.Empty(w.t, of(listing.EventFilter{Before: theirs}), "another's event begins no page")
		w.owner = others
		require.Len(w.t, of(listing.EventFilter{}), 1)
	})
}
