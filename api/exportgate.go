package api

import (
	"sync"

	"pirogue"
)

// exportGate counts the exports under way, so that one merchant's do not hold up the
// others', nor all of them together the payments'.
type exportGate struct {
	mu     sync.Mutex
	of     map[pirogue.Owner]int
	inside int
}

func newExportGate() *exportGate { return &exportGate{of: map[pirogue.Owner]int{}} }

// enter lets an export begin and returns how to end it. It fails with RateLimited when
// too many are under way, the merchant's own or everybody's.
func (g *exportGate) enter(o pirogue.Owner) (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[o] >= maxMerchantExports || g.inside >= maxExports {
		crowded := pirogue.Errorf(pirogue.RateLimited, "%d exports are under way, %d the merchant's", g.inside, g.of[o])
		return nil, &problem{error: crowded, wait: exportRetry}
	}
	g.of[o]++
	g.inside++
	return sync.OnceFunc(func() { g.leave(o) }), nil
}

func (g *exportGate) leave(o pirogue.Owner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.of[o]--; g.of[o] == 0 {
		delete(g.of, o)
	}
}
