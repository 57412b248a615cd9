// Pirogue carries mobile-money payments across West and Central Africa. Its
// commands are the parts of the program: everything at once on a laptop (dev), or
// each by itself in production (api, worker, sandbox, migrate).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root(os.Environ()).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pirogue:", err)
		os.Exit(1)
	}
}
