package digitalpaye_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

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
	status, reply := w.Object(w.opening(shape, c.way, "R1", c.number))
	if status != c.code {
		t.Fatalf("the order answers %d %v, want %d", status, reply, c.code)
	}
	if c.first == "" {
		if w.Sim.Asked() != 0 || reply["data"] != nil {
			t.Errorf("a refused order is kept: %v", reply)
		}
		return
	}
	if got := reply.Object("data").Text("status"); got != c.first {
		t.Errorf("the order is %s, want %s", got, c.first)
	}
	if c.after > 0 {
		w.Clock.Advance(c.after - time.Millisecond)
		w.stands(shape, "R1", c.first)
		w.books()
		w.Clock.Advance(time.Millisecond)
	}
	w.stands(shape, "R1", c.end)
	if _, reply := w.get("/v2/get-status-payment/R1"); reply.Text("message") != c.why {
		t.Errorf("the end is told as %v, want %s", reply["message"], c.why)
	}
	if c.amount == 0 {
		w.books()
		w.Notices(1)
		return
	}
	paid := w.books(c.amount)[0]
	if paid.Asked != 1500 || paid.OrderID != "R1" || paid.MSISDN != "+225"+c.number || paid.Currency != "XOF" ||
		string(paid.Direction) != c.way || !paid.At.Equal(enginetest.Morning.Add(c.after)) ||
		paid.TxnID != w.reads(shape, "R1").Text("ref") {
		t.Errorf("the book says %+v", paid)
	}
	w.Notices(1)
}

// usedTwice holds the status of the response to a repeated transaction id, by shape.
var usedTwice = map[string]int{"v2": http.StatusConflict, "sdk": http.StatusConflict, "v1": http.StatusBadRequest}

// TestAnAnswerIsLost loses the response to every other call. Our reference finds the
// executed order.
func TestAnAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"in", "out"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			inEveryShape(t, func(t *testing.T, shape string) {
				w := newWorld(t)
				w.GivesUp(w.opening(shape, way, "LOST", "0700666666"))
				w.Clock.Advance(10 * time.Second)
				w.stands(shape, "LOST", "SUCCESSFUL")
				status, reply := w.Object(w.opening(shape, way, "LOST", "0700666666"))
				if status != usedTwice[shape] {
					t.Errorf("asking again answers %d %v", status, reply)
				}
				w.books(1500)
				w.opens(shape, way, "HEARD", "0700666666")
				w.Clock.Advance(10 * time.Second)
				w.books(1500, 1500)
			})
		})
	}
}

// TestThreeWebhooksOneBeforeTheAnswer counts the webhooks that arrive while the caller
// still waits.
func TestThreeWebhooksOneBeforeTheAnswer(t *testing.T) {
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
			if before < 1 || early.Load() < 1 {
				t.Error("no webhook came before the answer")
			}
			for _, n := range w.Notices(3) {
				if n.Said.Text("transaction_id") != "R1" || n.Said.Text("status") != "SUCCESSFUL" {
					t.Errorf("a webhook says %v", n.Said)
				}
			}
			w.books(1500)
		})
	}
}

// TestAnOperatorGoesDownForANumber opens an order and then makes its number the one whose
// calls answer 503. Reading it then answers 503, and the list still shows it.
func TestAnOperatorGoesDownForANumber(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.opens(shape, "in", "R1", "0700444444")
		w.Set(`{"force": "555555"}`)
		if status, reply := w.get(dialects[shape].status + "R1"); status != http.StatusServiceUnavailable {
			t.Errorf("the status answers %d %v", status, reply)
		}
		if status, reply := w.Object(w.opening(shape, "out", "R2", "0700123456")); status != http.StatusServiceUnavailable {
			t.Errorf("a transfer answers %d %v", status, reply)
		}
		if _, reply := w.get(dialects[shape].list); len(reply.List("data")) != 1 {
			t.Errorf("the list says %v", reply)
		}
		w.Set(`{"force": ""}`)
		w.stands(shape, "R1", "PENDING")
	})
}

// TestTheFloatPaysTransfers checks that executed and pending transfers reduce the float,
// without their fees.
func TestTheFloatPaysTransfers(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		w.Set(`{"float": 4000}`)
		w.opens(shape, "out", "PAID", "0700123456")
		w.opens(shape, "out", "HELD", "0700444444")
		status, reply := w.Object(w.opening(shape, "out", "TOO-MUCH", "0700123456"))
		if status != http.StatusPreconditionFailed || reply.Text("message") != "AMOUNT_INSUFFISANT" || reply["data"] != nil {
			t.Errorf("a transfer above the float answers %d %v", status, reply)
		}
		if _, reply := w.get(dialects[shape].balance); reply.Object("data").Text("balance") != "1000" {
			t.Errorf("the balance says %v", reply)
		}
		w.opens(shape, "in", "IN", "0700123456")
		w.Set(`{"float": 1500}`)
		w.opens(shape, "out", "TOO-MUCH", "0700123456") // the id of the refused one is free
		if book := w.books(1500, 1500, 1500); book[1].Direction != engine.In {
			t.Errorf("the book says %+v", book)
		}
	})
}
