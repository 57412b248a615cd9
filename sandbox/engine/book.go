package engine

import (
	"net/http"
	"slices"
)

// Order returns an order by the operator's own identifier, and false if there is none.
func (e *Engine) Order(id string) (Order, bool) {
	e.store.Lock()
	defer e.store.Unlock()
	return e.orders.Find(id)
}

// ByKey returns the order that was opened under a key, and false if there is none.
func (e *Engine) ByKey(key string) (Order, bool) {
	e.store.Lock()
	defer e.store.Unlock()
	return e.orders.Find(e.byKey[key])
}

// ByReference returns the orders of a merchant's reference, oldest first.
func (e *Engine) ByReference(reference string) []Order {
	e.store.Lock()
	defer e.store.Unlock()
	return e.orders.FindAll(e.byReference[reference])
}

// Search returns the orders of a merchant's reference that a search can find at this time,
// oldest first; see Switches.Finds.
func (e *Engine) Search(reference string) []Order {
	now, switches := e.Now(), e.Faults.Read()
	return slices.DeleteFunc(e.ByReference(reference), func(o Order) bool {
		return !switches.SearchFinds(o.OpenedAt, now)
	})
}

// Orders returns every order, oldest first.
func (e *Engine) Orders() []Order {
	e.store.Lock()
	defer e.store.Unlock()
	return e.orders.All()
}

// Book returns the money that moved, oldest first.
func (e *Engine) Book() []BookEntry { return e.store.Paid() }

// Asked returns the number of orders ever opened.
func (e *Engine) Asked() int {
	e.store.Lock()
	defer e.store.Unlock()
	return e.orders.Len()
}

// Float returns the money left for payouts, in francs. A restart resets a raised float, so
// more may have been paid out than it grants. Float then returns 0.
func (e *Engine) Float() int64 {
	e.store.Lock()
	defer e.store.Unlock()
	return e.left()
}

// SetFloat replaces the money left for payouts, in francs.
func (e *Engine) SetFloat(left int64) {
	e.store.Lock()
	defer e.store.Unlock()
	e.float = left + e.taken
}

// left returns the money left for payouts, never below 0. The caller holds the lock.
func (e *Engine) left() int64 { return max(e.float-e.taken, 0) }

// ServeBook returns every order and the money that moved, as JSON, or the simulator's own
// BookView.
func (e *Engine) ServeBook(w http.ResponseWriter, _ *http.Request) {
	if e.options.BookView != nil {
		WriteJSON(w, http.StatusOK, e.options.BookView())
		return
	}
	WriteJSON(w, http.StatusOK, struct {
		Orders []Order     `json:"orders"`
		Paid   []BookEntry `json:"paid"`
	}{e.Orders(), e.Book()})
}
