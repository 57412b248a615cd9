package stage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"
)

// The limits of a till.
const (
	defaultFloat = 1_000_000_000            // francs for payouts
	defaultLapse = 10 * time.Minute         // for an order that nobody confirms
	maxFloat     = int64(1_000_000_000_000) // francs
)

// The refusals of a till. Each simulator reports them in its operator's words.
var (
	ErrFull     = errors.New("the sandbox keeps no more; start it with an empty journal")
	ErrFloat    = errors.New("the float is too low")
	ErrCeiling  = errors.New("the beneficiary's ceiling is reached")
	ErrReturned = errors.New("the order is not executed, or was given back already")
	ErrNoOrder  = errors.New("there is no such order")
	ErrUsed     = errors.New("an order has this identifier or key already")
	ErrDown     = errors.New("the operator is down for this number")
)

// EngineOptions configures a Till.
type EngineOptions struct {
	Options

	Float int64         // money for payouts, 1 000 000 000 francs by default
	Lapse time.Duration // wait for a silent customer, 10 min by default
	// Quirks holds the operator's own switches, each with its effect.
	Quirks map[string]string
	// Refusals maps errors to the operator's words: those of this package, and ErrInternal for
	// errors without a row.
	Refusals map[error]Refusal
	// Callback returns the message about an order's end, signed and complete except for
	// Copies. A message without a URL is not sent. A nil Callback sends none.
	Callback func(Order) Notification
}

// Engine is the engine that operator simulators share. It holds the orders and their
// schedule, the book of executed payments, the float, the journal and the switches. It
// sends the callbacks. A simulator adds only its operator's API. Begin starts it.
type Engine struct {
	*Runtime

	options EngineOptions

	kept        Store[Order] // its lock guards all fields below
	orders      OrderedMap[Order]
	byReference map[string][]string // IDs, oldest first
	byKey       map[string]string
	calls       map[Caller]int // counts calls, to lose every other response
	returned    map[string]bool
	float       int64
	taken       int64
	quirks      map[string]bool
}

// Start starts the till. With a journal it restores every order, and anything that fell due
// meanwhile happens at once. It returns an error without a valid address.
func (t *Engine) Start(o EngineOptions) (err error) {
	if o.Options, err = o.Ready(); err != nil {
		return err
	}
	o.Lapse, o.Float = cmp.Or(o.Lapse, defaultLapse), cmp.Or(o.Float, defaultFloat)
	t.options, t.float, t.Runtime = o, o.Float, NewRuntime(o.Options)
	t.byReference, t.byKey, t.calls = map[string][]string{}, map[string]string{}, map[Caller]int{}
	t.returned, t.quirks = map[string]bool{}, map[string]bool{}
	if err := t.kept.Open(o.JournalPath, t.apply); err != nil {
		return errors.Join(err, t.Runtime.Close(context.Background()))
	}
	for _, unfinished := range t.Orders() {
		t.arrange(unfinished)
	}
	return nil
}

// Address returns the address of one of the simulator's paths, for browsers and Pirogue.
func (t *Engine) Address(path string) string { return t.options.PublicURL + path }

// MaxOrders returns the number of orders that the till can store.
func (t *Engine) MaxOrders() int { return t.options.MaxOrders }

// Open opens an order in the direction of o; see Collect and RecordSettlement.
func (t *Engine) Open(o Order) (Order, error) {
	if o.Direction == Out {
		return t.OpenPayout(o)
	}
	return t.OpenCollection(o)
}

// OpenCollection opens a collection. ID, Reference, MSISDN, Asked and Currency are mandatory. The
// number decides the customer's behaviour. Its errors are ErrDown, ErrFull and ErrUsed: of
// two concurrent calls with one key, only one opens an order.
func (t *Engine) OpenCollection(o Order) (Order, error) {
	now := t.Faults.Read()
	b := now.BehaviourOf(o.MSISDN)
	if b.Down {
		return Order{}, ErrDown
	}
	o.Direction = In
	return t.open(o, b.AnswerLost, func(o *Order) { o.collection(b, t.options.Lapse, now.Settling()) })
}

// RecordSettlement opens a payout. It returns ErrCeiling for the number that is refused at once,
// ErrFloat, and the errors of Collect. On an error nothing is stored.
func (t *Engine) OpenPayout(o Order) (Order, error) {
	now := t.Faults.Read()
	p := now.PayoutTo(o.MSISDN)
	switch {
	case p.Down:
		return Order{}, ErrDown
	case p.End == RefusedAtOnce:
		return Order{}, ErrCeiling
	}
	o.Direction = Out
	return t.open(o, p.AnswerLost, func(o *Order) { o.payout(p, now.Settling()) })
}

// Refund opens an order that gives all of an executed one back. It returns ErrReturned, and
// the errors of RecordSettlement.
func (t *Engine) Refund(parent string, o Order) (Order, error) {
	given, found := t.Order(parent)
	if !found || given.State != Executed || given.Direction != In {
		return Order{}, ErrReturned
	}
	o.Parent, o.MSISDN, o.Asked, o.Currency = parent, given.MSISDN, given.Amount, given.Currency
	return t.OpenPayout(o)
}

// open stores an order and schedules its end.
func (t *Engine) open(o Order, losesAnswers bool, course func(*Order)) (Order, error) {
	t.kept.Lock()
	defer t.kept.Unlock()
	if t.orders.Len() >= t.options.MaxOrders {
		return Order{}, ErrFull
	}
	if t.used(o) {
		return Order{}, ErrUsed
	}
	o.Amount, o.OpenedAt, o.ChangedAt = o.Asked, t.Now(), t.Now()
	o.Notes = maps.Clone(o.Notes)                              // the caller may still change its own map
	o.AnswerLost = losesAnswers && t.calls[callerOf(o)]%2 == 0 // the first, the third, …
	course(&o)
	// Under the same lock as Record, so concurrent orders cannot overdraw the float.
	if err := t.affords(Order{}, o); err != nil {
		return Order{}, err
	}
	if err := t.kept.Record(o); err != nil {
		return Order{}, err
	}
	return o, nil
}

