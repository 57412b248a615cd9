package admin

import (
	"context"
	"sync"
	"time"

	"pirogue"
)

// concurrencyLimiter limits the actions under way on one payment to perPayment. The others wait in the order of
// their arrival.
type concurrencyLimiter struct {
	mu    sync.Mutex
	lanes map[pirogue.PaymentID]*lane
}

// lane holds the actions on one payment.
type lane struct {
	inside chan struct{} // holds one value for each action under way
	known  int           // actions under way or waiting; at 0 the lane is deleted
}

func newConcurrencyLimiter() *concurrencyLimiter {
	return &concurrencyLimiter{lanes: map[pirogue.PaymentID]*lane{}}
}

// take waits for a turn, at most turnTime, and returns the function that gives it back. It fails
// with Retry.
func (t *concurrencyLimiter) take(ctx context.Context, id pirogue.PaymentID) (leave func(), err error) {
	l := t.join(id)
	patience := time.NewTimer(turnTime)
	defer patience.Stop()
	select {
	case l.inside <- struct{}{}:
		return func() { <-l.inside; t.part(id) }, nil
	case <-patience.C:
		err = pirogue.Errorf(Retry, "no turn at payment %s within %s", id, turnTime)
	case <-ctx.Done():
		err = pirogue.Errorf(Retry, "gave up waiting for a turn: %w", ctx.Err())
	}
	t.part(id)
	return nil, err
}

// join returns the payment's lane and counts one more action in it.
func (t *concurrencyLimiter) join(id pirogue.PaymentID) *lane {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.lanes[id]
	if !ok {
		l = &lane{inside: make(chan struct{}, perPayment)}
		t.lanes[id] = l
	}
	l.known++
	return l
}

// part counts one action less, and deletes an unused lane.
func (t *concurrencyLimiter) part(id pirogue.PaymentID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lanes[id].known--; t.lanes[id].known == 0 {
		delete(t.lanes, id)
	}
}
