package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
// that never comes. By then everything is executed or arranged.
func (t *Till) Conclude(w http.ResponseWriter, r *http.Request, o Order, status int, reply any) {
	if o.Copies > 1 && !o.Open() {
		t.tellNow(r.Context(), o)
		o.Copies--
	}
	if o.AnswerLost {
		t.carryOn(o)
		t.hang(r)
	}
	WriteJSON(w, status, reply)
	if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		t.options.Log.Debug("answer not flushed", "error", err)
	}
	t.carryOn(o)
}

// carryOn tells of an order that has ended and arranges one that has not.
func (t *Till) carryOn(o Order) {
	if o.Open() {
		t.arrange(o)
		return
	}
	t.tell(o, max(o.Copies, 1))
	t.mayCorrect(o)
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

// tell sends the callback of an order, as often as the number and the switches say.
func (t *Till) tell(o Order, copies int) {
	switches := t.board.Read()
	msg, wanted := t.message(o)
	if !wanted || switches.NotificationsOff {
		return
	}
	msg.Copies = copies * switches.NotificationCopies
	if switches.NotificationDelayMS == 0 {
		t.messenger.Carry(msg)
		return
	}
	later := t.options.Clock.Now().Add(time.Duration(switches.NotificationDelayMS) * time.Millisecond)
	t.agenda.At(later, func() { t.messenger.Carry(msg) })
}

// tellNow sends the callback of an order and waits until it was answered.
func (t *Till) tellNow(ctx context.Context, o Order) {
	if msg, wanted := t.message(o); wanted && !t.board.Read().NotificationsOff {
		t.messenger.Deliver(ctx, msg)
	}
}

// message returns the callback of an order, and whether there is one.
func (t *Till) message(o Order) (Message, bool) {
	if t.options.Callback == nil {
		return Message{}, false
	}
	msg := t.options.Callback(o)
	return msg, msg.URL != ""
}

// settings is everything that can be set of a till, as /switches shows it.
type settings struct {
	Switches

	Float  int64           `json:"float"`  // francs left for payouts
	Quirks map[string]bool `json:"quirks"` // the operator's own
}

// ServeBook shows every order and the money that moved, as JSON.
func (t *Till) ServeBook(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, struct {
		Orders []Order `json:"orders"`
		Paid   []Paid  `json:"paid"`
	}{t.Orders(), append([]Paid{}, t.Book()...)})
}

// ServeSwitches shows the settings on GET, and on POST changes those that the body names.
func (t *Till) ServeSwitches(w http.ResponseWriter, r *http.Request) {
	ServeSettings(w, r, func() any { return t.read() }, func(decode func(any) error) error {
		return t.board.Change(func(common *Switches) error { return t.set(common, decode) })
	})
}

func (t *Till) read() settings {
	s := settings{Switches: t.board.Read(), Float: t.Float(), Quirks: map[string]bool{}}
	for name := range t.options.Quirks {
		s.Quirks[name] = t.Quirk(name)
	}
	return s
}

// set decodes a body over the settings as they stand, all of it or nothing.
func (t *Till) set(common *Switches, decode func(any) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	wanted := settings{Switches: *common, Float: t.float - t.taken, Quirks: maps.Clone(t.quirks)}
	if err := decode(&wanted); err != nil {
		return err
	}
	for name := range wanted.Quirks {
		if _, known := t.options.Quirks[name]; !known {
			return fmt.Errorf("quirk %q is none of this operator's", name)
		}
	}
	if wanted.Float < 0 || wanted.Float > maxFloat {
		return fmt.Errorf("float must be from 0 to %d", maxFloat)
	}
	if err := wanted.Switches.validate(); err != nil {
		return err
	}
	*common, t.float, t.quirks = wanted.Switches, wanted.Float+t.taken, wanted.Quirks
	return nil
}
