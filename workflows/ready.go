package workflows

import (
	"context"
	"errors"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"pirogue"
)

const (
	readyLife    = time.Second             // how long a look at Temporal is believed
	readyTimeout = 1500 * time.Millisecond // of the look itself
	// pollersGone says how long nobody may have polled PaymentsQueue: 30 s, and a little more,
	// because the sweep, which every worker answers, comes every 30 s.
	pollersGone = 32 * time.Second
	// nobody is the ID of a workflow that never exists: Temporal has to ask its own database
	// to know that.
	nobody = "ready"
)

// readiness holds what was last seen of Temporal. Its zero value has seen nothing.
type readiness struct {
	mu      sync.Mutex
	looking chan struct{} // closed when the look that is under way has ended; nil: none is
	seen    time.Time     // when Temporal was last looked at
	failed  error         // what that look came to
	newest  time.Time     // the latest poll of PaymentsQueue, by Temporal's clock
	polled  time.Time     // the same by ours
}

// Ready fails with ServiceUnavailable when Temporal is away, when its own database is, and
// when no worker has polled PaymentsQueue for pollersGone. Its answer may be as old as
// readyLife. Many callers at once make one look, and nobody holds a lock meanwhile.
func (s *Starter) Ready(ctx context.Context) error {
	r := &s.ready
	r.mu.Lock()
	if s.Clock.Now().Sub(r.seen).Abs() < readyLife { // the clock may be set back
		defer r.mu.Unlock()
		return r.failed
	}
	if r.looking == nil {
		r.looking = make(chan struct{})
		asking, stop := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		go func() {
			defer stop()
			r.keep(s.look(asking), s.Clock.Now())
		}()
	}
	looking := r.looking
	r.mu.Unlock()
	select {
	case <-looking:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.failed
	case <-ctx.Done():
		return pirogue.Errorf(pirogue.ServiceUnavailable, "temporal: %w", ctx.Err())
	}
}

// keep remembers what a look came to and tells those who wait for it.
func (r *readiness) keep(err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen, r.failed = now, err
	close(r.looking)
	r.looking = nil
}

// look asks Temporal something that only its database knows, and who polls.
func (s *Starter) look(ctx context.Context) error {
	var missing *serviceerror.NotFound
	_, err := s.Client.DescribeWorkflowExecution(ctx, nobody, "")
	if err != nil && !errors.As(err, &missing) {
		return away(err)
	}
	queue, err := s.Client.DescribeTaskQueue(ctx, PaymentsQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "temporal: %w", err)
	}
	var newest time.Time
	for _, poller := range queue.GetPollers() {
		if at := poller.GetLastAccessTime().AsTime(); at.After(newest) {
			newest = at
		}
	}
	return s.ready.pollers(newest, s.Clock.Now())
}

// pollers takes the latest poll that Temporal tells of and fails when it is too long ago. A
// poll that came between two looks is believed whatever Temporal's clock says.
func (r *readiness) pollers(newest, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case newest.After(r.newest) && now.Sub(r.seen) < pollersGone, newest.After(now):
		r.polled = now
	case newest.After(r.polled):
		r.polled = newest
	}
	if newest.After(r.newest) {
		r.newest = newest
	}
	if now.Sub(r.polled) < pollersGone {
		return nil
	}
	return pirogue.Errorf(pirogue.ServiceUnavailable, "no worker has polled %s since %s",
		PaymentsQueue, r.polled.UTC().Format(time.DateTime))
}
