package digitalpaye_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// course is the course of an order that nobody touches.
type course struct {
	way, number string
	first       string        // data.status of the response; empty for a refusal with code
	code        int           // HTTP status of the response
	after       time.Duration // time of the end
	end         string        // data.status then
	why         string        // the message of v2 then
	amount      int64         // the amount that moves; 0 for none
}

// courses is the table "Sandbox numbers", for collections and transfers.
var courses = map[string]course{
	"paid at once": {"in", "0700123456", "SUCCESSFUL", 200, 0, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500},
	"balance too low": {
		"in", "0700111111", "PENDING", 202, 2 * time.Second, "FAILED", "PAYMENT_FAILED_CUSTOMER_BALANCE_INSUFFISANT", 0,
	},
	"customer refuses": {
		"in", "0700222222", "PENDING", 202, 2 * time.Second, "FAILED", "PAYMENT_REFUSED_BY_CUSTOMER", 0,
	},
	"no answer": {"in", "0700333333", "PENDING", 202, 10 * time.Minute, "FAILED", "PAYMENT_EXPIRED", 0},
	"paid after 30 s": {
		"in", "0700444444", "PENDING", 202, 30 * time.Second, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
	"operator down": {"in", "0700555555", "", 503, 0, "", "", 0},
	"paid after our expiry": {
		"in", "0700777777", "PENDING", 202, 330 * time.Second, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
	"another amount": {"in", "0700999999", "SUCCESSFUL", 200, 0, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 750},
	"anybody": {
		"in", "0701020304", "PENDING", 202, 10 * time.Second, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
	"paid out at once": {"out", "0700123456", "SUCCESSFUL", 200, 0, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500},
	"ceiling reached":  {"out", "0700111111", "", 400, 0, "", "", 0},
	"accepted, then rejected": {
		"out", "0700222222", "PENDING", 202, 2 * time.Second, "FAILED", "PAYMENT_REJECTED_BY_OPERATOR", 0,
	},
	"pending 5 min, failed": {
		"out", "0700333333", "PENDING", 202, 5 * time.Minute, "FAILED", "PAYMENT_REJECTED_BY_OPERATOR", 0,
	},
	"paid out after 30 s": {
		"out", "0700444444", "PENDING", 202, 30 * time.Second, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
	"operator down, out": {"out", "0700555555", "", 503, 0, "", "", 0},
	"paid out after 6 min": {
		"out", "0700777777", "PENDING", 202, 6 * time.Minute, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
	"another amount, out": {"out", "0700999999", "SUCCESSFUL", 200, 0, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 750},
	"anybody, out": {
		"out", "0701020304", "PENDING", 202, 10 * time.Second, "SUCCESSFUL", "PAYMENT_IS_SUCCESSFUL", 1500,
	},
}

func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range courses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEveryShape(t, func(t *testing.T, shape string) { c.run(t, shape) })
		})
	}
}

// run opens an order and reads it a millisecond before its end and at its end. It compares
// the book with both readings.
func (c course) run(t *testing.T, shape string) {
	t.Helper()
	w := newWorld(t)
	status, reply := w.FetchObject(w.opening(shape, c.way, "R1", c.number))
	require.Equal(t, c.code, status, reply)
	if c.first == "" {
		require.Equal(t, 0, w.Sim.Asked())
		require.Nil(t, reply["data"])
		return
	}
	require.Equal(t, c.first, reply.Object("data").Text("status"))
	if c.after > 0 {
		w.Clock.Advance(c.after - time.Millisecond)
		w.stands(shape, "R1", c.first)
		w.books()
		w.Clock.Advance(time.Millisecond)
	}
	w.stands(shape, "R1", c.end)
	_, reply = w.get("/v2/get-status-payment/R1")
	require.Equal(t, c.why, reply.Text("message"))
	if c.amount == 0 {
		w.books()
		w.ExpectNotices(1)
		return
	}
	paid := w.books(c.amount)[0]
	require.EqualValues(t, 1500, paid.Asked)
	require.Equal(t, "R1", paid.OrderID)
	require.Equal(t, "+225"+c.number, paid.MSISDN)
	require.Equal(t, "XOF", paid.Currency)
	require.Equal(t, c.way, string(paid.Direction))
	require.Equal(t, enginetest.Morning.Add(c.after), paid.At)
	require.Equal(t, w.reads(shape, "R1").Text("ref"), paid.TxnID)
	w.ExpectNotices(1)
}

// usedTwice holds the status of the response to a repeated transaction id, by shape.
var usedTwice = map[string]int{"v2": http.StatusConflict, "sdk": http.StatusConflict, "v1": http.StatusBadRequest}

// TestLostResponse loses the response to every other call. Our reference finds the
// executed order.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"in", "out"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			inEveryShape(t, func(t *testing.T, shape string) {
				w := newWorld(t)
				w.ExpectNoReply(w.opening(shape, way, "LOST", "0700666666"))
				w.Clock.Advance(10 * time.Second)
				w.stands(shape, "LOST", "SUCCESSFUL")
				status, reply := w.FetchObject(w.opening(shape, way, "LOST", "0700666666"))
				require.Equal(t, usedTwice[shape], status, reply)
				w.books(1500)
				w.opens(shape, way, "HEARD", "0700666666")
				w.Clock.Advance(10 * time.Second)
				w.books(1500, 1500)
			})
		})
	}
}

