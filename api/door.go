package api

import (
	"context"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// concurrencyLimiter limits the requests that use the database at the same time. A burst queues here, where its
// time limit has not begun, instead of timing out together at the database.
type concurrencyLimiter struct {
	inside chan struct{} // holds one value for each admitted request

	mu      sync.Mutex
	waiting int
	failed  int           // requests in a row to which the database did not respond
	shut    chan struct{} // closed, and replaced, to refuse all waiting requests
}

// newConcurrencyLimiter returns a door with maxInside places.
func newConcurrencyLimiter() *concurrencyLimiter {
	return &concurrencyLimiter{inside: make(chan struct{}, maxInside), shut: make(chan struct{})}
}

// enter waits for a turn, at most maxTurn, and returns the function that gives it back. It fails
// with ServiceUnavailable when the wait is too long or the database does not respond; see tell.
func (d *concurrencyLimiter) enter(ctx context.Context) (leave func(), err error) {
	shut, err := d.queue()
	if err != nil {
		return nil, err
	}
	defer d.unqueue()
	patience := time.NewTimer(maxTurn)
	defer patience.Stop()
	select {
	case d.inside <- struct{}{}:
		return sync.OnceFunc(func() { <-d.inside }), nil
	case <-shut:
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "the database went away while the request waited")
	case <-patience.C:
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "no turn within %s", maxTurn)
	case <-ctx.Done():
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "the client left while it waited: %w", ctx.Err())
	}
}

// queue counts a waiting request. It fails with ServiceUnavailable when maxQueue requests wait
// already.
func (d *concurrencyLimiter) queue() (shut chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting >= maxQueue {
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "%d requests wait already", maxQueue)
	}
	d.waiting++
	return d.shut, nil
}

// unqueue counts a waiting request off, whether it was admitted or refused.
func (d *concurrencyLimiter) unqueue() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
}

// tell reports whether the database responded to an admitted request. After maxFailed failures in a
// row all waiting requests are refused at once, for their turn would bring nothing. Later requests
// try again, so no step is needed to recover.
func (d *concurrencyLimiter) tell(answered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answered {
		d.failed = 0
		return
	}
	if d.failed++; d.failed == maxFailed {
		d.failed = 0
		close(d.shut)
		d.shut = make(chan struct{})
	}
}

// takeTurn waits for the request's turn at the database.
func (s *Server) takeTurn(c *gin.Context, v *requestContext) error {
	leave, err := s.door.enter(lifeOf(c.Request))
	if err != nil {
		return err
	}
	v.leave = leave
	return s.startClock(c, v)
}

// startClock sets the deadline of the request's database calls: storeTime from now.
func (s *Server) startClock(c *gin.Context, v *requestContext) error {
	v.ctx, v.cancel = context.WithTimeout(lifeOf(c.Request), storeTime)
	return nil
}
