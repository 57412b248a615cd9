package engine

import (
	"errors"
	"net/http"
)

// Mux serves an operator's payment calls by their patterns, with all faults of the
// switches. These are latency, an operator that is down, and dropped or spoiled responses.
// It serves /book and /switches besides.
func (e *Engine) Mux(calls map[string]Call) *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, call := range calls {
		mux.Handle(pattern, e.WithFaults(call))
	}
	mux.HandleFunc("GET /book", e.ServeBook)
	mux.HandleFunc("/switches", e.ServeSwitches)
	return mux
}

// WithFaults serves a payment call with all faults of the switches.
func (e *Engine) WithFaults(call Call) http.Handler {
	return e.Faults.WithFaults(e.Faults.DropResponse(e.Faults.MangleResponse(e.serve(call))), e.serve(down))
}

// WithoutFaults serves a call that is not about one payment. The switches do not drop or spoil its
// response.
func (e *Engine) WithoutFaults(call Call) http.Handler {
	return e.Faults.WithFaults(e.serve(call), e.serve(down))
}

// serve serves a call with the operator's words for its errors.
func (e *Engine) serve(call Call) http.Handler { return e.Runtime.ServeCall(call, e.options.Refusals) }

// down refuses a call with ErrDown.
func down(http.ResponseWriter, *http.Request) error { return ErrDown }

// ShownOrder is an order to open, with the function that returns its JSON response.
type ShownOrder struct {
	Order Order
	Show  func(Order) any
}

// OpenAndReply opens an order and sends its JSON response. If the identifier has an order
// already, it executes nothing and shows that order. It returns the errors of Open.
func (e *Engine) OpenAndReply(w http.ResponseWriter, r *http.Request, wanted ShownOrder) error {
	stored, known := e.Order(wanted.Order.ID)
	if known {
		return e.Reply(w, stored, wanted.Show)
	}
	opened, err := e.Open(wanted.Order)
	if errors.Is(err, ErrUsed) { // a concurrent call took it, or the key is used
		if stored, known = e.Order(wanted.Order.ID); known {
			return e.Reply(w, stored, wanted.Show)
		}
	}
	if err == nil {
		e.ReplyToOpening(w, r, JSONReply(opened, http.StatusOK, wanted.Show(opened)))
	}
	return err
}

// Reply sends the state of an order. It returns ErrNoOrder for an order without an ID, and
// ErrDown.
func (e *Engine) Reply(w http.ResponseWriter, o Order, reply func(Order) any) error {
	switch {
	case o.ID == "":
		return ErrNoOrder
	case e.Down(o.Direction, o.MSISDN):
		return ErrDown
	}
	WriteJSON(w, http.StatusOK, reply(o))
	return nil
}

// ReplyByID calls Reply with the order of an identifier.
func (e *Engine) ReplyByID(w http.ResponseWriter, id string, reply func(Order) any) error {
	order, _ := e.Order(id)
	return e.Reply(w, order, reply)
}

// Down reports whether the operator is down for the number of a payment.
func (e *Engine) Down(way Direction, msisdn string) bool {
	if way == In {
		return e.Faults.Read().BehaviourOf(msisdn).Down
	}
	return e.Faults.Read().PayoutTo(msisdn).Down
}

// OpeningReply is the response to a call that opened orders, with these orders.
type OpeningReply struct {
	Orders   []Order
	Response http.Handler
}

// JSONReply returns the reply to a call that opened one order: v as JSON.
func JSONReply(o Order, status int, v any) OpeningReply {
	return OpeningReply{Orders: []Order{o}, Response: JSONHandler(status, v)}
}

// ReplyToOpening sends the response to the call that opened orders, with the effects of their
// magic numbers. Such an effect is a callback before the response, or a response that never
// comes. When the caller reads the response, everything is executed or scheduled.
func (e *Engine) ReplyToOpening(w http.ResponseWriter, r *http.Request, reply OpeningReply) {
	opened, lost := reply.Orders, false
	for i, o := range opened {
		if o.OnPage {
			o = e.beforeReply(r, o)
			opened[i] = o
		}
		lost = lost || o.ResponseLost
		switch {
		case o.awaitsResponse():
		case o.Open():
			e.schedule(o)
		case o.Copies > 1 && e.notifyNow(r.Context(), o):
			opened[i].Copies-- // one callback precedes the response; the others follow it
		}
	}
	// The orders take their course and callbacks are sent; only the response is missing.
	if lost && !ResponseIsSpoiled(r.Context()) {
		e.carryOn(opened)
		e.HangCall(r)
	}
	reply.Response.ServeHTTP(w, r)
	if !e.FlushResponse(w) {
		e.abandonPages(opened)
	}
	e.carryOn(opened)
}

// carryOn runs the part of orders' courses that follows the response.
func (e *Engine) carryOn(opened []Order) {
	for _, o := range opened {
		if !o.Open() || o.awaitsResponse() {
			e.Proceed(o)
		}
	}
}
