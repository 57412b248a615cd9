package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"
)

// The limits of an engine.
const (
	defaultFloat = 1_000_000_000            // francs for payouts
	defaultLapse = 10 * time.Minute         // for an order that nobody confirms
	maxFloat     = int64(1_000_000_000_000) // francs
)

// The refusals of an engine. Each simulator reports them in its operator's words.
var (
	ErrFull     = errors.New("the sandbox keeps no more; start it with an empty journal")
	ErrFloat    = errors.New("the float is too low")
	ErrCeiling  = errors.New("the beneficiary's ceiling is reached")
	ErrReturned = errors.New("the order is not executed, or was given back already")
	ErrNoOrder  = errors.New("there is no such order")
	ErrUsed     = errors.New("an order has this identifier or key already")
	ErrDown     = errors.New("the operator is down for this number")
)

// Config configures an engine.
type Config struct {
	Options

	Float int64         // money for payouts, 1 000 000 000 francs by default
	Lapse time.Duration // wait for a silent customer, 10 min by default; negative for ever
	// CollectsOnly removes the float from the settings of an operator without payouts.
	CollectsOnly bool
	// UniqueReference makes a merchant's reference open one order for ever.
	UniqueReference bool
	// NewID names an order that is opened without an ID. count is the number of orders before
	// it. No two calls run at the same time.
	NewID func(o Order, count int) string
	// BookView returns the content of /book. The default is every order and the money that
	// moved.
	BookView func() any
	// Quirks holds the operator's own switches, each with its effect.
	Quirks map[string]string
	// Refusals maps errors to the operator's words: those of this package, and ErrInternal for
	// errors without a row.
	Refusals map[error]Refusal
	// Callback returns the message about an order's end, signed and complete except for
	// Copies. A message without a URL is not sent. A nil Callback sends none.
	Callback func(Order) Notification
	// Restore restores data that RecordOwn wrote. Only Start calls it.
	Restore func(data json.RawMessage) error
	// Correct corrects a declined order in place of Engine.Correct, for an operator with a
	// further condition.
	Correct func(Order) error
}

// Engine is the engine that operator simulators share. It holds the orders and their
// schedule, the book of executed payments, the float, the journal and the switches. It
// sends the callbacks. A simulator adds only its operator's API. Begin starts it.
type Engine struct {
	*Runtime

	options Config

	store       Store[entry] // its lock guards all fields below
	orders      OrderedMap[Order]
	byReference map[string][]string // IDs, oldest first
	byKey       map[string]string
	calls       map[PaymentKey]int // counts calls, to lose every other response
	returned    map[string]bool
	float       int64
	taken       int64
	quirks      map[string]bool
}

// Start starts the engine. With a journal it restores every order, and anything that fell due
// meanwhile happens at once. It returns an error without a valid address.
func (e *Engine) Start(o Config) (err error) {
	if o.Options, err = o.Ready(); err != nil {
		return err
	}
	o.Lapse, o.Float = cmp.Or(o.Lapse, defaultLapse), cmp.Or(o.Float, defaultFloat)
	e.options, e.float, e.Runtime = o, o.Float, NewRuntime(o.Options)
	e.byReference, e.byKey, e.calls = map[string][]string{}, map[string]string{}, map[PaymentKey]int{}
	e.returned, e.quirks = map[string]bool{}, map[string]bool{}
	if err := e.store.Open(o.JournalPath, e.apply); err != nil {
		return errors.Join(err, e.Runtime.Close(context.Background()))
	}
	for _, unfinished := range e.Orders() {
		e.schedule(unfinished)
	}
	return nil
}

// Address returns the address of one of the simulator's paths, for browsers and Pirogue.
func (e *Engine) Address(path string) string { return e.options.PublicURL + path }

// MaxOrders returns the number of orders that the engine can store.
func (e *Engine) MaxOrders() int { return e.options.MaxOrders }

