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
	// pollersGone limits the time since the last poll of PaymentsQueue: 30 s, and a little more,
	// because the sweep, which every worker polls for, starts every 30 s.
	pollersGone = 32 * time.Second
	// unknownWorkflow is the ID of a workflow that never exists. Temporal has to ask its own
	// database to know that.
	unknownWorkflow = "ready"
)

// readiness holds the last result of a look at Temporal. Its zero value has none.
type readiness struct {
	mu         sync.Mutex
	asking     chan struct{} // closed when the look that is under way has ended; nil: none is
	askedAt    time.Time     // when Temporal was last looked at
	err        error         // what that look came to
	newestPoll time.Time     // the latest poll of PaymentsQueue, by Temporal's clock
	polledAt   time.Time     // the same by ours
}

// Ready fails with ServiceUnavailable when Temporal or its database cannot be reached. So it does
// when no worker has polled PaymentsQueue for pollersGone. Its answer may be as old as readyLife.
// Many callers at once make one look, and nobody holds a lock meanwhile.
func (s *Starter) Ready(ctx context.Context) error {
	r := &s.ready
	r.mu.Lock()
	if s.Clock.Now().Sub(r.askedAt).Abs() < readyLife { // the clock may be set back
		defer r.mu.Unlock()
		return r.err
	}
	if r.asking == nil {
		r.asking = make(chan struct{})
		bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		go func() {
			defer stop()
			r.record(s.askTemporal(bounded), s.Clock.Now())
		}()
	}
	looking := r.asking
	r.mu.Unlock()
	select {
	case <-looking:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return pirogue.Errorf(pirogue.ServiceUnavailable, "temporal: %w", ctx.Err())
	}
}

// record keeps the result of a look and releases those who wait for it.
func (r *readiness) record(err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.askedAt, r.err = now, err
	close(r.asking)
	r.asking = nil
}

// askTemporal asks Temporal something that only its database knows, and who polls.
func (s *Starter) askTemporal(ctx context.Context) error {
	var missing *serviceerror.NotFound
	_, err := s.Client.DescribeWorkflowExecution(ctx, unknownWorkflow, "")
	if err != nil && !errors.As(err, &missing) {
		return temporalError(err)
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
	return s.ready.checkPollers(newest, s.Clock.Now())
}

// checkPollers takes the latest poll that Temporal tells of and fails when it is too long ago. A
// poll that came between two looks is believed whatever Temporal's clock says.
func (r *readiness) checkPollers(newest, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case newest.After(r.newestPoll) && now.Sub(r.askedAt) < pollersGone, newest.After(now):
		r.polledAt = now
	case newest.After(r.polledAt):
		r.polledAt = newest
	}
	if newest.After(r.newestPoll) {
		r.newestPoll = newest
	}
	if now.Sub(r.polledAt) < pollersGone {
		return nil
	}
	return pirogue.Errorf(pirogue.ServiceUnavailable, "no worker has polled %s since %s",
		PaymentsQueue, r.polledAt.UTC().Format(time.DateTime))
}
