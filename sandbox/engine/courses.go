package engine

import "errors"

// courses opens orders, lets them take their courses, and sends the callbacks.
type courses struct{ orderBook }

// Open opens an order in the direction of o; see OpenCollection and OpenPayout.
func (c *courses) Open(o Order) (Order, error) {
	if o.Direction == Out {
		return c.OpenPayout(o)
	}
	return c.OpenCollection(o)
}

// OpenCollection opens a collection. ID, Reference, Asked and Currency are mandatory. The
// number decides the customer's behaviour; without one nobody acts. Its errors are ErrDown,
// ErrFull and ErrUsed: of two concurrent calls with one key, only one opens an order.
func (c *courses) OpenCollection(o Order) (Order, error) {
	now := c.Faults.Read()
	b := now.BehaviourOf(o.MSISDN)
	if b.Down {
		return Order{}, ErrDown
	}
	if o.MSISDN == "" {
		b = Behaviour{Outcome: Silent}
	}
	return c.open(CollectionOf(o, b, c.options.Lapse, now.Settling()))
}

// OpenPayout opens a payout. It returns ErrCeiling for the number that is refused at once,
// ErrFloat, and the errors of OpenCollection. On an error nothing is stored.
func (c *courses) OpenPayout(o Order) (Order, error) {
	now := c.Faults.Read()
	p := now.PayoutTo(o.MSISDN)
	switch {
	case p.Down:
		return Order{}, ErrDown
	case p.End == RefusedAtOnce:
		return Order{}, ErrCeiling
	}
	return c.open(PayoutOf(o, p, now.Settling()))
}

// Refund opens an order that gives all of an executed one back. It returns ErrReturned, and
// the errors of OpenPayout.
func (c *courses) Refund(parent string, o Order) (Order, error) {
	given, found := c.Order(parent)
	if !found || given.State != Executed || given.Direction != In {
		return Order{}, ErrReturned
	}
	o.Parent, o.MSISDN, o.Asked, o.Currency = parent, given.MSISDN, given.Amount, given.Currency
	return c.OpenPayout(o)
}

// Decide ends an open order, as a person on the operator's page does, and sends its
// callback. It returns ErrNoOrder if there is no open order, and ErrFloat.
func (c *courses) Decide(id string, state State, why Reason) (Order, error) {
	return c.change(id, func(o *Order) bool {
		if !o.AwaitsCustomer() {
			return false
		}
		o.end(state, why, c.Now())
		return true
	})
}

// DecideOnPage ends an open order like Decide. A late or repeated click changes nothing and is no
// error. Other errors are logged.
func (c *courses) DecideOnPage(id string, state State, why Reason) error {
	_, err := c.Decide(id, state, why)
	if errors.Is(err, ErrNoOrder) {
		return nil
	}
	if err != nil {
		c.Log.Error("decision not recorded", "order", id, "error", err)
	}
	return err
}

// Correct executes a declined order, as an operator does that finds out later that the
// customer was debited. It returns ErrNoOrder, ErrFloat, and ErrReturned if another order
// gave the same money back meanwhile.
func (c *courses) Correct(id string) (Order, error) {
	return c.change(id, func(o *Order) bool {
		if o.State != Declined {
			return false
		}
		o.end(Executed, "", c.Now())
		return true
	})
}

// correct executes a declined order, if the operator has no further condition.
func (c *courses) correct(o Order) error {
	if c.options.Correct != nil {
		return c.options.Correct(o)
	}
	_, err := c.Correct(o.ID)
	return err
}

// change modifies an order. It schedules the next step of an open order, and sends the
// callback of an ended one. It returns the stored order, also if it could not change.
func (c *courses) change(id string, step func(*Order) bool) (Order, error) {
	after, err := c.alter(id, step)
	if err == nil {
		c.Proceed(after)
	}
	return after, err
}

// schedule schedules the end of an order.
func (c *courses) schedule(o Order) {
	switch {
	case o.NextAt.IsZero():
	case o.NextAt.After(c.Now()):
		c.Scheduler.At(o.NextAt, func() { c.runDue(o.ID) })
	default:
		c.runDue(o.ID)
	}
}

// runDue takes the scheduled step of an order, unless it ended meanwhile. If the clock was set
// back, or the customer stepped back, due runs too early and schedules the step again.
func (c *courses) runDue(id string) {
	settling := c.Faults.Read().Settling()
	after, err := c.change(id, func(o *Order) bool {
		if !o.Open() || o.NextAt.IsZero() || o.NextAt.After(c.Now()) {
			return false
		}
		o.advance(c.Now(), settling)
		return true
	})
	switch {
	case err == nil:
	case !errors.Is(err, ErrNoOrder):
		c.Log.Error("order could not end", "error", err)
	case after.Open() && after.NextAt.After(c.Now()):
		c.schedule(after)
	}
}

// scheduleCorrection schedules the correction that the switch demands.
func (c *courses) scheduleCorrection(o Order) {
	if o.State != Declined {
		return
	}
	c.ScheduleCorrection(o.ChangedAt, func() {
		if err := c.correct(o); err != nil {
			c.Log.Info("order not corrected", "error", err)
		}
	})
}

// open opens one order.
func (c *courses) open(wanted Opening) (Order, error) {
	orders, err := c.OpenAll(wanted)
	if err != nil {
		return Order{}, err
	}
	return orders[0], nil
}

// Proceed starts the course of an order that no call opened: it schedules the end, or sends
// the callback of an order that ended already.
func (c *courses) Proceed(o Order) {
	if o.Open() {
		c.schedule(o)
		return
	}
	c.notify(o, max(o.Copies, 1))
	c.scheduleCorrection(o)
}
