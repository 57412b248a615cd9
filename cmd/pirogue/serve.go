package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"pirogue/sandbox"
	"pirogue/worker"
)

const (
	drainTimeout  = 10 * time.Second // for requests in progress to end
	headerTimeout = 5 * time.Second
	temporalRetry = time.Second
	scheduleEvery = time.Minute     // between two checks of the sweep's schedule, in every process
	scheduleRetry = 5 * time.Second // the same after a check that failed
	scheduleTime  = 5 * time.Second // for one check
	healthTimeout = 3 * time.Second
)

// apiCommand returns the command that runs the merchant API, the callbacks and the admin API.
func apiCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "api", Short: "Run the merchant API, the operators' callbacks and the admin API", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withParts(cmd.Context(), environ, func(ctx context.Context, p *parts) error {
				return p.runAPI(ctx)
			})
		},
	}
}

// workerCommand returns the command that runs the workflows and activities.
func workerCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "worker", Short: "Run the workflows: submit, follow, book, tell", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withParts(cmd.Context(), environ, func(ctx context.Context, p *parts) error {
				group, ctx := errgroup.WithContext(ctx)
				group.Go(func() error { return p.runWorker(ctx) })
				group.Go(func() error { return p.runWorkerHealth(ctx) })
				return group.Wait()
			})
		},
	}
}

// withParts opens the database and Temporal, runs run, and closes them.
func withParts(ctx context.Context, environ []string, run func(context.Context, *parts) error) error {
	p, err := loadParts(environ) //nolint:contextcheck // simulators are asked for everybody
	if err != nil {
		return err
	}
	if err := errors.Join(p.openStore(ctx), p.openTemporal()); err != nil {
		return errors.Join(err, p.Close())
	}
	return errors.Join(run(ctx, p), p.Close())
}

// runAPI serves the merchant API, the admin port and the admin API until ctx ends.
func (p *parts) runAPI(ctx context.Context) error {
	server, err := p.newAPI()
	if err != nil {
		return err
	}
	support, err := p.newSupport()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, server.HTTPServer(p.conf.APIAddr)) })
	group.Go(func() error { return serve(ctx, plainServer(p.conf.AdminAddr, p.adminHandler(server.Admin()))) })
	group.Go(func() error { return serve(ctx, support.HTTPServer(p.conf.SupportAddr)) })
	group.Go(func() error { return p.keepSchedule(ctx) })
	return group.Wait()
}

// runWorker runs the workers until ctx ends. If Temporal does not answer, it waits.
func (p *parts) runWorker(ctx context.Context) error {
	if !p.findTemporal(ctx) {
		return nil
	}
	worker.CacheWorkflows(p.conf.CachedWorkflows)
	pool, err := p.newPool()
	if err != nil {
		return err
	}
	if err := pool.Start(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.keepSchedule(ctx) })
	group.Go(func() error {
		select {
		case err := <-pool.Failed():
			return fmt.Errorf("a worker takes no more work: %w", err)
		case <-ctx.Done():
			return nil
		}
	})
	err = group.Wait()
	pool.Stop()
	return err
}

// keepSchedule restores the sweep's schedule until ctx ends. Without the sweep, lost workflows
// stay lost. The schedule disappears with Temporal's database, and people can pause or change it.
func (p *parts) keepSchedule(ctx context.Context) error {
	for ctx.Err() == nil {
		seeing, stop := context.WithTimeout(ctx, scheduleTime)
		err := p.starter.Schedule(seeing)
		stop()
		wait := scheduleEvery
		if err != nil && ctx.Err() == nil {
			p.log.Warn("the sweep's schedule is not known to run: " + err.Error())
			wait = scheduleRetry
		}
		sleep(ctx, wait)
	}
	return nil
}

// findTemporal waits until Temporal answers. It reports false if ctx ends first.
func (p *parts) findTemporal(ctx context.Context) bool {
	for ctx.Err() == nil {
		_, err := p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		if err == nil {
			return true
		}
		p.log.Warn("waiting for Temporal: " + err.Error())
		sleep(ctx, temporalRetry)
	}
	return false
}

// runSandbox runs the operator simulators until ctx ends. also adds the caller's routes.
func (p *parts) runSandbox(ctx context.Context, also func(*http.ServeMux)) error {
	simulators, err := sandbox.New(sandbox.Options{ //nolint:contextcheck // it ends by Close, after what it is answering
		PublicURL: p.conf.SandboxURL, JournalDir: filepath.Join(p.conf.DataDir, "sandbox"),
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", simulators.Handler())
	if also != nil {
		also(mux)
	}
	server := plainServer(p.conf.SandboxAddr, mux)
	closed := make(chan error, 1)
	server.RegisterOnShutdown(func() { // answers that are lost on purpose end with it
		closing, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer stop()
		closed <- simulators.Close(closing)
	})
	if err := serve(ctx, server); err != nil {
		return err
	}
	return <-closed
}

// plainServer returns a server with the limits that every port has.
func plainServer(addr string, h http.Handler) *http.Server {
	return &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: headerTimeout}
}

// serve serves requests until ctx ends. Requests in progress then have drainTimeout to end.
func serve(ctx context.Context, server *http.Server) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", server.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", server.Addr, err)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	draining, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer stop()
	if err := server.Shutdown(draining); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
