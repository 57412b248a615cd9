package store

import (
	"sync"
	"time"
)

const (
	// recentFor bounds the time for which a process believes what it has read of keys, merchants and
	// fees. So every process refuses the reads of a revoked key or a suspended merchant within this
	// time. Keys.Admit refuses at once what moves money.
	recentFor = 2 * time.Second
	// maxRecent bounds the values of one kind. When there are as many, all of them are forgotten.
	maxRecent = 10_000
)

// recent keeps values that were read from the database within recentFor. A change in this process
// makes it forget all values at once, also those that are being read.
type recent[K comparable, V any] struct {
	mu      sync.Mutex
	changes int
	values  map[K]recentValue[V]
}

// recentValue is a value with the time before its read, on the monotonic clock.
type recentValue[V any] struct {
	value  V
	readAt time.Time
}

// get returns the value of a key. It reports false if that was not read within recentFor.
func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.values[key]
	if !ok || time.Since(kept.readAt) >= recentFor {
		return *new(V), false
	}
	return kept.value, true
}

// reading begins to read the value of a key. The function that it returns keeps the value, unless
// something was changed in between.
func (r *recent[K, V]) reading(key K) func(value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changes, began := r.changes, time.Now()
	return func(value V) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if changes != r.changes {
			return
		}
		if r.values == nil || len(r.values) >= maxRecent {
			r.values = map[K]recentValue[V]{}
		}
		r.values[key] = recentValue[V]{value, began}
	}
}

// forget drops every value. It is called after each change, whatever its outcome.
func (r *recent[K, V]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.values = nil
}
