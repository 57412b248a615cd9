package stage

import (
	"sync"
	"time"
)

// Scheduler schedules the future actions of a simulator. After Close none of them runs any
// more, so that a closed simulator moves no money.
type Scheduler struct {
	clock   Clock
	mu      sync.Mutex
	closed  bool
	entries map[int64]func() bool // the stop functions of scheduled actions
	written int64
	running sync.WaitGroup
}

// NewScheduler returns an empty schedule on a clock.
func NewScheduler(clock Clock) *Scheduler {
	return &Scheduler{clock: clock, entries: make(map[int64]func() bool)}
}

// At runs do once, at the given instant, unless the agenda is closed first.
func (a *Scheduler) At(instant time.Time, do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.written++
	id := a.written
	a.entries[id] = a.clock.At(instant, func() { a.run(id, do) })
}

// run runs a scheduled action, unless the agenda closed first. Close waits for it.
func (a *Scheduler) run(id int64, do func()) {
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

// Close cancels every scheduled action. It returns when the running ones have ended.
func (a *Scheduler) Close() {
	a.mu.Lock()
	a.closed = true
	for _, stop := range a.entries {
		stop()
	}
	clear(a.entries)
	a.mu.Unlock()
	a.running.Wait()
}
