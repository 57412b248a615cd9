package api

import (
	"sync"
	"time"

	"pirogue"
)

// gate counts what is under way, so that one who asks for much does not hold up the
// others, nor all of them together the payments.
type gate[K comparable] struct {
	most, mostOfOne int           // at one moment, and of them for one K
	wait            time.Duration // what who is turned away is asked to wait

	mu     sync.Mutex
	of     map[K]int
	inside int
}

func newGate[K comparable](most, mostOfOne int, wait time.Duration) *gate[K] {
	return &gate[K]{most: most, mostOfOne: mostOfOne, wait: wait, of: map[K]int{}}
}

// enter lets one begin and returns how to end it. It fails with RateLimited when too many
// are under way, one's own or everybody's.
func (g *gate[K]) enter(k K) (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[k] >= g.mostOfOne || g.inside >= g.most {
		crowded := pirogue.Errorf(pirogue.RateLimited, "%d are under way, %d of them one's own", g.inside, g.of[k])
		return nil, &problem{error: crowded, wait: g.wait}
	}
	g.of[k]++
	g.inside++
	return sync.OnceFunc(func() { g.leave(k) }), nil
}

func (g *gate[K]) leave(k K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.of[k]--; g.of[k] == 0 {
		delete(g.of, k)
	}
}