// Open opens an order in the direction of o; see OpenCollection and OpenPayout.
func (e *Engine) Open(o Order) (Order, error) {
	if o.Direction == Out {
		return e.OpenPayout(o)
	}
	return e.OpenCollection(o)
}

// OpenCollection opens a collection. ID, Reference, Asked and Currency are mandatory. The
// number decides the customer's behaviour; without one nobody acts. Its errors are ErrDown,
// ErrFull and ErrUsed: of two concurrent calls with one key, only one opens an order.
func (e *Engine) OpenCollection(o Order) (Order, error) {
	now := e.Faults.Read()
	b := now.BehaviourOf(o.MSISDN)
	if b.Down {
		return Order{}, ErrDown
	}
	if o.MSISDN == "" {
		b = Behaviour{Outcome: Silent}
	}
	return e.open(CollectionOf(o, b, e.options.Lapse, now.Settling()))
}

// OpenPayout opens a payout. It returns ErrCeiling for the number that is refused at once,
// ErrFloat, and the errors of OpenCollection. On an error nothing is stored.
func (e *Engine) OpenPayout(o Order) (Order, error) {
	now := e.Faults.Read()
	p := now.PayoutTo(o.MSISDN)
	switch {
	case p.Down:
		return Order{}, ErrDown
	case p.End == RefusedAtOnce:
		return Order{}, ErrCeiling
	}
	return e.open(PayoutOf(o, p, now.Settling()))
}

// Refund opens an order that gives all of an executed one back. It returns ErrReturned, and
// the errors of OpenPayout.
func (e *Engine) Refund(parent string, o Order) (Order, error) {
	given, found := e.Order(parent)
	if !found || given.State != Executed || given.Direction != In {
		return Order{}, ErrReturned
	}
	o.Parent, o.MSISDN, o.Asked, o.Currency = parent, given.MSISDN, given.Amount, given.Currency
	return e.OpenPayout(o)
}

// isUsed reports whether another order has the identifier, or the reference if that is
// unique, or may still move money under the key. A failed order leaves its key to the next.
func (e *Engine) isUsed(o Order) bool {
	_, known := e.orders.Find(o.ID)
	if known || e.options.UniqueReference && len(e.byReference[o.Reference]) > 0 {
		return true
	}
	stored, found := e.orders.Find(e.byKey[o.Key])
	return o.Key != "" && found && stored.movesMoney()
}

// checkMoney returns an error if an order may not change from before to after. Either left, the
// rest of the float, is too low, or the money that it gives back was given back already.
func (e *Engine) checkMoney(before, after Order, left int64) error {
	// A parent's money goes back once, whichever return wins.
	if after.Parent != "" && after.movesMoney() && !before.movesMoney() && e.returned[after.Parent] {
		return ErrReturned
	}
	if more := after.floatTaken() - before.floatTaken(); more > 0 && more > left {
		return ErrFloat
	}
	return nil
}

// paymentKeyOf identifies repeated calls for the same payment, whose responses are lost in
// turn.
func paymentKeyOf(o Order) PaymentKey {
	return PaymentKey{Direction: o.Direction, MSISDN: o.MSISDN, Asked: o.Asked}
}

// Decide ends an open order, as a person on the operator's page does, and sends its
// callback. It returns ErrNoOrder if there is no open order, and ErrFloat.
func (e *Engine) Decide(id string, state State, why Reason) (Order, error) {
	return e.change(id, func(o *Order) bool {
		if !o.AwaitsCustomer() {
			return false
		}
		o.end(state, why, e.Now())
		return true
	})
}

// DecideOnPage ends an open order like Decide. A late or repeated click changes nothing and is no
// error. Other errors are logged.
func (e *Engine) DecideOnPage(id string, state State, why Reason) error {
	_, err := e.Decide(id, state, why)
	if errors.Is(err, ErrNoOrder) {
		return nil
	}
	if err != nil {
		e.Log.Error("decision not recorded", "order", id, "error", err)
	}
	return err
}

