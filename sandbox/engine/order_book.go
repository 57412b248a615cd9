package engine

import (
	"slices"
)

// orderBook stores the orders, the money that they move, and the journal of both.
type orderBook struct {
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

// newOrderBook returns an empty book.
func newOrderBook(o Config) orderBook {
	return orderBook{
		Runtime: NewRuntime(o.Options), options: o, float: o.Float, byReference: map[string][]string{},
		byKey: map[string]string{}, calls: map[PaymentKey]int{}, returned: map[string]bool{}, quirks: map[string]bool{},
	}
}

// Order returns an order by the operator's own identifier, and false if there is none.
func (b *orderBook) Order(id string) (Order, bool) {
	b.store.Lock()
	defer b.store.Unlock()
	return b.orders.Find(id)
}

// ByKey returns the order that was opened under a key, and false if there is none.
func (b *orderBook) ByKey(key string) (Order, bool) {
	b.store.Lock()
	defer b.store.Unlock()
	return b.orders.Find(b.byKey[key])
}

// ByReference returns the orders of a merchant's reference, oldest first.
func (b *orderBook) ByReference(reference string) []Order {
	b.store.Lock()
	defer b.store.Unlock()
	return b.orders.FindAll(b.byReference[reference])
}

// Search returns the orders of a merchant's reference that a search can find at this time,
// oldest first; see Switches.Finds.
func (b *orderBook) Search(reference string) []Order {
	now, switches := b.Now(), b.Faults.Read()
	return slices.DeleteFunc(b.ByReference(reference), func(o Order) bool {
		return !switches.SearchFinds(o.OpenedAt, now)
	})
}

// Orders returns every order, oldest first.
func (b *orderBook) Orders() []Order {
	b.store.Lock()
	defer b.store.Unlock()
	return b.orders.All()
}

// Book returns the money that moved, oldest first.
func (b *orderBook) Book() []BookEntry { return b.store.Paid() }

// Asked returns the number of orders ever opened.
func (b *orderBook) Asked() int {
	b.store.Lock()
	defer b.store.Unlock()
	return b.orders.Len()
}

// Float returns the money left for payouts, in francs. A restart resets a raised float, so
// more may have been paid out than it grants. Float then returns 0.
func (b *orderBook) Float() int64 {
	b.store.Lock()
	defer b.store.Unlock()
	return b.left()
}

// SetFloat replaces the money left for payouts, in francs.
func (b *orderBook) SetFloat(left int64) {
	b.store.Lock()
	defer b.store.Unlock()
	b.float = left + b.taken
}

// left returns the money left for payouts, never below 0. The caller holds the lock.
func (b *orderBook) left() int64 { return max(b.float-b.taken, 0) }

// isUsed reports whether another order has the identifier, or the unique reference. It also
// does if another order may still move money under the key. A failed order leaves its key to
// the next.
func (b *orderBook) isUsed(o Order) bool {
	_, known := b.orders.Find(o.ID)
	if known || b.options.UniqueReference && len(b.byReference[o.Reference]) > 0 {
		return true
	}
	stored, found := b.orders.Find(b.byKey[o.Key])
	return o.Key != "" && found && stored.movesMoney()
}

// checkMoney returns an error if an order may not change from before to after. The rest of the
// float, left, is too low, or another order gave the same money back.
func (b *orderBook) checkMoney(before, after Order, left int64) error {
	// A parent's money goes back once, whichever return wins.
	if after.Parent != "" && after.movesMoney() && !before.movesMoney() && b.returned[after.Parent] {
		return ErrReturned
	}
	if more := after.floatTaken() - before.floatTaken(); more > 0 && more > left {
		return ErrFloat
	}
	return nil
}

// alter modifies an order without a callback.
func (b *orderBook) alter(id string, step func(*Order) bool) (Order, error) {
	b.store.Lock()
	defer b.store.Unlock()
	stored, found := b.orders.Find(id)
	if !found {
		return Order{}, ErrNoOrder
	}
	next := stored
	if !step(&next) {
		return stored, ErrNoOrder
	}
	if err := b.checkMoney(stored, next, b.float-b.taken); err != nil {
		return stored, err
	}
	if err := b.store.Record(entryOf(next)); err != nil {
		return stored, err
	}
	return next, nil
}

// put stores o and updates everything derived from it.
func (b *orderBook) put(o Order) {
	before := b.orders.Put(o.ID, o)
	moved, executed := false, false
	if before != nil {
		b.taken -= before.floatTaken()
		moved, executed = before.movesMoney(), before.State == Executed
	} else {
		b.byReference[o.Reference] = append(b.byReference[o.Reference], o.ID)
		b.calls[paymentKeyOf(o)]++
		if o.Key != "" { // a later change of an order does not take its key back
			b.byKey[o.Key] = o.ID
		}
	}
	// The book gets a line once, however often the journal repeats the order.
	if o.State == Executed && !executed {
		b.store.Pay(o.bookEntry())
	}
	if o.Parent != "" && o.movesMoney() != moved {
		b.returned[o.Parent] = o.movesMoney()
	}
	b.taken += o.floatTaken()
}

// Quirk reports whether one of the operator's own switches is on.
func (b *orderBook) Quirk(name string) bool {
	b.store.Lock()
	defer b.store.Unlock()
	return b.quirks[name]
}

// paymentKeyOf identifies repeated calls for the same payment, whose responses are lost in
// turn.
func paymentKeyOf(o Order) PaymentKey {
	return PaymentKey{Direction: o.Direction, MSISDN: o.MSISDN, Asked: o.Asked}
}
