package engine

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

// At runs do once, at the given instant, unless the scheduler is closed first.
func (s *Scheduler) At(instant time.Time, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.written++
	id := s.written
	s.entries[id] = s.clock.At(instant, func() { s.run(id, do) })
}

// run runs a scheduled action, unless the scheduler closed first. Close waits for it.
func (s *Scheduler) run(id int64, do func()) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	delete(s.entries, id)
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	do()
}

// Close cancels every scheduled action. It returns when the running ones have ended.
func (s *Scheduler) Close() {
	s.mu.Lock()
	s.closed = true
	for _, stop := range s.entries {
		stop()
	}
	clear(s.entries)
	s.mu.Unlock()
	s.running.Wait()
}
