package stage

import (
	"encoding/json"
	"slices"
	"sync"
)

// Store stores a simulator's data behind one lock, with a journal of entries E. Memory
// changes only after the journal has the entry, so everything that a caller saw survives a
// crash.
type Store[E any] struct {
	sync.Mutex

	journal *Journal
	apply   func(E) error
	paid    []Paid
}

// Open replays the journal at path; an empty path keeps everything in memory. apply applies
// one entry to the data. Except here, it is called under the lock.
func (r *Store[E]) Open(path string, apply func(E) error) (err error) {
	r.apply = apply
	if path == "" {
		return nil
	}
	r.journal, err = OpenJournal(path, func(line []byte) error {
		var e E
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		return apply(e)
	})
	return err
}

// Record journals an entry, then applies it. The caller holds the lock.
func (r *Store[E]) Record(e E) error {
	if err := r.journal.Append(e); err != nil {
		return err
	}
	return r.apply(e)
}

// Pay adds lines to the book. Only apply calls it.
func (r *Store[E]) Pay(lines ...Paid) { r.paid = append(r.paid, lines...) }

// Paid returns the money that moved, oldest first. It is never nil.
func (r *Store[E]) Paid() []Paid {
	r.Lock()
	defer r.Unlock()
	return append([]Paid{}, r.paid...)
}

// Close closes the journal. The data in memory stays readable.
func (r *Store[E]) Close() error { return r.journal.Close() }

// Caller identifies repeated calls for the same payment.
type Caller struct {
	Direction Direction
	MSISDN    string
	Asked     int64
}

// OrderedMap is an ordered map: values by their identifiers, in the order of insertion.
type OrderedMap[T any] struct {
	byID  map[string]*T
	order []string
}

// Put stores a value and returns the previous one, or nil if there was none.
func (k *OrderedMap[T]) Put(id string, one T) (before *T) {
	if k.byID == nil {
		k.byID = map[string]*T{}
	}
	before, known := k.byID[id]
	if !known {
		k.order = append(k.order, id)
	}
	k.byID[id] = &one
	return before
}

// Find returns a value, and false if there is none.
func (k *OrderedMap[T]) Find(id string) (one T, found bool) {
	if kept, found := k.byID[id]; found {
		return *kept, true
	}
	return one, false
}

// Those returns the values of these identifiers, which must exist.
func (k *OrderedMap[T]) Those(ids []string) []T {
	things := make([]T, len(ids))
	for i, id := range ids {
		things[i] = *k.byID[id]
	}
	return things
}

// All returns every value, oldest first.
func (k *OrderedMap[T]) All() []T { return k.Those(k.order) }

// Any reports whether the function is true of one of the values.
func (k *OrderedMap[T]) Any(of func(T) bool) bool {
	return slices.ContainsFunc(k.order, func(id string) bool { return of(*k.byID[id]) })
}

// Len returns the number of values.
func (k *OrderedMap[T]) Len() int { return len(k.order) }
