// Pirogue carries mobile-money payments across West and Central Africa. Its commands run its
// parts. The command dev runs all of them on a laptop. In production api, worker, sandbox and
// migrate each run as a process.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"
)

// main runs the command line until it ends or a signal stops it.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root(os.Environ()).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pirogue:", err)
		os.Exit(1)
	}
}
