package api

import (
	"sync"
	"time"

	"pirogue"
)

// gate limits operations under way, in all and for each key. A client with many requests so neither
// blocks the others, nor do all of them together block payments.
type gate[K comparable] struct {
	most, mostOfOne int           // at the same time, in all and for one key
	wait            time.Duration // time after which a refused client may retry

	mu     sync.Mutex
	of     map[K]int
	inside int
}

// newGate returns a gate for most operations in all and mostOfOne for each key. A refused client
// may retry after wait.
func newGate[K comparable](most, mostOfOne int, wait time.Duration) *gate[K] {
	return &gate[K]{most: most, mostOfOne: mostOfOne, wait: wait, of: map[K]int{}}
}

// enter admits one operation and returns the function that ends it. It fails with RateLimited when
// too many are under way, for the key or in all.
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

// leave ends one operation of a key. It forgets a key without operations, so that memory stays
// bounded.
func (g *gate[K]) leave(k K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.of[k]--; g.of[k] == 0 {
		delete(g.of, k)
	}
}
