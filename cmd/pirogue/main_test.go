package main

import (
	"flag"
	"testing"

	"go.temporal.io/sdk/worker"

	"pirogue/piroguetest"
)

// sticky is the number of workflows that a worker caches. With 0 every task replays its workflow
// from the start, which is the cheapest search for nondeterminism.
var sticky = flag.Int("sticky", 10_000, "workflows kept in a worker's memory")

func TestMain(m *testing.M) {
	flag.Parse()
	worker.SetStickyWorkflowCacheSize(*sticky)
	bePart()
	piroguetest.Main(m)
}
