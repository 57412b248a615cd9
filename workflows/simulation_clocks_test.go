package workflows_test

import (
	"math/rand/v2"
	"time"
)

// machine models the computer of a worker: its clock, and what its last reading of the database's clock
// found, by which the worker tells the time.
type machine struct {
	ahead  time.Duration // of the database's clock
	offset time.Duration // that the worker adds
}

// skew bounds the distance of two clocks; coarse bounds the error of a reading of the database's clock: half of
// the longest round trip that is believed.
const (
	skew   = 10 * time.Minute
	coarse = time.Second / 2
)

// setBy returns a machine whose clock is so far ahead, and the database's is followed.
func setBy(r *rand.Rand, ahead time.Duration) machine {
	return machine{ahead: ahead, offset: between(r, -coarse, coarse) - ahead}
}

// workerTime is the present as a worker tells it.
func (s *scenario) workerTime() time.Time {
	m := s.plan.machines[s.machine]
	return s.now().Add(m.ahead).Add(m.offset)
}

// nextMachine draws which worker makes the next run of an activity.
func (s *scenario) nextMachine() {
	if n := len(s.plan.machines); n > 1 {
		s.mark("clocks differ")
		s.machine = s.dice["machines"].IntN(n)
	}
}
