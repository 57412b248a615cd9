package stage

import (
	"encoding/json"
	"slices"
	"sync"
)

// Register is what a simulator keeps, behind one lock and a journal of entries E. Nothing
// changes in memory before the journal has it, so what anyone saw survives a crash.
type Register[E any] struct {
	sync.Mutex

	journal *Journal
	apply   func(E) error
	paid    []Paid
}

// Open reads the journal at path back; an empty path keeps all in memory. apply makes the
// register read as it does after an entry. It is called under the lock, but for here.
func (r *Register[E]) Open(path string, apply func(E) error) (err error) {
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

// Record journals an entry, then lets it count. The caller holds the lock.
func (r *Register[E]) Record(e E) error {
	if err := r.journal.Append(e); err != nil {
		return err
	}
	return r.apply(e)
}

// Pay adds lines to the book. It is for apply to call.
func (r *Register[E]) Pay(lines ...Paid) { r.paid = append(r.paid, lines...) }

// Paid returns the money that moved, oldest first; it is never nil.
func (r *Register[E]) Paid() []Paid {
	r.Lock()
	defer r.Unlock()
	return append([]Paid{}, r.paid...)
}

// Close closes the journal. What is in memory can still be read.
func (r *Register[E]) Close() error { return r.journal.Close() }

// Caller tells repeated calls for the same thing from other calls.
type Caller struct {
	Direction Direction
	MSISDN    string
	Asked     int64
}

// Kept is things by their identifiers, in the order in which they came.
type Kept[T any] struct {
	byID  map[string]*T
	order []string
}

// Put keeps a thing as it stands, and returns how it stood before; nil when it is new.
func (k *Kept[T]) Put(id string, one T) (before *T) {
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

// Find returns a thing, and whether there is one.
func (k *Kept[T]) Find(id string) (one T, found bool) {
	if kept, found := k.byID[id]; found {
		return *kept, true
	}
	return one, false
}

// Those returns the things with these identifiers, which must be kept.
func (k *Kept[T]) Those(ids []string) []T {
	things := make([]T, len(ids))
	for i, id := range ids {
		things[i] = *k.byID[id]
	}
	return things
}

// All returns every thing, oldest first.
func (k *Kept[T]) All() []T { return k.Those(k.order) }

// Any reports whether one of the things is of a kind.
func (k *Kept[T]) Any(of func(T) bool) bool {
	return slices.ContainsFunc(k.order, func(id string) bool { return of(*k.byID[id]) })
}

// Len returns how many things there are.
func (k *Kept[T]) Len() int { return len(k.order) }
