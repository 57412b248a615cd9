package api

import (
	"context"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// door lets so many requests at once to the database. A burst waits in front of it
// for its turn instead of running out of time together behind it.
type door struct {
	inside chan struct{} // holds one value for each request that is in

	mu      sync.Mutex
	waiting int
	failed  int           // requests in a row that the database did not answer
	shut    chan struct{} // closed, and replaced, when those who wait are sent away
}

func newDoor() *door {
	return &door{inside: make(chan struct{}, maxInside), shut: make(chan struct{})}
}

// enter waits for a turn, at most maxTurn, and returns how to leave. It fails with
// ServiceUnavailable when the wait is too long or the database is away; see tell.
func (d *door) enter(ctx context.Context) (leave func(), err error) {
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

// queue counts one who waits.
func (d *door) queue() (shut chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting >= maxQueue {
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "%d requests wait already", maxQueue)
	}
	d.waiting++
	return d.shut, nil
}

func (d *door) unqueue() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
}

// tell says how a request that was inside fared. When maxFailed of them in a row
// found no database, all who wait are sent away, for their turn would bring nothing.
// Who comes later tries again, so the door needs nobody to open it.
func (d *door) tell(answered bool) {
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
func (s *Server) takeTurn(c *gin.Context, v *visit) error {
	leave, err := s.door.enter(lifeOf(c.Request))
	if err != nil {
		return err
	}
	v.leave = leave
	return s.startClock(c, v)
}

// startClock says when the answer is due: storeTime from here.
func (s *Server) startClock(c *gin.Context, v *visit) error {
	v.ctx, v.cancel = context.WithTimeout(lifeOf(c.Request), storeTime)
	return nil
}
