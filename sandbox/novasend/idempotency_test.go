package novasend_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestIdempotencyReplay repeats each write long after the order ended.
func TestIdempotencyReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makes(sessions, current("PAID", number("123456")))
	for path, body := range map[string]fields{
		sessions: seed("R1", number("543210")), directPayin: direct("R2", number("999999"), nil),
		payout: current("R3", number("222222")), directPayout: paysOut("R4", number("444444"), nil),
		"/v1/payin/PAID/refund": {"reason": "returned", "externalReference": "RF1"},
	} {
		key := w.key()
		first := w.Fetch(w.writeUnder(key, path, body))
		w.Clock.Advance(time.Hour)
		again := w.Fetch(w.writeUnder(key, path, body))
		require.Equal(t, http.StatusCreated, first.Status, path)
		require.Equal(t, first.Status, again.Status, path)
		require.Equal(t, first.Body, again.Body, path)
		w.refused(
			path+" with another body", w.writeUnder(key, path, body.With(fields{"reason": "another", "x": 1})), 409,
			"idempotency_key_already_used",
		)
	}
	w.books(map[string]int64{"PAID": 300, "R1": 300, "R2": 150, "R4": 300, "RF1": 300})
	require.Equal(t, 6, w.Sim.Asked())
}

// TestIdempotencyReplaysRefusal repeats a refused request after the reason for the refusal is
// gone.
func TestIdempotencyReplaysRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"float": 100}`)
	body := current("R1", number("123456"))
	w.refused("too little float", w.writeUnder(someKey, payout, body), 403, "wallet_not_enough_cash")
	w.SetSwitches(`{"float": 1000}`)
	w.refused("the same again", w.writeUnder(someKey, payout, body), 403, "wallet_not_enough_cash")
	w.refused(
		"another body", w.writeUnder(someKey, payout, body.With(fields{"amount": 400})), 409, "idempotency_key_already_used",
	)
	w.makes(payout, body)
	w.books(map[string]int64{"R1": 300})
}

// TestIdempotencyKeyOfAccount uses one key for two accounts.
func TestIdempotencyKeyOfAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.FetchObject(w.writeUnder(someKey, sessions, current("R1", number("123456"))))
	w.country = "TG"
	body := current("R2", "+22890123456").With(fields{"country": "TG"})
	status, reply := w.FetchObject(w.writeUnder(someKey, sessions, body))
	require.Equal(t, http.StatusCreated, status, reply)
	w.books(map[string]int64{"R1": 300, "R2": 300})
}

func TestReferenceUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makes(sessions, current("R1", number("222222")))
	w.Clock.Advance(time.Minute)
	for path, body := range map[string]fields{
		sessions: seed("R1", number("123456")), directPayin: direct("R1", number("123456"), nil),
	} {
		w.refused(path, w.write(path, body), 409, "transaction_is_already_processed")
	}
	w.makes(payout, current("R1", number("123456")))
	w.refused(
		"a second payout", w.write(directPayout, paysOut("R1", number("123456"), nil)), 409,
		"transaction_is_already_processed",
	)
	w.country = "TG"
	w.makes(sessions, current("R1", "+22890123456").With(fields{"country": "TG"}))
	w.books(map[string]int64{"R1": 600})
}

// TestIdempotencyConcurrent sends many requests at once; one is executed.
func TestIdempotencyConcurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var callers sync.WaitGroup
	statuses := make(chan int, 8)
	for range cap(statuses) {
		req := w.writeUnder(someKey, payout, current("R1", number("123456")))
		callers.Go(func() { statuses <- w.Fetch(req).Status })
	}
	callers.Wait()
	close(statuses)
	for status := range statuses {
		require.Equal(t, http.StatusCreated, status)
	}
	w.books(map[string]int64{"R1": 300})
	w.ExpectNotices(1)
}

func TestRefund(t *testing.T) {
	t.Parallel()
	for digits, row := range map[string]struct {
		at          time.Duration
		before, end string
		moved       int64
	}{
		"123456": {0, "completed", "completed", 300},
		"444444": {30 * time.Second, "processing", "completed", 300},
		"222222": {2 * time.Second, "processing", "failed", 0},
		"999999": {0, "completed", "completed", 150},
	} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.makes(sessions, seed("R1", number("123456"))).At("reference")
			w.SetSwitches(`{"force": "` + digits + `"}`)
			reply := w.makes("/v1/payin/"+id+"/refund", fields{"reason": "returned", "externalReference": "RF1"})
			require.Equal(t, row.before, reply.At("status"))
			require.Equal(t, id, reply.At("originalReference"))
			require.Equal(t, "full", reply.At("refundType"))
			w.Clock.Advance(row.at)
			status := w.reads("/v1/payin/" + id + "/refund")
			require.Equal(t, row.end, status.At("status"))
			require.Equal(t, reply.At("reference"), status.At("reference"))
			require.Equal(t, row.end, status.At("transaction.status"))
			want := map[string]int64{"R1": 300, "RF1": row.moved}
			if row.moved == 0 {
				delete(want, "RF1")
			}
			w.books(want)
			w.ExpectNotices(1) // of the payin only
		})
	}
}

func TestRefundRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refund := func(payin, reference string) *http.Request {
		return w.write("/v1/payin/"+payin+"/refund", fields{"reason": "returned", "externalReference": reference})
	}
	w.makes(sessions, current("PAID", number("123456")))
	w.makes(sessions, current("OTHER", number("123456")))
	w.makes(sessions, current("WAITS", number("444444")))
	w.makes(sessions, current("NO", number("222222")))
	w.makes(payout, current("OUT", number("123456")))
	w.Clock.Advance(5 * time.Second)
	w.refused("a pending payin", refund("WAITS", "F1"), 403, "transaction_not_processed")
	w.refused("a declined payin", refund("NO", "F2"), 403, "transaction_not_refundable")
	w.refused("a payout", refund("OUT", "F3"), 404, "transaction_does_not_exist")
	w.SetSwitches(`{"float": 299}`)
	w.refused("more than the float", refund("PAID", "F4"), 403, "wallet_not_enough_cash")
	w.SetSwitches(`{"float": 10000, "force": "222222"}`)
	status, reply := w.FetchObject(refund("PAID", "F5"))
	require.Equal(t, http.StatusCreated, status, reply)
	w.refused("one that is under way", refund("PAID", "F6"), 409, "transaction_already_refunded")
	w.Clock.Advance(2 * time.Second) // that refund fails, so that another may be made
	w.SetSwitches(`{"force": ""}`)
	w.refused("the same reference", refund("PAID", "F5"), 409, "duplicate_refund")
	w.FetchObject(refund("PAID", "F7"))
	w.refused("one that is given back", refund("PAID", "F8"), 409, "transaction_already_refunded")
	w.shows("/v1/payin/PAID/refund", fields{"status": "completed"})
	w.country = "TG"
	w.refused("somebody else's payin", refund("OTHER", "F9"), 404, "transaction_does_not_exist")
	w.books(map[string]int64{"PAID": 300, "OTHER": 300, "OUT": 300, "F7": 300})
}

func TestMaxOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	w.makes(sessions, current("R1", number("123456")))
	w.refused("one more", w.write(sessions, current("R2", number("123456"))), 503, "service_unavailable")
}
