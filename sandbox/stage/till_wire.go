package stage

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// hangsFor is how long a lost answer keeps its caller waiting, who usually gives up first.
const hangsFor = 60 * time.Second

// API serves a call of the operator's with everything the switches do to it: latency,
// an operator that is down, answers that are dropped or mangled. down is what the
// operator says when it is down.
func (t *Till) API(call http.Handler, down http.Handler) http.Handler {
	return t.board.Disturb(t.board.Drop(t.board.Mangle(call)), down)
}

// Down reports whether the operator is down for the number of a payment.
func (t *Till) Down(way Direction, msisdn string) bool {
	if way == In {
		return t.board.Read().BehaviourOf(msisdn).Down
	}
	return t.board.Read().PayoutTo(msisdn).Down
}

// Conclude answers the call that opened an order. What a magic number does before,
// during or after the answer happens here: one callback that overtakes it, an answer
// that never comes. By the time that anyone reads the answer, everything is executed or
// arranged.
func (t *Till) Conclude(w http.ResponseWriter, r *http.Request, o Order, status int, reply any) {
	if o.Copies > 1 && !o.Open() && t.tellNow(r.Context(), o) {
		o.Copies--
	}
	if o.Open() {
		t.arrange(o)
	}
	if o.AnswerLost {
		t.carryOn(o)
		t.hang(r)
	}
	WriteJSON(w, status, reply)
	// The answer leaves before the end is told: "at once" is not "before".
	if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		t.options.Log.Debug("answer not flushed", "error", err)
	}
	t.carryOn(o)
}

// carryOn tells of an order that ended in the call that opened it.
func (t *Till) carryOn(o Order) {
	if !o.Open() {
		t.tell(o, max(o.Copies, 1))
		t.mayCorrect(o)
	}
}

// hang keeps the caller waiting for an answer that never comes. It does not return.
func (t *Till) hang(r *http.Request) {
	if !AnswerIsLost(r.Context()) { // a dropped answer is dropped at once
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(t.life, cancel)() //nolint:contextcheck // Close ends the wait as well
		Wait(ctx, t.options.Clock, hangsFor)
	}
	panic(http.ErrAbortHandler)
}

// Tell sends the callback of an order once more, as an operator does on request.
func (t *Till) Tell(o Order) { t.tell(o, 1) }

// tell sends the callback of an order, as often as the number and the switches say, and
// as late.
func (t *Till) tell(o Order, copies int) {
	delay := t.board.Read().notificationDelay()
	if delay == 0 {
		t.send(o, copies)
		return
	}
	t.agenda.At(t.options.Clock.Now().Add(delay), func() { t.send(o, copies) })
}

// send lets the callback of an order leave now, unless notifications are off by now.
func (t *Till) send(o Order, copies int) {
	switches := t.board.Read()
	if msg, wanted := t.message(o); wanted && !switches.NotificationsOff {
		msg.Copies = copies * switches.NotificationCopies
		t.messenger.Carry(msg)
	}
}

// tellNow sends the callback of an order and waits until it was answered, whatever
// becomes of the caller. It reports false when callbacks are held back: none overtakes
// an answer then.
func (t *Till) tellNow(ctx context.Context, o Order) bool {
	switches := t.board.Read()
	if switches.notificationDelay() > 0 {
		return false
	}
	if msg, wanted := t.message(o); wanted && !switches.NotificationsOff {
		t.messenger.Deliver(context.WithoutCancel(ctx), msg)
	}
	return true
}

// message returns the callback of an order, and whether there is one. Each copy that
// leaves is counted.
func (t *Till) message(o Order) (Message, bool) {
	if t.options.Callback == nil {
		return Message{}, false
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

// count notes that one more callback of an order has left.
func (t *Till) count(id string) {
	_, err := t.alter(id, func(o *Order) bool {
		o.Callbacks++
		return true
	})
	if err != nil {
		t.options.Log.Error("callback not counted", "error", err)
	}
}
