package engine

import (
	"container/heap"
	"sync"
	"time"
)

// Clock tells the time and sets alarms. Everything in a simulator that waits, waits on its
// clock; no other code reads the time of day.
type Clock interface {
	// Now returns the current instant.
	Now() time.Time
	// At runs f once, at the given instant, in a goroutine that the clock chooses. An instant
	// in the past runs f at once. stop reports whether it prevented the run. The instant is
	// absolute on purpose. An alarm after a duration would ring late if the clock moved before
	// it was set.
	At(instant time.Time, f func()) (stop func() bool)
}

// WallClock is the real time of day.
type WallClock struct{}

// Now implements Clock.
func (WallClock) Now() time.Time { return time.Now() }

// At implements Clock.
func (WallClock) At(instant time.Time, f func()) func() bool {
	return time.AfterFunc(time.Until(instant), f).Stop
}

// VirtualClock is a clock that a test or a demonstration moves. With rate 0 it stands still
// between two calls of Advance. With rate 60 a minute passes every second, and Advance
// still jumps ahead.
type VirtualClock struct {
	mu     sync.Mutex
	rate   float64
	origin time.Time // the virtual instant that the clock showed at the wall time since
	since  time.Time
	alarms alarms
	set    int64       // alarms set so far; orders alarms of the same instant
	timer  *time.Timer // rings for the first alarm of a running clock
}

// NewVirtualClock returns a clock that starts at start and runs at rate virtual seconds a
// second. A negative rate counts as 0: time never goes back.
func NewVirtualClock(start time.Time, rate float64) *VirtualClock {
	return &VirtualClock{rate: max(rate, 0), origin: start, since: time.Now()}
}

// Now implements Clock.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now returns the time of the clock. The caller holds the lock.
func (c *VirtualClock) now() time.Time {
	passed := float64(time.Since(c.since)) * c.rate
	return c.origin.Add(time.Duration(passed))
}

// MessageTime returns the time to put on a message to another system. On a clock that runs faster
// it is the wall time, because the receiver checks it against its own clock.
func MessageTime(c Clock) time.Time {
	if played, ok := c.(*VirtualClock); ok && played.rate > 0 {
		return time.Now()
	}
	return c.Now()
}

// At implements Clock. An alarm in the future runs inside the Advance that passes it. One
// that is due runs in a goroutine of its own.
func (c *VirtualClock) At(instant time.Time, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !instant.After(c.now()) {
		go f()
		return func() bool { return false }
	}
	c.set++
	a := &alarm{at: instant, order: c.set, ring: f}
	heap.Push(&c.alarms, a)
	if c.alarms[0] == a {
		c.wind()
	}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		waiting := a.ring != nil
		a.ring = nil // it stays on the heap, without effect, until its instant
		return waiting
	}
}

// Advance moves the clock by d and runs every alarm that falls due, in the order of their
// instants. Each runs while the clock shows its own instant. Advance returns when the last
// alarm has returned.
func (c *VirtualClock) Advance(d time.Duration) {
	c.mu.Lock()
	target := c.now().Add(max(d, 0))
	c.mu.Unlock()
	for {
		ring, found := c.next(target)
		if !found {
			return
		}
		ring()
	}
}

// next moves the clock to the first alarm due by target and removes it. Without one it
// moves to target itself.
func (c *VirtualClock) next(target time.Time) (ring func(), found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.alarms) > 0 && !c.alarms[0].at.After(target) {
		first, _ := heap.Pop(&c.alarms).(*alarm) //nolint:errcheck // the heap holds alarms only
		if ring, first.ring = first.ring, nil; ring != nil {
			c.moveTo(first.at)
			return ring, true
		}
	}
	c.moveTo(target)
	c.wind()
	return nil, false
}

// moveTo sets the clock to at, unless it shows a later time.
func (c *VirtualClock) moveTo(at time.Time) {
	if at.After(c.now()) {
		c.origin, c.since = at, time.Now()
	}
}

// wind arms the timer of a running clock for the first alarm.
func (c *VirtualClock) wind() {
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.rate == 0 || len(c.alarms) == 0 {
		return
	}
	wait := time.Duration(float64(c.alarms[0].at.Sub(c.now())) / c.rate)
	c.timer = time.AfterFunc(max(wait, 0), func() { c.Advance(0) })
}

// alarm is one function with its instant.
type alarm struct {
	at    time.Time
	order int64
	ring  func() // nil after it rang or was stopped
}

// alarms is a heap whose first element rings first.
type alarms []*alarm

func (h alarms) Len() int      { return len(h) }
func (h alarms) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h alarms) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

func (h *alarms) Push(x any) {
	a, _ := x.(*alarm) //nolint:errcheck // only At pushes
	*h = append(*h, a)
}

func (h *alarms) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return a
}
