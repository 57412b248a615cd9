// Command devserver is a Temporal server and its Web UI in one process, kept in one
// SQLite file. It is for laptops and tests: nothing is authenticated, so it listens on
// the loopback interface only, and one history shard serves everything.
//
// It is a module of its own because a Temporal server brings hundreds of modules, among
// them older versions of some that the product links; they must never choose for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	uiversion "github.com/temporalio/ui-server/v2/server/version"
	"go.temporal.io/server/common/headers"
)

// stopWithin is how long a clean stop may take before the process leaves anyway. Leaving
// early loses nothing: every answered request is in the file already.
const stopWithin = 10 * time.Second

func main() {
	opts, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fail(2, err)
	case opts.version:
		printVersion(os.Stdout)
		return
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	if err := run(ctx, opts, os.Stdout); err != nil {
		fail(1, err)
	}
}

// run serves until ctx ends or, if asked, until the parent process is gone. It answers
// nil after a clean stop, also when asked to stop before it was ready.
func run(ctx context.Context, opts options, stdout io.Writer) error {
	if opts.exitWithParent {
		var cancel context.CancelFunc
		ctx, cancel = untilOrphaned(ctx)
		defer cancel()
	}
	if err := forget(opts.readyFile); err != nil {
		return err
	}
	addr, err := reserve(ctx, opts)
	if err != nil {
		return err
	}
	db, err := openDatabase(opts)
	if err != nil {
		return err
	}
	defer db.unlock()

	if err := serve(ctx, opts, addr, db, stdout); err != nil && ctx.Err() == nil {
		return err
	}
	return forget(opts.readyFile)
}

// serve starts Temporal and its Web UI, says so on stdout once both answer, and stops
// them when ctx ends.
func serve(ctx context.Context, opts options, addr addresses, db *database, stdout io.Writer) error {
	logs := newLogs(opts.logLevel)
	temporal, err := startTemporal(opts, addr, db, logs.logger)
	if err != nil {
		return err
	}
	defer stopWithTimeout(temporal.Stop)
	if addr.ui != "" {
		defer startUI(opts, addr).Stop()
	}

	starting, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := prepare(starting, opts, addr); err != nil {
		return err
	}
	if err := announce(starting, opts, addr, stdout); err != nil {
		return err
	}
	logs.loud()
	<-ctx.Done()
	logs.hush()
	return nil
}

// stopWithTimeout runs stop and waits for it, but never longer than stopWithin.
func stopWithTimeout(stop func() error) {
	done := make(chan error, 1)
	go func() { done <- stop() }()
	select {
	case err := <-done:
		if err != nil {
			fmt.Fprintln(os.Stderr, "devserver: stop Temporal:", err)
		}
	case <-time.After(stopWithin):
		fmt.Fprintln(os.Stderr, "devserver: Temporal did not stop in", stopWithin)
	}
}

// printVersion writes one line of JSON. A caller names the database file after the
// server's version, because Temporal does not upgrade the schema of a SQLite file.
func printVersion(w io.Writer) {
	fmt.Fprintf(w, "{\"server\":%q,\"ui\":%q}\n", headers.ServerVersion, uiversion.UIVersion)
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "devserver:", err)
	os.Exit(code)
}
