package main

import (
	"context"
	"os"
	"time"
)

// orphanCheck is how often the parent is looked for. Asking costs one system call and
// works on Linux and macOS alike.
const orphanCheck = 250 * time.Millisecond

// untilOrphaned ends the context it returns once this process has another parent than now.
func untilOrphaned(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(orphanCheck)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		cancel()
	}()
	return ctx, cancel
}
