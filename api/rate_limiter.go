package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateLimiter counts events per key in bounded memory. It holds two generations of keys. When the young
// one is full it becomes the old one, and the old one is dropped. A flood of new keys so resets the
// counts of rare keys and does no other harm.
type rateLimiter[K comparable] struct {
	perSecond rate.Limit
	burst     int

	mu    sync.Mutex
	young map[K]*rate.Limiter
	old   map[K]*rate.Limiter
}

// newRateLimiter returns a limiter that allows each key burst events at once and perSecond events a
// second on average.
func newRateLimiter[K comparable](perSecond rate.Limit, burst int) *rateLimiter[K] {
	return &rateLimiter[K]{perSecond: perSecond, burst: burst, young: map[K]*rate.Limiter{}}
}

// take counts one event and returns 0. Above the limit it counts nothing and returns the time until
// an event would pass.
func (l *rateLimiter[K]) take(key K, now time.Time) time.Duration {
	reserved := l.bucket(key).ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}

// bucket returns the count of a key and moves it to the young generation.
func (l *rateLimiter[K]) bucket(key K) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.young[key]; ok {
		return b
	}
	b, ok := l.old[key]
	if !ok {
		b = rate.NewLimiter(l.perSecond, l.burst)
	}
	if len(l.young) >= maxBuckets {
		l.young, l.old = map[K]*rate.Limiter{}, l.young
	}
	l.young[key] = b
	return b
}
