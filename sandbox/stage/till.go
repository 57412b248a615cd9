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
	defaultLapse = 10 * time.Minute         // of an order that nobody confirms
	maxFloat     = int64(1_000_000_000_000) // francs
)

// What a till refuses. Each simulator says it in its operator's words.
var (
	ErrFull     = errors.New("the sandbox keeps no more; start it with an empty journal")
	ErrFloat    = errors.New("the float is too low")
	ErrCeiling  = errors.New("the beneficiary's ceiling is reached")
	ErrReturned = errors.New("the order is not executed, or was given back already")
	ErrNoOrder  = errors.New("there is no such order")
	ErrUsed     = errors.New("an order has this identifier or key already")
	ErrDown     = errors.New("the operator is down for this number")
)

// TillOptions says how a till runs.
type TillOptions struct {
	Options

	Float int64         // what payouts can take, 1 000 000 000 francs by default
	Lapse time.Duration // how long an order waits for a silent customer, 10 min by default
	// Quirks are the operator's own switches: what each one does when it is on.
	Quirks map[string]string
	// Refusals is what errors are in the operator's words: those of this package, and
	// ErrInternal for those that have no row.
	Refusals map[error]Refusal
	// Callback writes the message that tells of an order's end, signed and ready but
	// for its copies; a message without a URL is not sent. nil tells nobody.
	Callback func(Order) Message
}

// Till is what the simulators of operators have in common: the orders on their
// courses, the book of what was executed, the float, the journal, the switches and the
// callbacks. A simulator adds its operator's wire to it, and nothing else. Begin opens it.
type Till struct {
	*Crew

	options TillOptions

	kept        Register[Order] // and the lock of all that follows
	orders      Kept[Order]
	byReference map[string][]string // IDs, oldest first
	byKey       map[string]string
	calls       map[Caller]int // to lose every other answer
	returned    map[string]bool
	float       int64
	taken       int64
	quirks      map[string]bool
}

// Begin opens the till. With a journal it takes up every order where it was left, and what
// fell due meanwhile happens at once. It fails without an address.
func (t *Till) Begin(o TillOptions) (err error) {
	if o.Options, err = o.Ready(); err != nil {
		return err
	}
	o.Lapse, o.Float = cmp.Or(o.Lapse, defaultLapse), cmp.Or(o.Float, defaultFloat)
	t.options, t.float, t.Crew = o, o.Float, NewCrew(o.Options)
	t.byReference, t.byKey, t.calls = map[string][]string{}, map[string]string{}, map[Caller]int{}
	t.returned, t.quirks = map[string]bool{}, map[string]bool{}
	if err := t.kept.Open(o.JournalPath, t.apply); err != nil {
		return errors.Join(err, t.Crew.Close(context.Background()))
	}
	for _, unfinished := range t.Orders() {
		t.arrange(unfinished)
	}
	return nil
}

// Address is that of a path of the simulator's, as browsers and Pirogue reach it.
func (t *Till) Address(path string) string { return t.options.PublicURL + path }

// MaxOrders is how many orders the till keeps.
func (t *Till) MaxOrders() int { return t.options.MaxOrders }

// Open opens an order the way its direction says; see Collect and PayOut.
func (t *Till) Open(o Order) (Order, error) {
	if o.Direction == Out {
		return t.PayOut(o)
	}
	return t.Collect(o)
}

// Collect opens an order of a customer who pays; ID, Reference, MSISDN, Asked and
// Currency must be given. What the customer does is the number's to say. It fails with
// ErrDown, ErrFull and ErrUsed: of two calls with one key at once, one opens an order.
func (t *Till) Collect(o Order) (Order, error) {
	now := t.Board.Read()
	b := now.BehaviourOf(o.MSISDN)
	if b.Down {
		return Order{}, ErrDown
	}
	o.Direction = In
	return t.open(o, b.AnswerLost, func(o *Order) { o.collection(b, t.options.Lapse, now.Settling()) })
}

