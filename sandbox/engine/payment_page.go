package engine

import (
	"errors"
	"net/http"
	"time"
)

// stepsBackFor is the time for which the automatic customer waits once a person opened the
// page.
const stepsBackFor = 90 * time.Second

// OpenOnPage opens a collection that the customer pays on a page. The response to r holds
// the address of the page, so nobody acts on it if that response is lost. A confirmed order
// stays open while the operator settles it. The errors are those of OpenCollection.
func (e *Engine) OpenOnPage(r *http.Request, o Order) (Order, error) {
	o.OnPage = true
	o.ResponseLost = ResponseIsLost(r.Context()) || ResponseIsSpoiled(r.Context())
	return e.OpenCollection(o)
}

// VisitPage records that a person opened the page of an order. An automatic customer who
// yields steps back, once. It returns the stored order.
func (e *Engine) VisitPage(id string) (Order, error) {
	after, err := e.alter(id, func(o *Order) bool {
		if !o.AwaitsCustomer() || !o.StepsBack || o.NextAt.IsZero() {
			return false
		}
		o.StepsBack, o.NextAt = false, e.Now().Add(stepsBackFor) // due schedules it again
		return true
	})
	if errors.Is(err, ErrNoOrder) && after.ID != "" {
		return after, nil
	}
	return after, err
}

// ConfirmOnPage lets a person confirm an order with a number. From then on the number is the
// customer's, and decides the end. It returns ErrNoOrder if the order awaits no customer.
func (e *Engine) ConfirmOnPage(id, msisdn string) (Order, error) {
	switches := e.Faults.Read()
	return e.change(id, func(o *Order) bool {
		if !o.AwaitsCustomer() {
			return false
		}
		o.MSISDN, o.Copies = msisdn, 0
		o.Ends, o.EndsReason = o.decide(switches.BehaviourOf(msisdn))
		o.confirm(e.Now(), switches.Settling())
		return true
	})
}

// ChangeOnPage modifies an order that awaits its customer. It returns ErrNoOrder for any
// other, and if step returns false.
func (e *Engine) ChangeOnPage(id string, step func(*Order) bool) (Order, error) {
	return e.alter(id, func(o *Order) bool { return o.AwaitsCustomer() && step(o) })
}

// beforeReply lets the customer with several callbacks pay before the response. It abandons
// the page of a caller who has disconnected.
func (e *Engine) beforeReply(r *http.Request, o Order) Order {
	switch {
	case r.Context().Err() != nil:
		return e.abandon(o)
	case o.Copies > 1 && o.awaitsResponse():
		return e.step(o, func(o *Order) { o.advance(e.Now(), 0) })
	default:
		return o
	}
}

// abandonPages stops the automatic customers of pages whose addresses did not arrive.
func (e *Engine) abandonPages(opened []Order) {
	for i, o := range opened {
		if o.OnPage {
			opened[i] = e.abandon(o)
		}
	}
}

// abandon stops the automatic customer of a page whose address did not arrive.
func (e *Engine) abandon(o Order) Order {
	return e.step(o, func(o *Order) { o.ResponseLost, o.NextAt = true, time.Time{} })
}

// step modifies an order that awaits its customer, and returns the stored one. It logs
// errors.
func (e *Engine) step(o Order, step func(*Order)) Order {
	after, err := e.alter(o.ID, func(o *Order) bool {
		waits := o.AwaitsCustomer()
		if waits {
			step(o)
		}
		return waits
	})
	switch {
	case err == nil:
		return after
	case !errors.Is(err, ErrNoOrder):
		e.Log.Error("order could not change", "order", o.ID, "error", err)
	}
	return o
}
