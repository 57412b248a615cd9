package main

import (
	"flag"
	"fmt"
	"testing"

	"go.temporal.io/sdk/worker"

	"pirogue/piroguetest"
)

// sticky is the number of workflows that a worker caches. With 0 every task replays its workflow
// from the start, which is the cheapest search for nondeterminism.
var sticky = flag.Int("sticky", 10_000, "workflows kept in a worker's memory")

// parallelTests is the default of -parallel. The tests wait for operators more than they compute.
const parallelTests = 4

func TestMain(m *testing.M) {
	flag.Set("test.parallel", fmt.Sprint(parallelTests)) //nolint:errcheck // the testing package has this flag
	flag.Parse()
	worker.SetStickyWorkflowCacheSize(*sticky)
	bePart()
	piroguetest.Main(m)
}
