package stage

import (
	"net/http"
	"slices"
)

// Order returns an order by the operator's own identifier, and false if there is none.
func (t *Engine) Order(id string) (Order, bool) {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.orders.Find(id)
}

// ByKey returns the order that was opened under a key, and false if there is none.
func (t *Engine) ByKey(key string) (Order, bool) {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.orders.Find(t.byKey[key])
}

// ByReference returns the orders of a merchant's reference, oldest first.
func (t *Engine) ByReference(reference string) []Order {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.orders.Those(t.byReference[reference])
}

// Search returns the orders of a merchant's reference that a search can find at this time,
// oldest first; see Switches.Finds.
func (t *Engine) Search(reference string) []Order {
	now, switches := t.Now(), t.Faults.Read()
	return slices.DeleteFunc(t.ByReference(reference), func(o Order) bool { return !switches.Finds(o.OpenedAt, now) })
}

// Orders returns every order, oldest first.
func (t *Engine) Orders() []Order {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.orders.All()
}

// Book returns the money that moved, oldest first.
func (t *Engine) Book() []Paid { return t.kept.Paid() }

// Asked returns the number of orders ever opened.
func (t *Engine) Asked() int {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.orders.Len()
}

// Float returns the money left for payouts, in francs. A restart resets a raised float, so
// more may have been paid out than it grants. Float then returns 0.
func (t *Engine) Float() int64 {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.left()
}

// left returns the money left for payouts, never below 0. The caller holds the lock.
func (t *Engine) left() int64 { return max(t.float-t.taken, 0) }

// ServeBook returns every order and the money that moved, as JSON.
func (t *Engine) ServeBook(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, struct {
		Orders []Order `json:"orders"`
		Paid   []Paid  `json:"paid"`
	}{t.Orders(), t.Book()})
}