// Correct executes a declined order, as an operator does that finds out later that the
// customer was debited. It returns ErrNoOrder, ErrFloat, and ErrReturned if another order
// gave the same money back meanwhile.
func (e *Engine) Correct(id string) (Order, error) {
	return e.change(id, func(o *Order) bool {
		if o.State != Declined {
			return false
		}
		o.end(Executed, "", e.Now())
		return true
	})
}

// correct executes a declined order, if the operator has no further condition.
func (e *Engine) correct(o Order) error {
	if e.options.Correct != nil {
		return e.options.Correct(o)
	}
	_, err := e.Correct(o.ID)
	return err
}

// change modifies an order. It schedules the next step of an open order, and sends the
// callback of an ended one. It returns the stored order, also if it could not change.
func (e *Engine) change(id string, step func(*Order) bool) (Order, error) {
	after, err := e.alter(id, step)
	if err == nil {
		e.Proceed(after)
	}
	return after, err
}

// alter modifies an order without a callback.
func (e *Engine) alter(id string, step func(*Order) bool) (Order, error) {
	e.store.Lock()
	defer e.store.Unlock()
	stored, found := e.orders.Find(id)
	if !found {
		return Order{}, ErrNoOrder
	}
	next := stored
	if !step(&next) {
		return stored, ErrNoOrder
	}
	if err := e.checkMoney(stored, next, e.float-e.taken); err != nil {
		return stored, err
	}
	if err := e.store.Record(entryOf(next)); err != nil {
		return stored, err
	}
	return next, nil
}

// schedule schedules the end of an order.
func (e *Engine) schedule(o Order) {
	switch {
	case o.NextAt.IsZero():
	case o.NextAt.After(e.Now()):
		e.Scheduler.At(o.NextAt, func() { e.runDue(o.ID) })
	default:
		e.runDue(o.ID)
	}
}

// runDue takes the scheduled step of an order, unless it ended meanwhile. If the clock was set
// back, or the customer stepped back, due runs too early and schedules the step again.
func (e *Engine) runDue(id string) {
	settling := e.Faults.Read().Settling()
	after, err := e.change(id, func(o *Order) bool {
		if !o.Open() || o.NextAt.IsZero() || o.NextAt.After(e.Now()) {
			return false
		}
		o.advance(e.Now(), settling)
		return true
	})
	switch {
	case err == nil:
	case !errors.Is(err, ErrNoOrder):
		e.Log.Error("order could not end", "error", err)
	case after.Open() && after.NextAt.After(e.Now()):
		e.schedule(after)
	}
}

// scheduleCorrection schedules the correction that the switch demands.
func (e *Engine) scheduleCorrection(o Order) {
	if o.State != Declined {
		return
	}
	e.ScheduleCorrection(o.ChangedAt, func() {
		if err := e.correct(o); err != nil {
			e.Log.Info("order not corrected", "error", err)
		}
	})
}

// put stores o and updates everything derived from it.
func (e *Engine) put(o Order) {
	before := e.orders.Put(o.ID, o)
	moved, executed := false, false
	if before != nil {
		e.taken -= before.floatTaken()
		moved, executed = before.movesMoney(), before.State == Executed
	} else {
		e.byReference[o.Reference] = append(e.byReference[o.Reference], o.ID)
		e.calls[paymentKeyOf(o)]++
		if o.Key != "" { // a later change of an order does not take its key back
			e.byKey[o.Key] = o.ID
		}
	}
	// The book gets a line once, however often the journal repeats the order.
	if o.State == Executed && !executed {
		e.store.Pay(o.bookEntry())
	}
	if o.Parent != "" && o.movesMoney() != moved {
		e.returned[o.Parent] = o.movesMoney()
	}
	e.taken += o.floatTaken()
}

// Close stops every customer, delivers the queued callbacks, and closes the journal. When
// ctx ends first, it drops the callbacks. It also drops delayed callbacks and releases
// calls that hang. Closing twice is harmless.
func (e *Engine) Close(ctx context.Context) error {
	return errors.Join(e.Runtime.Close(ctx), e.store.Close())
}
