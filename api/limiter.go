package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter counts events per key in bounded memory. Keys live in two generations:
// when the young one is full it becomes the old one and the old one is forgotten,
// so a flood of new keys costs the quiet ones their count and nothing more.
type limiter[K comparable] struct {
	perSecond rate.Limit
	burst     int

	mu    sync.Mutex
	young map[K]*rate.Limiter
	old   map[K]*rate.Limiter
}

// newLimiter returns a limiter that allows each key burst events at once and
// perSecond in the long run.
func newLimiter[K comparable](perSecond rate.Limit, burst int) *limiter[K] {
	return &limiter[K]{perSecond: perSecond, burst: burst, young: map[K]*rate.Limiter{}}
}

// take counts one event and returns 0, or how long to wait until one would pass,
// and then counts nothing.
func (l *limiter[K]) take(key K, now time.Time) time.Duration {
	reserved := l.bucket(key).ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}

// bucket returns the key's own count and keeps it young.
func (l *limiter[K]) bucket(key K) *rate.Limiter {
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
