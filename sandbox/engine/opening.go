package engine

import (
	"encoding/json"
	"errors"
	"maps"
	"time"
)

// Course is the automatic course of an order.
type Course struct {
	Ends   State         // Executed, Declined or Lapsed
	Reason Reason        // of an end that executes nothing
	After  time.Duration // from the opening; 0 ends the order in the call that opens it, below 0 never
	// AfterResponse ends an order with After 0 only when its caller has the response, which
	// shows it pending.
	AfterResponse bool
}

// Opening is an order to open, with a course of its own.
type Opening struct {
	Order  Order
	Course Course
	// LosesResponses withholds the response to every other call for the same payment.
	LosesResponses bool
	// WithoutFloat is the course if the float is too low. Nil refuses the call with ErrFloat.
	WithoutFloat *Course
}

// OpenAll opens orders with courses of their own, in one step: all of them or none. ID or
// the option NewID, Reference, MSISDN, Asked, Currency and Direction are mandatory; an Amount of 0 means
// Asked. Its errors are ErrFull, ErrUsed and ErrFloat.
func (b *orderBook) OpenAll(wanted ...Opening) ([]Order, error) {
	b.store.Lock()
	defer b.store.Unlock()
	if b.orders.Len()+len(wanted) > b.options.MaxOrders {
		return nil, ErrFull
	}
	// Under the same lock as Record, so concurrent orders cannot overdraw the float.
	orders, left := make([]Order, len(wanted)), b.float-b.taken
	for i, one := range wanted {
		o, err := b.begin(one, left, b.orders.Len()+i)
		if err != nil {
			return nil, err
		}
		orders[i] = o
		left -= o.floatTaken()
	}
	if err := b.store.Record(entryOf(orders...)); err != nil {
		return nil, err
	}
	return orders, nil
}

// begin returns the order of an opening at the start of its course. left is the money left
// in the float, and count the number of orders before it.
func (b *orderBook) begin(wanted Opening, left int64, count int) (Order, error) {
	o, course := wanted.Order, wanted.Course
	o.OpenedAt = b.Now()
	o.ChangedAt = o.OpenedAt
	if o.ID == "" {
		o.ID = b.options.NewID(o, count)
	}
	if b.isUsed(o) {
		return Order{}, ErrUsed
	}
	if o.Amount == 0 {
		o.Amount = o.Asked
	}
	o.Notes = maps.Clone(o.Notes) // the caller may still change its own map
	if wanted.LosesResponses && b.calls[paymentKeyOf(o)]%2 == 0 {
		o.ResponseLost = true // the first, the third, …
	}
	if o.OnPage && o.ResponseLost { // nobody acts on a page that nobody received
		course = Course{Ends: Lapsed, Reason: Silence, After: b.options.Lapse}
	}
	o.follow(course)
	err := b.checkMoney(Order{}, o, left)
	if errors.Is(err, ErrFloat) && wanted.WithoutFloat != nil {
		o.follow(*wanted.WithoutFloat)
		return o, nil
	}
	return o, err
}

// entry is one line of the journal. It holds the orders that one step changed, or data of
// the operator. A line with one order has the fields of that order.
type entry struct {
	*Order
	Orders []Order         `json:"orders,omitempty"`
	Own    json.RawMessage `json:"own,omitempty"`
}

// entryOf returns the line for orders.
func entryOf(orders ...Order) entry {
	if len(orders) == 1 {
		return entry{Order: &orders[0]}
	}
	return entry{Orders: orders}
}

// RecordOwn writes data of the operator into the journal, as JSON. It returns when they are
// on the disk. A restart passes them to the option Restore.
func (b *orderBook) RecordOwn(data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return b.store.journal.Append(entry{Own: raw})
}

// apply stores what a line of the journal holds.
func (b *orderBook) apply(line entry) error {
	switch {
	case line.Own != nil && b.options.Restore != nil:
		return b.options.Restore(line.Own)
	case line.Order != nil:
		b.put(*line.Order)
	case line.Orders != nil:
		for _, o := range line.Orders {
			b.put(o)
		}
	default:
		return errors.New("the line holds no order; begin with an empty journal")
	}
	return nil
}
