package stage

import (
	"container/heap"
	"sync"
	"time"
)

// Clock tells the time and wakes people up. Everything in a simulator that
// waits, waits on its clock; nothing else reads the time of day.
type Clock interface {
	// Now returns the current instant.
	Now() time.Time
	// At runs f once, at the given instant, in a goroutine of the clock's
	// choosing; an instant that has passed is at once. Stop reports whether it
	// prevented that. The instant is absolute on purpose: were it a wait, a clock
	// moved between reckoning the wait and setting the alarm would ring late.
	At(instant time.Time, f func()) (stop func() bool)
}

// WallClock is the time of day.
type WallClock struct{}

// Now implements Clock.
func (WallClock) Now() time.Time { return time.Now() }

// At implements Clock.
func (WallClock) At(instant time.Time, f func()) func() bool {
	return time.AfterFunc(time.Until(instant), f).Stop
}

// VirtualClock is a clock that a test or a demonstration moves. With rate 0 it
// stands still between two calls of Advance; with rate 60 a minute passes every
// second, and Advance still jumps ahead.
type VirtualClock struct {
	mu     sync.Mutex
	rate   float64
	origin time.Time // the virtual instant at which the wall clock read since
	since  time.Time
	alarms alarms
	set    int64       // alarms set so far; breaks ties in order of arrival
	timer  *time.Timer // rings for the first alarm of a clock that runs
}

// NewVirtualClock returns a clock that reads start and runs at rate virtual
// seconds a second. A negative rate counts as 0: time never goes back.
func NewVirtualClock(start time.Time, rate float64) *VirtualClock {
	return &VirtualClock{rate: max(rate, 0), origin: start, since: time.Now()}
}

// Now implements Clock.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *VirtualClock) now() time.Time {
	passed := float64(time.Since(c.since)) * c.rate
	return c.origin.Add(time.Duration(passed))
}

// Stamp is the moment that a message to somebody else bears: theirs, which a clock
// that plays faster must not run away from.
func Stamp(c Clock) time.Time {
	if played, ok := c.(*VirtualClock); ok && played.rate > 0 {
		return time.Now()
	}
	return c.Now()
}

// At implements Clock. What lies ahead runs inside the Advance that passes it;
// what is due already runs in a goroutine of its own.
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
		a.ring = nil // it stays on the heap, silent, until its instant
		return waiting
	}
}

// Advance moves the clock by d and runs all that falls due on the way, in the
// order of its instants, each with the clock showing its own instant. It returns
// when the last of them has returned.
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

// next moves to the first alarm due by target and takes it; with none left it
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

// moveTo makes the clock read at, unless it already reads later.
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

// alarm is one function that waits for its instant.
type alarm struct {
	at    time.Time
	order int64
	ring  func() // nil once it has rung or was stopped
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
