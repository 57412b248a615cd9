package stage

import (
	"sync"
	"time"
)

// Agenda holds what a simulator will do later. It exists so that closing a
// simulator is final: after Close nothing on it runs any more.
type Agenda struct {
	clock   Clock
	mu      sync.Mutex
	closed  bool
	entries map[int64]func() bool // the stop functions of what still waits
	written int64
	running sync.WaitGroup
}

// NewAgenda returns an empty agenda that goes by clock.
func NewAgenda(clock Clock) *Agenda {
	return &Agenda{clock: clock, entries: make(map[int64]func() bool)}
}

// At runs do once, at the given instant, unless the agenda is closed first.
func (a *Agenda) At(instant time.Time, do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.written++
	id := a.written
	a.entries[id] = a.clock.At(instant, func() { a.run(id, do) })
}

func (a *Agenda) run(id int64, do func()) {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	delete(a.entries, id)
	a.running.Add(1)
	a.mu.Unlock()
	defer a.running.Done()
	do()
}

// Close strikes out everything that still waits and returns when what already
// runs has ended.
func (a *Agenda) Close() {
	a.mu.Lock()
	a.closed = true
	for _, stop := range a.entries {
		stop()
	}
	clear(a.entries)
	a.mu.Unlock()
	a.running.Wait()
}
