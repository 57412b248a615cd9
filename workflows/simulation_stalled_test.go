package workflows_test

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"pirogue"
)

// run is one run of an activity in a scenario.
type run struct {
	s          *scenario
	payment    pirogue.PaymentID
	until      time.Time  // nothing of it reaches an operator later
	said       *statement // by the operator, which no row has yet
	stalledRun *hungRun   // nil: it does not hang
}

// hungRun is a run that hangs at some step of its work and is given up. It goes on later, next to
// the one that has followed it.
type hungRun struct {
	s      *scenario
	name   string
	left   int // steps until it hangs; 0: it does not any more
	woken  int
	busy   bool
	parked chan struct{}
	wake   chan struct{}
	ended  chan struct{}
}

// runKey is the key of a context's run.
type runKey struct{}

// runOf returns the run of a context, and whether it has one.
func runOf(ctx context.Context) (*run, bool) {
	r, ok := ctx.Value(runKey{}).(*run)
	return r, ok
}

// written notes that what the operator said is in our rows.
func written(ctx context.Context) {
	if r, ok := runOf(ctx); ok && r.said != nil {
		r.said.known = r.s.now()
		r.said = nil
	}
}

// step is called before each piece of an activity's work. A run hangs here whose turn that is; and
// next to one that does not, those that hang may go on.
func step(ctx context.Context) {
	r, ok := runOf(ctx)
	switch {
	case !ok:
	case r.stalledRun == nil:
		r.s.haunt()
	case r.stalledRun.left > 0:
		if r.stalledRun.left--; r.stalledRun.left == 0 {
			r.stalledRun.parked <- struct{}{}
			<-r.stalledRun.wake
		}
	}
}

// hanging makes one run of an activity. One that hangs is given up, and goes on by itself later.
func hanging[In, Out any](
	ctx context.Context, r *rig, in In, do func(context.Context, In) (Out, error),
) (Out, error) {
	if r.runs == nil {
		return do(ctx, in)
	}
	ctx, z := r.runs(ctx)
	if z == nil {
		return do(ctx, in)
	}
	type result struct {
		out Out
		err error
	}
	came := make(chan result, 1)
	go func() {
		defer close(z.ended)
		out, err := do(context.WithoutCancel(ctx), in)
		came <- result{out, err}
	}()
	select {
	case got := <-came:
		return got.out, got.err
	case <-z.parked:
		var nothing Out
		return nothing, z.givenUp()
	}
}

// givenUp says that a run hangs, and plans when it goes on.
func (z *hungRun) givenUp() error {
	z.s.mark("an activity hangs")
	z.s.note("a run of %s hangs", z.name)
	z.goesOnLater()
	delay := between(z.s.dice["zombies"], time.Second, 20*time.Second)
	return temporal.NewApplicationErrorWithOptions("the worker hangs", "AGAIN", temporal.ApplicationErrorOptions{
		NextRetryDelay: delay,
	})
}

// goesOnLater plans when a run that hangs goes on: soon, or when its payment has long ended.
func (z *hungRun) goesOnLater() {
	z.s.hung = append(z.s.hung, z)
	after := between(z.s.dice["zombies"], time.Millisecond, 40*time.Second)
	switch draw := z.s.dice["zombies"].IntN(10); {
	case draw < 3:
		after = between(z.s.dice["zombies"], time.Minute, 20*time.Minute)
	case draw < 5:
		after = between(z.s.dice["zombies"], 20*time.Minute, 5*time.Hour)
	}
	z.s.plans(z.s.now().Add(after), z.goOn)
}

// lives limits the times that a run hangs.
const lives = 3

// goOn lets a run go on that hangs: to its end, or until it hangs again.
func (z *hungRun) goOn() {
	if z.busy || !z.hangs() {
		return
	}
	z.busy = true
	defer func() { z.busy = false }()
	z.woken++
	z.left = 0
	if z.woken < lives {
		z.left = z.s.dice["zombies"].IntN(3)
	}
	z.s.mark("a run that was given up goes on")
	z.s.note("a run of %s goes on", z.name)
	z.wake <- struct{}{}
	select {
	case <-z.ended:
		z.s.note("a run of %s has ended", z.name)
	case <-z.parked:
		z.goesOnLater()
	}
}

// hangs takes a run from those that hang, and reports whether it was one.
func (z *hungRun) hangs() bool {
	for i, other := range z.s.hung {
		if other == z {
			z.s.hung = append(z.s.hung[:i:i], z.s.hung[i+1:]...)
			return true
		}
	}
	return false
}

// haunt lets one of the runs that hang go on between two steps of another one.
func (s *scenario) haunt() {
	if len(s.hung) == 0 || !chance(s.dice["zombies"], 0.15) {
		return
	}
	s.mark("a run goes on in the middle of another one")
	s.hung[s.dice["zombies"].IntN(len(s.hung))].goOn()
}

// operatorTime limits the time after its beginning in which a run of an activity may reach an
// operator: then its time is over, and with it that of every call it makes.
const operatorTime = 15 * time.Second

// begins begins a run of an activity, which may hang.
func (s *scenario) begins(ctx context.Context) (context.Context, *hungRun) {
	s.nextMachine()
	r := &run{s: s, payment: s.playing.ID, until: s.now().Add(operatorTime)}
	if chance(s.dice["zombies"], s.plan.hanging) {
		r.stalledRun = &hungRun{
			s: s, name: activity.GetInfo(ctx).ActivityType.Name, left: 1 + s.dice["zombies"].IntN(7),
			parked: make(chan struct{}), wake: make(chan struct{}), ended: make(chan struct{}),
		}
	}
	return context.WithValue(ctx, runKey{}, r), r.stalledRun
}

// tooLate reports whether the time of a run is over in which it may reach an operator.
func (n *nature) tooLate(ctx context.Context) bool {
	r, ok := runOf(ctx)
	if !ok || n.s.now().Before(r.until) {
		return false
	}
	n.s.mark("a call of a run that was given up does not leave")
	return true
}

// givenUp reports whether a run was given up and goes on.
func givenUp(ctx context.Context) bool {
	r, ok := runOf(ctx)
	return ok && r.stalledRun != nil && r.stalledRun.woken > 0
}

// payment returns what payment a run is about.
func (n *nature) payment(ctx context.Context) pirogue.PaymentID {
	if r, ok := runOf(ctx); ok {
		return r.payment
	}
	return n.s.playing.ID
}
