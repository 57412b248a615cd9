package engine

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
	paid    []BookEntry
}

// Open replays the journal at path; an empty path keeps everything in memory. apply applies
// one entry to the data. Except here, it is called under the lock.
func (s *Store[E]) Open(path string, apply func(E) error) (err error) {
	s.apply = apply
	if path == "" {
		return nil
	}
	s.journal, err = OpenJournal(path, func(line []byte) error {
		var e E
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		return apply(e)
	})
	return err
}

// Record journals an entry, then applies it. The caller holds the lock.
func (s *Store[E]) Record(e E) error {
	if err := s.journal.Append(e); err != nil {
		return err
	}
	return s.apply(e)
}

// Pay adds lines to the book. Only apply calls it.
func (s *Store[E]) Pay(lines ...BookEntry) { s.paid = append(s.paid, lines...) }

// Paid returns the money that moved, oldest first. It is never nil.
func (s *Store[E]) Paid() []BookEntry {
	s.Lock()
	defer s.Unlock()
	return append([]BookEntry{}, s.paid...)
}

// Close closes the journal. The data in memory stays readable.
func (s *Store[E]) Close() error { return s.journal.Close() }

// PaymentKey identifies repeated calls for the same payment.
type PaymentKey struct {
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
func (m *OrderedMap[T]) Put(id string, one T) (before *T) {
	if m.byID == nil {
		m.byID = map[string]*T{}
	}
	before, known := m.byID[id]
	if !known {
		m.order = append(m.order, id)
	}
	m.byID[id] = &one
	return before
}

// Find returns a value, and false if there is none.
func (m *OrderedMap[T]) Find(id string) (one T, found bool) {
	if stored, found := m.byID[id]; found {
		return *stored, true
	}
	return one, false
}

// FindAll returns the values of these identifiers, which must exist.
func (m *OrderedMap[T]) FindAll(ids []string) []T {
	things := make([]T, len(ids))
	for i, id := range ids {
		things[i] = *m.byID[id]
	}
	return things
}

// All returns every value, oldest first.
func (m *OrderedMap[T]) All() []T { return m.FindAll(m.order) }

// Any reports whether the function is true of one of the values.
func (m *OrderedMap[T]) Any(of func(T) bool) bool {
	return slices.ContainsFunc(m.order, func(id string) bool { return of(*m.byID[id]) })
}

// Len returns the number of values.
func (m *OrderedMap[T]) Len() int { return len(m.order) }
