package httpkit

import (
	"context"
	"sync"
	"time"

	"pirogue"
)

// ConcurrencyLimits bounds the operations of a ConcurrencyLimiter.
type ConcurrencyLimits struct {
	Inside    int           // operations under way at the same time
	Queue     int           // operations that wait for their turn; 0: none waits
	Wait      time.Duration // the longest wait
	MaxFailed int           // failures in a row that empty the queue; 0: none do
}

// ConcurrencyLimiter limits the operations under way at the same time. A burst queues in it, where
// its time limit has not begun, instead of timing out together.
type ConcurrencyLimiter struct {
	limits ConcurrencyLimits
	inside chan struct{} // holds one value for each admitted operation

	mu      sync.Mutex
	waiting int
	failed  int           // operations in a row that failed
	shut    chan struct{} // closed, and replaced, to refuse all waiting operations
}

// NewConcurrencyLimiter returns a limiter without operations.
func NewConcurrencyLimiter(limits ConcurrencyLimits) *ConcurrencyLimiter {
	return &ConcurrencyLimiter{
		limits: limits, inside: make(chan struct{}, limits.Inside), shut: make(chan struct{}),
	}
}

// Enter waits for the operation's turn and returns the function that ends it; a second call of that
// has no effect. It fails with ServiceUnavailable when the queue is full, the wait is too long or
// ctx ends. So it does when Report empties the queue.
func (l *ConcurrencyLimiter) Enter(ctx context.Context) (leave func(), err error) {
	leave = sync.OnceFunc(func() { <-l.inside })
	select {
	case l.inside <- struct{}{}:
		return leave, nil
	default:
	}
	shut, err := l.queue()
	if err != nil {
		return nil, err
	}
	defer l.unqueue()
	patience := time.NewTimer(l.limits.Wait)
	defer patience.Stop()
	select {
	case l.inside <- struct{}{}:
		return leave, nil
	case <-shut:
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "operations failed while this one waited")
	case <-patience.C:
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "no turn within %s", l.limits.Wait)
	case <-ctx.Done():
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "gave up waiting for a turn: %w", ctx.Err())
	}
}

// queue counts a waiting operation. It fails with ServiceUnavailable when too many wait already.
func (l *ConcurrencyLimiter) queue() (shut chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting >= l.limits.Queue {
		return nil, pirogue.Errorf(pirogue.ServiceUnavailable, "%d wait already", l.waiting)
	}
	l.waiting++
	return l.shut, nil
}

// unqueue counts a waiting operation off, whether it was admitted or refused.
func (l *ConcurrencyLimiter) unqueue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// Report records whether an admitted operation succeeded. After MaxFailed failures in a row all
// waiting operations are refused at once, for their turn would bring nothing. Later operations try
// again, so no step is needed to recover.
func (l *ConcurrencyLimiter) Report(succeeded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if succeeded {
		l.failed = 0
		return
	}
	if l.failed++; l.failed == l.limits.MaxFailed {
		l.failed = 0
		close(l.shut)
		l.shut = make(chan struct{})
	}
}

// KeyedLimiter limits the operations under way on each key. The others wait in the order of their
// arrival.
type KeyedLimiter[K comparable] struct {
	limits ConcurrencyLimits

	mu    sync.Mutex
	lanes map[K]*lane
}

// lane holds the operations on one key.
type lane struct {
	*ConcurrencyLimiter
	users int // operations under way or waiting; at 0 the lane is deleted
}

// NewKeyedLimiter returns a limiter with the same limits for each key.
func NewKeyedLimiter[K comparable](limits ConcurrencyLimits) *KeyedLimiter[K] {
	return &KeyedLimiter[K]{limits: limits, lanes: map[K]*lane{}}
}

// Enter waits for the operation's turn at its key, like ConcurrencyLimiter.Enter.
func (l *KeyedLimiter[K]) Enter(ctx context.Context, key K) (leave func(), err error) {
	end, err := l.join(key).Enter(ctx)
	if err != nil {
		l.part(key)
		return nil, err
	}
	return sync.OnceFunc(func() { end(); l.part(key) }), nil
}

// join returns the key's lane and counts one more operation in it.
func (l *KeyedLimiter[K]) join(key K) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.lanes[key]
	if !ok {
		one = &lane{ConcurrencyLimiter: NewConcurrencyLimiter(l.limits)}
		l.lanes[key] = one
	}
	one.users++
	return one
}

// part counts one operation less, and deletes an unused lane.
func (l *KeyedLimiter[K]) part(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lanes[key].users--; l.lanes[key].users == 0 {
		delete(l.lanes, key)
	}
}
