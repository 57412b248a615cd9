package stage

import (
	"context"
	"errors"
	"net/http"
)

// Mux serves an operator's payment calls by their patterns, with all faults of the
// switches. These are latency, an operator that is down, and dropped or spoiled responses.
// It serves /book and /switches besides.
func (t *Engine) Mux(calls map[string]Call) *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, call := range calls {
		mux.Handle(pattern, t.Faults.WithFaults(t.Faults.Drop(t.Faults.Mangle(t.answer(call))), t.answer(down)))
	}
	mux.HandleFunc("GET /book", t.ServeBook)
	mux.HandleFunc("/switches", t.ServeSwitches)
	return mux
}

// WithoutFaults serves a call that is not about one payment. The switches do not drop or spoil its
// response.
func (t *Engine) WithoutFaults(call Call) http.Handler {
	return t.Faults.WithFaults(t.answer(call), t.answer(down))
}

// answer serves a call with the operator's words for its errors.
func (t *Engine) answer(call Call) http.Handler { return t.Runtime.Answer(call, t.options.Refusals) }

// down refuses a call with ErrDown.
func down(http.ResponseWriter, *http.Request) error { return ErrDown }

// OpenAndReply opens an order and sends the result of reply. If the identifier has an order
// already, it executes nothing and shows that order. It returns the errors of Open.
func (t *Engine) OpenAndReply(w http.ResponseWriter, r *http.Request, o Order, reply func(Order) any) error {
	kept, known := t.Order(o.ID)
	if known {
		return t.Reply(w, kept, reply)
	}
	opened, err := t.Open(o)
	if errors.Is(err, ErrUsed) { // a concurrent call took it, or the key is used
		if kept, known = t.Order(o.ID); known {
			return t.Reply(w, kept, reply)
		}
	}
	if err == nil {
		t.ReplyToOpening(w, r, opened, http.StatusOK, reply(opened))
	}
	return err
}

// Reply sends the state of an order. It returns ErrNoOrder for an order without an ID, and
// ErrDown.
func (t *Engine) Reply(w http.ResponseWriter, o Order, reply func(Order) any) error {
	switch {
	case o.ID == "":
		return ErrNoOrder
	case t.Down(o.Direction, o.MSISDN):
		return ErrDown
	}
	WriteJSON(w, http.StatusOK, reply(o))
	return nil
}

// ReplyByID calls Show with the order of an identifier.
func (t *Engine) ReplyByID(w http.ResponseWriter, id string, reply func(Order) any) error {
	order, _ := t.Order(id)
	return t.Reply(w, order, reply)
}

// Down reports whether the operator is down for the number of a payment.
func (t *Engine) Down(way Direction, msisdn string) bool {
	if way == In {
		return t.Faults.Read().BehaviourOf(msisdn).Down
	}
	return t.Faults.Read().PayoutTo(msisdn).Down
}

// ReplyToOpening sends the response to the call that opened an order, with the effects of its
// magic number. Such an effect is a callback before the response, or a response that never
// comes. When the caller reads the response, everything is executed or scheduled.
func (t *Engine) ReplyToOpening(w http.ResponseWriter, r *http.Request, o Order, status int, reply any) {
	// One callback precedes the response; the others follow in carryOn.
	if o.Copies > 1 && !o.Open() && t.notifyNow(r.Context(), o) {
		o.Copies--
	}
	if o.Open() {
		t.arrange(o)
	}
	// The order takes its course and its callback is sent; only the response is missing.
	if o.AnswerLost {
		t.carryOn(o)
		t.Hang(r)
	}
	WriteJSON(w, status, reply)
	t.Flush(w)
	t.carryOn(o)
}

// carryOn sends the callback of an order that ended in the call that opened it.
func (t *Engine) carryOn(o Order) {
	if !o.Open() {
		t.notify(o, max(o.Copies, 1))
		t.mayCorrect(o)
	}
}

// NotifyAgain sends the callback of an order once more, as an operator does on request.
func (t *Engine) NotifyAgain(o Order) { t.notify(o, 1) }

// notify sends the callback of an order. The number and the switches decide how often and how
// late.
func (t *Engine) notify(o Order, copies int) {
	t.Notify(func() { t.send(o, copies) })
}

// send queues the callback of an order, unless notifications are off at that time.
func (t *Engine) send(o Order, copies int) {
	switches := t.Faults.Read()
	if msg, wanted := t.message(o); wanted && !switches.NotificationsOff {
		msg.Copies = copies * switches.NotificationCopies
		t.Notifier.Enqueue(msg)
	}
}

// notifyNow sends the callback of an order and waits for the response, even if the caller
// disconnects. It returns false if callbacks are delayed: a delayed one must not arrive
// before the response.
func (t *Engine) notifyNow(ctx context.Context, o Order) bool {
	if t.DelaysNotifications() {
		return false
	}
	if msg, wanted := t.message(o); wanted && !t.Faults.Read().NotificationsOff {
		t.Notifier.Deliver(context.WithoutCancel(ctx), msg)
	}
	return true
}

// message returns the callback of an order, and false if there is none. Each copy sent is
// counted.
func (t *Engine) message(o Order) (Notification, bool) {
	if t.options.Callback == nil {
		return Notification{}, false
	}
	msg := t.options.Callback(o)
	answered := msg.Answered
	msg.Answered = func(status int) {
		t.count(o.ID)
		if answered != nil {
			answered(status)
		}
	}
	return msg, msg.URL != ""
}

// count adds one to the callbacks of an order.
func (t *Engine) count(id string) {
	_, err := t.alter(id, func(o *Order) bool {
		o.Callbacks++
		return true
	})
	if err != nil {
		t.Log.Error("callback not counted", "error", err)
	}
}