// used reports whether another order has the identifier, or may still move money under the
// key. A failed order leaves its key to the next.
func (t *Engine) used(o Order) bool {
	if _, known := t.orders.Find(o.ID); known {
		return true
	}
	kept, found := t.orders.Find(t.byKey[o.Key])
	return o.Key != "" && found && kept.moves()
}

// affords returns an error if an order may not change from before to after. Either the
// float is too low, or the money that it gives back was given back already.
func (t *Engine) affords(before, after Order) error {
	// A parent's money goes back once, whichever return wins.
	if after.Parent != "" && after.moves() && !before.moves() && t.returned[after.Parent] {
		return ErrReturned
	}
	if more := after.taken() - before.taken(); more > 0 && more > t.float-t.taken {
		return ErrFloat
	}
	return nil
}

// callerOf identifies repeated calls for the same payment, whose responses are lost in
// turn.
func callerOf(o Order) Caller {
	return Caller{Direction: o.Direction, MSISDN: o.MSISDN, Asked: o.Asked}
}

// Decide ends an open order, as a person on the operator's page does, and sends its
// callback. It returns ErrNoOrder if there is no open order, and ErrFloat.
func (t *Engine) Decide(id string, state State, why Reason) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if !o.Open() {
			return false
		}
		o.end(state, why, t.Now())
		return true
	})
}

// DecideOnPage ends an open order like Decide. A late or repeated press changes nothing and is no
// error. Other errors are logged.
func (t *Engine) DecideOnPage(id string, state State, why Reason) error {
	_, err := t.Decide(id, state, why)
	if errors.Is(err, ErrNoOrder) {
		return nil
	}
	if err != nil {
		t.Log.Error("decision not kept", "order", id, "error", err)
	}
	return err
}

// Correct executes a declined order, as an operator does that finds out later that the
// customer was debited. It returns ErrNoOrder, ErrFloat, and ErrReturned if another order
// gave the same money back meanwhile.
func (t *Engine) Correct(id string) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if o.State != Declined {
			return false
		}
		o.end(Executed, "", t.Now())
		return true
	})
}

// change modifies an order and sends its callback. It returns the stored order, also if it
// could not change.
func (t *Engine) change(id string, step func(*Order) bool) (Order, error) {
	after, err := t.alter(id, step)
	if err == nil {
		t.notify(after, max(after.Copies, 1))
		t.mayCorrect(after)
	}
	return after, err
}

// alter modifies an order without a callback.
func (t *Engine) alter(id string, step func(*Order) bool) (Order, error) {
	t.kept.Lock()
	defer t.kept.Unlock()
	kept, found := t.orders.Find(id)
	if !found {
		return Order{}, ErrNoOrder
	}
	next := kept
	if !step(&next) {
		return kept, ErrNoOrder
	}
	if err := t.affords(kept, next); err != nil {
		return kept, err
	}
	if err := t.kept.Record(next); err != nil {
		return kept, err
	}
	return next, nil
}

// arrange schedules the end of an order.
func (t *Engine) arrange(o Order) {
	switch {
	case o.NextAt.IsZero():
	case o.NextAt.After(t.Now()):
		t.Scheduler.At(o.NextAt, func() { t.due(o.ID) })
	default:
		t.due(o.ID)
	}
}

// due ends an order as scheduled, unless it ended meanwhile. If the clock was set back, due
// runs too early and schedules the end again.
func (t *Engine) due(id string) {
	after, err := t.change(id, func(o *Order) bool {
		if !o.Open() || o.NextAt.IsZero() || o.NextAt.After(t.Now()) {
			return false
		}
		o.end(o.Ends, o.EndsReason, t.Now())
		return true
	})
	switch {
	case err == nil:
	case !errors.Is(err, ErrNoOrder):
		t.Log.Error("order could not end", "error", err)
	case after.Open() && after.NextAt.After(t.Now()):
		// The clock was set back: the order is not due yet.
		t.arrange(after)
	}
}

// mayCorrect schedules the correction that the switch demands.
func (t *Engine) mayCorrect(o Order) {
	if o.State != Declined {
		return
	}
	t.MayCorrect(o.ChangedAt, func() {
		if _, err := t.Correct(o.ID); err != nil {
			t.Log.Info("order not corrected", "error", err)
		}
	})
}

// apply stores o and updates everything derived from it.
func (t *Engine) apply(o Order) error {
	before := t.orders.Put(o.ID, o)
	moved, executed := false, false
	if before != nil {
		t.taken -= before.taken()
		moved, executed = before.moves(), before.State == Executed
	} else {
		t.byReference[o.Reference] = append(t.byReference[o.Reference], o.ID)
		t.calls[callerOf(o)]++
		if o.Key != "" { // a later change of an order does not take its key back
			t.byKey[o.Key] = o.ID
		}
	}
	// The book gets a line once, however often the journal repeats the order.
	if o.State == Executed && !executed {
		t.kept.Pay(o.paid())
	}
	if o.Parent != "" && o.moves() != moved {
		t.returned[o.Parent] = o.moves()
	}
	t.taken += o.taken()
	return nil
}

// Close stops every customer, delivers the queued callbacks, and closes the journal. When
// ctx ends first, it drops the callbacks. It also drops delayed callbacks and releases
// calls that hang. Closing twice is harmless.
func (t *Engine) Close(ctx context.Context) error {
	return errors.Join(t.Runtime.Close(ctx), t.kept.Close())
}