// TestThreeWebhooks counts the webhooks that arrive while the caller
// still waits.
func TestThreeWebhooks(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"in", "out"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var answeredAlready atomic.Bool
			var early atomic.Int64
			w.Inbox.OnNotice = func(enginetest.Notice) {
				if !answeredAlready.Load() {
					early.Add(1)
				}
			}
			w.opens("v2", way, "R1", "0700888888")
			before := len(w.Inbox.All())
			answeredAlready.Store(true)
			require.GreaterOrEqual(t, before, 1)
			require.GreaterOrEqual(t, early.Load(), int64(1))
			for _, n := range w.ExpectNotices(3) {
				require.Equal(t, "R1", n.Fields.Text("transaction_id"))
				require.Equal(t, "SUCCESSFUL", n.Fields.Text("status"))
			}
			w.books(1500)
		})
	}
}

// TestDownForOneNumber opens an order and then makes its number the one whose
// calls answer 503. Reading it then answers 503, and the list still shows it.
func TestDownForOneNumber(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.opens(shape, "in", "R1", "0700444444")
		w.SetSwitches(`{"force": "555555"}`)
		status, reply := w.get(dialects[shape].status + "R1")
		require.Equal(t, http.StatusServiceUnavailable, status, reply)
		status, reply = w.FetchObject(w.opening(shape, "out", "R2", "0700123456"))
		require.Equal(t, http.StatusServiceUnavailable, status, reply)
		_, reply = w.get(dialects[shape].list)
		require.Len(t, reply.List("data"), 1)
		w.SetSwitches(`{"force": ""}`)
		w.stands(shape, "R1", "PENDING")
	})
}

// TestFloat checks that executed and pending transfers reduce the float,
// without their fees.
func TestFloat(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.SetSwitches(`{"float": 4000}`)
		w.opens(shape, "out", "PAID", "0700123456")
		w.opens(shape, "out", "HELD", "0700444444")
		status, reply := w.FetchObject(w.opening(shape, "out", "TOO-MUCH", "0700123456"))
		require.Equal(t, http.StatusPreconditionFailed, status, reply)
		require.Equal(t, "AMOUNT_INSUFFISANT", reply.Text("message"))
		require.Nil(t, reply["data"])
		_, reply = w.get(dialects[shape].balance)
		require.Equal(t, "1000", reply.Object("data").Text("balance"))
		w.opens(shape, "in", "IN", "0700123456")
		w.SetSwitches(`{"float": 1500}`)
		w.opens(shape, "out", "TOO-MUCH", "0700123456") // the id of the refused one is free
		require.Equal(t, engine.In, w.books(1500, 1500, 1500)[1].Direction)
	})
}
