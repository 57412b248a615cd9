package api

import (
	"sync"
	"time"

	"pirogue"
)

// inFlightLimiter limits operations under way, in all and for each key. A client with many requests so neither
// blocks the others, nor do all of them together block payments.
type inFlightLimiter[K comparable] struct {
	most, mostOfOne int           // at the same time, in all and for one key
	wait            time.Duration // time after which a refused client may retry

	mu     sync.Mutex
	of     map[K]int
	inside int
}

// newInFlightLimiter returns a limiter for most operations in all and mostOfOne for each key. A refused client
// may retry after wait.
func newInFlightLimiter[K comparable](most, mostOfOne int, wait time.Duration) *inFlightLimiter[K] {
	return &inFlightLimiter[K]{most: most, mostOfOne: mostOfOne, wait: wait, of: map[K]int{}}
}

// enter admits one operation and returns the function that ends it. It fails with RateLimited when
// too many are under way, for the key or in all.
func (l *inFlightLimiter[K]) enter(k K) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[k] >= l.mostOfOne || l.inside >= l.most {
		crowded := pirogue.Errorf(pirogue.RateLimited, "%d are under way, %d of them one's own", l.inside, l.of[k])
		return nil, &problem{error: crowded, wait: l.wait}
	}
	l.of[k]++
	l.inside++
	return sync.OnceFunc(func() { l.leave(k) }), nil
}

// leave ends one operation of a key. It forgets a key without operations, so that memory stays
// bounded.
func (l *inFlightLimiter[K]) leave(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	if l.of[k]--; l.of[k] == 0 {
		delete(l.of, k)
	}
}