// PayOut opens an order of a customer who is paid. It fails with ErrCeiling for the
// number that is refused at once, with ErrFloat, and as Collect does; nothing is kept
// then.
func (t *Till) PayOut(o Order) (Order, error) {
	now := t.Board.Read()
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

// Return opens an order that gives an executed one back, all of it. It fails with
// ErrReturned, and as PayOut does.
func (t *Till) Return(parent string, o Order) (Order, error) {
	given, found := t.Order(parent)
	if !found || given.State != Executed || given.Direction != In {
		return Order{}, ErrReturned
	}
	o.Parent, o.MSISDN, o.Asked, o.Currency = parent, given.MSISDN, given.Amount, given.Currency
	return t.PayOut(o)
}

// open puts an order into the book and on its course.
func (t *Till) open(o Order, losesAnswers bool, course func(*Order)) (Order, error) {
	t.kept.Lock()
	defer t.kept.Unlock()
	if t.orders.Len() >= t.options.MaxOrders {
		return Order{}, ErrFull
	}
	if t.used(o) {
		return Order{}, ErrUsed
	}
	o.Amount, o.OpenedAt, o.ChangedAt = o.Asked, t.Now(), t.Now()
	o.Notes = maps.Clone(o.Notes)                              // what the caller does to its own is no line of the journal
	o.AnswerLost = losesAnswers && t.calls[callerOf(o)]%2 == 0 // the first, the third, …
	course(&o)
	if err := t.affords(Order{}, o); err != nil {
		return Order{}, err
	}
	if err := t.kept.Record(o); err != nil {
		return Order{}, err
	}
	return o, nil
}

// used reports whether another order has the identifier, or may still move money under
// the key: one that failed leaves its key to the next.
func (t *Till) used(o Order) bool {
	if _, known := t.orders.Find(o.ID); known {
		return true
	}
	kept, found := t.orders.Find(t.byKey[o.Key])
	return o.Key != "" && found && kept.moves()
}

// affords returns why an order may not become after what it was before: the float is
// too low for it, or what it gives back is given back already.
func (t *Till) affords(before, after Order) error {
	if after.Parent != "" && after.moves() && !before.moves() && t.returned[after.Parent] {
		return ErrReturned
	}
	if more := after.taken() - before.taken(); more > 0 && more > t.float-t.taken {
		return ErrFloat
	}
	return nil
}

func callerOf(o Order) Caller {
	return Caller{Direction: o.Direction, MSISDN: o.MSISDN, Asked: o.Asked}
}

// Decide ends an open order as a person on the operator's page does, and tells of it.
// It fails with ErrNoOrder when there is none, or none that is open, and with ErrFloat.
func (t *Till) Decide(id string, state State, why Reason) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if !o.Open() {
			return false
		}
		o.end(state, why, t.Now())
		return true
	})
}

// Press ends an open order as Decide does. Who comes too late, or presses twice, changes
// nothing, and that is no error; any other is logged.
func (t *Till) Press(id string, state State, why Reason) error {
	_, err := t.Decide(id, state, why)
	if errors.Is(err, ErrNoOrder) {
		return nil
	}
	if err != nil {
		t.Log.Error("decision not kept", "order", id, "error", err)
	}
	return err
}

// Correct executes an order that had been declined, as an operator does that finds out
// later that the customer was debited. It fails with ErrNoOrder, with ErrFloat, and with
// ErrReturned when another order gave the same money back meanwhile.
func (t *Till) Correct(id string) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if o.State != Declined {
			return false
		}
		o.end(Executed, "", t.Now())
		return true
	})
}

// change takes an order one step further and tells of it. What it returns is the order
// as it stands, also when it could not change.
func (t *Till) change(id string, step func(*Order) bool) (Order, error) {
	after, err := t.alter(id, step)
	if err == nil {
		t.tell(after, max(after.Copies, 1))
		t.mayCorrect(after)
	}
	return after, err
}

// alter takes an order one step further, silently.
func (t *Till) alter(id string, step func(*Order) bool) (Order, error) {
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

// arrange sees to it that an order ends when it is due.
func (t *Till) arrange(o Order) {
	switch {
	case o.NextAt.IsZero():
	case o.NextAt.After(t.Now()):
		t.Agenda.At(o.NextAt, func() { t.due(o.ID) })
	default:
		t.due(o.ID)
	}
}

// due ends an order as its course says, unless it ended meanwhile. A clock that was put
// back wakes it too early: it then waits again.
func (t *Till) due(id string) {
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
		t.arrange(after)
	}
}

// mayCorrect arranges the change of mind that the switch asks for.
func (t *Till) mayCorrect(o Order) {
	if o.State != Declined {
		return
	}
	t.MayCorrect(o.ChangedAt, func() {
		if _, err := t.Correct(o.ID); err != nil {
			t.Log.Info("order not corrected", "error", err)
		}
	})
}

// apply makes the till read as it does after o.
func (t *Till) apply(o Order) error {
	before := t.orders.Put(o.ID, o)
	moved, executed := false, false
	if before != nil {
		t.taken -= before.taken()
		moved, executed = before.moves(), before.State == Executed
	} else {
		t.byReference[o.Reference] = append(t.byReference[o.Reference], o.ID)
		t.calls[callerOf(o)]++
		if o.Key != "" { // a later step of an order does not take its key back
			t.byKey[o.Key] = o.ID
		}
	}
	if o.State == Executed && !executed {
		t.kept.Pay(o.paid())
	}
	if o.Parent != "" && o.moves() != moved {
		t.returned[o.Parent] = o.moves()
	}
	t.taken += o.taken()
	return nil
}

// Close stops every customer, delivers the callbacks that are queued, and closes the
// journal. When ctx ends first, callbacks are given up. Callbacks that are held back are
// given up as well, and calls that hang are let go. Closing twice is harmless.
func (t *Till) Close(ctx context.Context) error {
	return errors.Join(t.Crew.Close(ctx), t.kept.Close())
}
