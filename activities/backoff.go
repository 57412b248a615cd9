package activities

import (
	"time"
)

// Backoff spaces the runs of an activity that tries again later, or that looks again whether its
// wait is over.
type Backoff struct {
	First  time.Duration // the wait after the first run
	Max    time.Duration // the longest wait
	Factor int           // of each wait to the one before
	Jitter Jitter        // spreads the waits
}

// Wait returns the wait after the n-th run, n from 1. chance is in [0, 1).
func (b Backoff) Wait(n int, chance float64) time.Duration {
	wait := b.First
	for range n - 1 {
		if wait *= time.Duration(b.Factor); wait >= b.Max {
			wait = b.Max
			break
		}
	}
	return b.Jitter.Spread(wait, chance)
}

// Jitter selects how delays are spread, so that payments accepted together do not come back
// together. A delay changes by a tenth at most.
type Jitter int

// The kinds of jitter.
const (
	JitterBoth  Jitter = iota // earlier or later
	JitterLater               // never earlier
)

// Spread returns a delay with its jitter. chance is in [0, 1).
func (j Jitter) Spread(d time.Duration, chance float64) time.Duration {
	if j == JitterBoth {
		chance = chance*2 - 1
	}
	return d + time.Duration(chance*0.1*float64(d))
}
