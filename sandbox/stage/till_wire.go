package stage

import (
	"context"
	"errors"
	"net/http"
)

// Mux serves an operator's calls about payments, by their patterns, with everything the
// switches do to them: latency, an operator that is down, answers that are dropped or
// mangled. It serves /book and /switches besides.
func (t *Till) Mux(calls map[string]Call) *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, call := range calls {
		mux.Handle(pattern, t.Board.Disturb(t.Board.Drop(t.Board.Mangle(t.answer(call))), t.answer(down)))
	}
	mux.HandleFunc("GET /book", t.ServeBook)
	mux.HandleFunc("/switches", t.ServeSwitches)
	return mux
}

// Aside serves a call that is not about one payment, so that no test has its answer
// dropped or mangled.
func (t *Till) Aside(call Call) http.Handler { return t.Board.Disturb(t.answer(call), t.answer(down)) }

func (t *Till) answer(call Call) http.Handler { return t.Crew.Answer(call, t.options.Refusals) }

func down(http.ResponseWriter, *http.Request) error { return ErrDown }

// Take opens an order and answers the call with what reply makes of it. An identifier that
// has an order already executes nothing, and is answered with that one. It fails as Open does.
func (t *Till) Take(w http.ResponseWriter, r *http.Request, o Order, reply func(Order) any) error {
	kept, known := t.Order(o.ID)
	if known {
		return t.Show(w, kept, reply)
	}
	opened, err := t.Open(o)
	if errors.Is(err, ErrUsed) { // by a call at the same time, or the key is
		if kept, known = t.Order(o.ID); known {
			return t.Show(w, kept, reply)
		}
	}
	if err == nil {
		t.Conclude(w, r, opened, http.StatusOK, reply(opened))
	}
	return err
}

// Show answers with where an order stands. It fails with ErrNoOrder when it is none, and
// with ErrDown.
func (t *Till) Show(w http.ResponseWriter, o Order, reply func(Order) any) error {
	switch {
	case o.ID == "":
		return ErrNoOrder
	case t.Down(o.Direction, o.MSISDN):
		return ErrDown
	}
	WriteJSON(w, http.StatusOK, reply(o))
	return nil
}

// ShowID is Show of the order that has the identifier.
func (t *Till) ShowID(w http.ResponseWriter, id string, reply func(Order) any) error {
	order, _ := t.Order(id)
	return t.Show(w, order, reply)
}

// Down reports whether the operator is down for the number of a payment.
func (t *Till) Down(way Direction, msisdn string) bool {
	if way == In {
		return t.Board.Read().BehaviourOf(msisdn).Down
	}
	return t.Board.Read().PayoutTo(msisdn).Down
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
		t.Hang(r)
	}
	WriteJSON(w, status, reply)
	t.Flush(w)
	t.carryOn(o)
}

// carryOn tells of an order that ended in the call that opened it.
func (t *Till) carryOn(o Order) {
	if !o.Open() {
		t.tell(o, max(o.Copies, 1))
		t.mayCorrect(o)
	}
}

// TellAgain sends the callback of an order once more, as an operator does on request.
func (t *Till) TellAgain(o Order) { t.tell(o, 1) }

// tell sends the callback of an order, as often as the number and the switches say, and
// as late.
func (t *Till) tell(o Order, copies int) {
	t.Tell(func() { t.send(o, copies) })
}

// send lets the callback of an order leave now, unless notifications are off by now.
func (t *Till) send(o Order, copies int) {
	switches := t.Board.Read()
	if msg, wanted := t.message(o); wanted && !switches.NotificationsOff {
		msg.Copies = copies * switches.NotificationCopies
		t.Messenger.Carry(msg)
	}
}

// tellNow sends the callback of an order and waits until it was answered, whatever
// becomes of the caller. It reports false when callbacks are held back: none overtakes
// an answer then.
func (t *Till) tellNow(ctx context.Context, o Order) bool {
	if t.HoldsBack() {
		return false
	}
	if msg, wanted := t.message(o); wanted && !t.Board.Read().NotificationsOff {
		t.Messenger.Deliver(context.WithoutCancel(ctx), msg)
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
		t.Log.Error("callback not counted", "error", err)
	}
}
