package workflows_test

import (
	"context"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// workflowState is the state of a payment's workflow in Temporal.
type workflowState int

const (
	unknownWorkflow workflowState = iota // it was never started, or Temporal has lost it
	open
	closed
)

// happening is planned for a moment, whatever workflow is told then.
type happening struct {
	at   time.Time
	do   func()
	done bool
}

// plans plans something for a moment, or soon after it: what is planned happens apart.
func (s *scenario) plans(at time.Time, do func()) {
	h := &happening{do: do}
	s.mu.Lock()
	for h.at = at.Truncate(apart).Add(apart); s.busy[h.at]; h.at = h.at.Add(apart) {
		continue
	}
	s.busy[h.at] = true
	s.ahead = append(s.ahead, h)
	s.mu.Unlock()
	s.arm(h)
}

// arm has the workflow that is told come to a happening in its time.
func (s *scenario) arm(h *happening) {
	env := s.env
	if env == nil || h.done {
		return
	}
	env.RegisterDelayedCallback(func() {
		if s.env == env && s.endedAt.IsZero() && s.cutAt.IsZero() {
			h.happen()
		}
	}, max(0, h.at.Sub(s.lot.now())))
}

// happen makes it happen, once.
func (h *happening) happen() {
	if !h.done {
		h.done = true
		h.do()
	}
}

// next returns what happens next; nil for nothing.
func (s *scenario) next() *happening {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = slices.DeleteFunc(s.ahead, func(h *happening) bool { return h.done })
	if len(s.ahead) == 0 {
		return nil
	}
	return slices.MinFunc(s.ahead, func(a, b *happening) int { return a.at.Compare(b.at) })
}

// rest stops the clock at a moment: no workflow is told.
func (s *scenario) rest(at time.Time) {
	s.env, s.start = nil, at
	s.lot.now = func() time.Time { return at }
}

// passTime lets time pass until a workflow is started, and reports whether one was. Nothing can
// happen any more where none was.
func (s *scenario) passTime() bool {
	s.lot.t.Helper()
	for {
		h := s.next()
		if h != nil {
			s.rest(latest(s.start, h.at))
			h.happen()
		}
		for _, after := range []time.Duration{30 * time.Second, 2 * time.Minute} {
			if len(s.queue) == 0 {
				s.sweep(s.start.Add(after))
			}
		}
		if len(s.queue) > 0 || h == nil {
			return len(s.queue) > 0
		}
	}
}

// latest returns the later one of two moments.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sweepEvery says how often the sweep runs. After revived of its runs a payment whose workflow is
// gone must have another one.
const (
	sweepEvery = 30 * time.Second
	revived    = 60
)

// revive lets time pass until the sweep has started the workflow of a payment again. It does
// nothing if the rows say that nothing is left to do.
func (s *scenario) revive(p pirogue.Payment) {
	s.lot.t.Helper()
	for range revived {
		for h := s.next(); h != nil && h.at.Before(s.start.Add(sweepEvery)); h = s.next() {
			s.rest(latest(s.start, h.at))
			h.happen()
		}
		s.sweep(s.start.Add(sweepEvery))
		if s.knows[p.ID] == open || s.finished(p.ID) {
			return
		}
	}
	s.wrong("the workflow of %s %s is gone, and nobody starts it again", p.Kind, p.OrderID)
}

// finished reports whether a payment's row says that its workflow has nothing left to do.
func (s *scenario) finished(id pirogue.PaymentID) bool {
	s.lot.t.Helper()
	p, _, err := s.lot.store.Latest(s.lot.t.Context(), id)
	require.NoError(s.lot.t, err)
	return !p.FinishedAt.IsZero()
}

// sweep runs the sweep at a moment at which no workflow is told.
func (s *scenario) sweep(at time.Time) {
	s.lot.t.Helper()
	s.rest(at)
	s.sweepNow()
}

// sweepNow runs both halves of the sweep, as its schedule would.
func (s *scenario) sweepNow() {
	s.lot.t.Helper()
	a := s.activities()
	_, err := a.Sweep(s.lot.t.Context())
	_, lost := a.RestartLost(s.lot.t.Context(), activities.RestartScope{})
	if s.plan.faultyStore == 0 {
		require.NoError(s.lot.t, err)
		require.NoError(s.lot.t, lost)
	}
}

// sweepOften has the sweep run now and then while a workflow is told.
func (s *scenario) sweepOften() {
	for _, within := range []time.Duration{time.Minute, 4 * time.Minute, time.Hour} {
		s.later(between(s.dice["temporal"], 0, within), s.sweepNow)
	}
	s.auditOnce()
}

// auditOnce has the books audited at some moment while a workflow is told.
func (s *scenario) auditOnce() {
	if chance(s.dice["temporal"], 0.2) {
		s.later(between(s.dice["temporal"], 0, time.Hour), s.lot.auditNow)
	}
}

// cancel has a client of Temporal cancel the workflow, which changes nothing.
func (s *scenario) cancel() {
	if !s.plan.cancels {
		return
	}
	for range 1 + s.dice["temporal"].IntN(2) {
		s.later(between(s.dice["temporal"], 0, 50*time.Minute), func() {
			s.mark("a workflow is cancelled")
			s.note("a client of Temporal cancels the workflow")
			s.env.CancelWorkflow()
			s.cancelled[s.playing.ID] = s.lot.now()
		})
	}
}

// forget makes a workflow gone: it was terminated, or Temporal's database is lost.
func (s *scenario) forget(id pirogue.PaymentID) {
	s.knows[id] = closed
	if chance(s.dice["temporal"], 0.5) {
		s.mark("Temporal forgets a workflow")
		s.knows[id] = unknownWorkflow
		return
	}
	s.mark("a workflow is terminated")
}

// launch starts the workflow of a payment as the API does.
func (s *scenario) launch(p pirogue.Payment) {
	input := lifecycle.NewPaymentInput(p, []operator.Instance{s.instance()})
	input.Revision = s.plan.revision
	s.knows[p.ID] = open
	s.queue = append(s.queue, startedWorkflow{p, &input})
}

// Launch implements activities.Workflows. A workflow that Temporal knows is joined.
func (s *scenario) Launch(_ context.Context, p pirogue.Payment) error {
	if s.knows[p.ID] != unknownWorkflow {
		return nil
	}
	s.lot.owner[p.ID] = s
	s.launch(p)
	if p.Late {
		s.mark("stray money goes back")
		if s.playing.ID == p.ParentID && s.env != nil {
			s.env.RegisterDelayedCallback(s.pause, time.Second)
		}
	}
	return nil
}

// Open implements activities.Restarter. Other scenarios see to their own workflows.
func (s *scenario) Open(_ context.Context, f lifecycle.FollowedWork) (bool, error) {
	switch {
	case f.What == lifecycle.FollowedEvent:
		return slices.Contains(s.news, pirogue.EventID(f.ID)), nil
	case f.What == lifecycle.FollowedPayment && s.lot.owner[pirogue.PaymentID(f.ID)] == s:
		return s.knows[pirogue.PaymentID(f.ID)] == open, nil
	default:
		return true, nil
	}
}

// Restart implements activities.Restarter.
func (s *scenario) Restart(_ context.Context, r lifecycle.Restart) error {
	if s.knows[r.Payment.ID] == open {
		return nil
	}
	input, err := s.rebuilt(r)
	if err != nil {
		return err
	}
	s.mark("the sweep starts a workflow that is gone")
	s.note("the workflow of %s %s is started again", r.Payment.Kind, r.Payment.OrderID)
	if s.knows[r.Payment.ID] == closed && r.Payment.Status.Terminal() && !s.lost {
		s.mark("a callback starts a verification")
	}
	s.knows[r.Payment.ID] = open
	s.queue = append(s.queue, startedWorkflow{r.Payment, &input})
	return nil
}

// Deliver implements activities.Workflows.
func (s *scenario) Deliver(_ context.Context, e pirogue.Event) error {
	if !slices.Contains(s.news, e.ID) {
		s.news = append(s.news, e.ID)
	}
	return nil
}

// RestartDelivery implements activities.Restarter.
func (s *scenario) RestartDelivery(ctx context.Context, e pirogue.Event) error {
	return s.Deliver(ctx, e)
}

// SignalCallback implements activities.Workflows.
func (s *scenario) SignalCallback(_ context.Context, id pirogue.PaymentID, _ pirogue.PaymentKind) error {
	if s.knows[id] != open {
		return pirogue.Errorf(pirogue.NotFound, "no open workflow")
	}
	if s.env == nil || s.playing.ID != id || !s.endedAt.IsZero() || !s.cutAt.IsZero() {
		s.signals[id]++ // its workflow is told later
		return nil
	}
	s.signalCallback()
	return nil
}
