package stage

import (
	"net/http"
	"slices"
)

// Order returns an order by the operator's own identifier, and whether there is one.
func (t *Till) Order(id string) (Order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, found := t.orders[id]; found {
		return *kept, true
	}
	return Order{}, false
}

// ByKey returns the order that was opened under a key, and whether there is one.
func (t *Till) ByKey(key string) (Order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, found := t.orders[t.byKey[key]]; found {
		return *kept, true
	}
	return Order{}, false
}

// ByReference returns the orders of a merchant's reference, oldest first.
func (t *Till) ByReference(reference string) []Order {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.those(t.byReference[reference])
}

// Orders returns every order, oldest first.
func (t *Till) Orders() []Order {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.those(t.sequence)
}

func (t *Till) those(ids []string) []Order {
	found := make([]Order, len(ids))
	for i, id := range ids {
		found[i] = *t.orders[id]
	}
	return found
}

// Book returns the money that moved, oldest first.
func (t *Till) Book() []Paid {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.paid)
}

// Asked returns how many orders there ever were.
func (t *Till) Asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sequence)
}

// Float returns what is left for payouts, in francs. A restart forgets a float that was
// raised, so more can have been paid out than it grants: then nothing is left.
func (t *Till) Float() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.left()
}

func (t *Till) left() int64 { return max(t.float-t.taken, 0) }

// ServeBook shows every order and the money that moved, as JSON.
func (t *Till) ServeBook(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, struct {
		Orders []Order `json:"orders"`
		Paid   []Paid  `json:"paid"`
	}{t.Orders(), append([]Paid{}, t.Book()...)})
}
