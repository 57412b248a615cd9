package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"pirogue/codec"
	"pirogue/config"
	"pirogue/sandbox/inbox"
	"pirogue/vault"
)

const (
	privateFile   = 0o600
	privateFolder = 0o700
	readyTimeout  = 60 * time.Second // for Temporal to answer, and then for the API
	readyEvery    = 50 * time.Millisecond
	inboxPath     = "/inbox" // the laptop's merchant receives webhooks here
)

// onALaptop holds the defaults that differ on a laptop. The environment overrides them.
var onALaptop = []string{
	"PIROGUE_LOOPBACK_WEBHOOKS=true", "PIROGUE_READ_UNSEALED=true", "PIROGUE_LOG_LEVEL=warn",
}

// devCommand returns the command that runs everything on a laptop.
func devCommand(environ []string) *cobra.Command {
	which := false
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine: Temporal, simulators, API, workers, SQLite",
		Long: "Runs Temporal with its Web UI, the operator simulators, the API and the workers in one terminal,\n" +
			"on a SQLite database in PIROGUE_DATA_DIR, and prints how to take a first payment. Ctrl-C stops all of\n" +
			"it; started again it finds its data. DATABASE_URL=postgres://… and TEMPORAL_ADDRESS=… use yours instead.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := config.Load(append(slices.Clone(onALaptop), environ...))
			if err != nil {
				return err
			}
			if which {
				return printTemporal(cmd.Context(), conf, cmd.OutOrStdout())
			}
			return runDev(cmd.Context(), conf, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&which, "which-temporal", false, "print the Temporal that would be used, and start nothing")
	return cmd
}

// printTemporal prints the address or the program of the Temporal that pirogue dev would use. The
// Makefile builds one if there is none.
func printTemporal(ctx context.Context, conf config.Config, out io.Writer) error {
	if conf.HasTemporal() {
		_, err := fmt.Fprintln(out, "Temporal of TEMPORAL_ADDRESS")
		return err
	}
	server, err := findDevServer(ctx, conf)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, server.path, server.version)
	return err
}

// runDev starts the parts in the order of their dependencies. It prints how to use them once all
// of them answer, and stops them in reverse order when ctx ends.
func runDev(ctx context.Context, conf config.Config, out io.Writer) error {
	if err := errors.Join(checkPorts(conf), ownKeys(&conf), forget(envFile(conf))); err != nil {
		return err
	}
	temporal, err := startTemporal(ctx, &conf, out)
	if err != nil {
		return err
	}
	defer temporal.stop()

	p, err := newParts(conf) //nolint:contextcheck // simulators are asked for everybody
	if err != nil {
		return err
	}
	defer func() { p.log.Sugar().Debug(p.Close()) }()
	if err := errors.Join(p.openStore(ctx), p.openTemporal()); err != nil {
		return err
	}
	if err := p.store.Migrate(ctx); err != nil {
		return err
	}
	account, err := p.devAccount(ctx)
	if err != nil {
		return err
	}
	return p.runAll(ctx, account, temporal, out)
}

// runAll runs the simulators, the workers and the API together. The workers stop before the
// database closes, and Temporal stops after them.
func (p *parts) runAll(ctx context.Context, account devAccount, temporal *temporalProcess, out io.Writer) error {
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		return p.runSandbox(running, func(mux *http.ServeMux) { mux.Handle(inboxPath, inbox.New(account.Secret)) })
	})
	group.Go(func() error { return p.runAPI(running) })
	group.Go(func() error { return p.runWorker(running) })
	group.Go(func() error { return temporal.wait(running) })
	group.Go(func() error {
		if err := p.awaitReady(running); err != nil {
			return err
		}
		if err := p.registerSimulators(running); err != nil {
			return err
		}
		return p.announce(out, account)
	})
	err := group.Wait()
	return errors.Join(err, forget(envFile(p.conf)))
}

// envFile returns the path of the file that a shell sources to use this laptop's API. The file
// exists only while every part answers.
func envFile(conf config.Config) string { return filepath.Join(conf.DataDir, "dev.env") }

// forget removes a file. A file that does not exist is no error.
func forget(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// adminHandler adds the payload codec to the admin port, so that Temporal's Web UI can show
// payloads.
func (p *parts) adminHandler(admin http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", admin)
	mux.Handle("/codec/", http.StripPrefix("/codec", codec.Handler(p.ring, p.conf.TemporalUIURL())))
	return mux
}

// awaitReady waits until every part answers, at most readyTimeout.
func (p *parts) awaitReady(ctx context.Context) error {
	waiting, stop := context.WithTimeout(ctx, readyTimeout)
	defer stop()
	for _, url := range []string{"http://" + p.conf.AdminAddr + "/readyz", "http://" + p.conf.SandboxAddr + "/"} {
		for get(waiting, url) != nil {
			if waiting.Err() != nil {
				return errors.Join(ctx.Err(), fmt.Errorf("%s did not answer within %s", url, readyTimeout))
			}
			sleep(waiting, readyEvery)
		}
	}
	return nil
}

// checkPorts returns an error that names every port another program has taken, with its setting.
func checkPorts(conf config.Config) error {
	addrs := map[string]string{
		"PIROGUE_API_ADDR": conf.APIAddr, "PIROGUE_ADMIN_ADDR": conf.AdminAddr, "PIROGUE_SANDBOX_ADDR": conf.SandboxAddr,
		"PIROGUE_SUPPORT_ADDR": conf.SupportAddr,
	}
	if !conf.HasTemporal() {
		addrs["PIROGUE_TEMPORAL_PORT"] = fmt.Sprintf("127.0.0.1:%d", conf.TemporalPort)
		addrs["PIROGUE_TEMPORAL_UI_PORT"] = fmt.Sprintf("127.0.0.1:%d", conf.TemporalUIPort)
	}
	var taken []error
	for name, addr := range addrs {
		listener, err := net.Listen("tcp", addr) //nolint:noctx // it listens for an instant, to see whether the port is free
		if err != nil {
			taken = append(taken, fmt.Errorf("%s: port %s is taken; set %s to another one: %w", name, addr, name, err))
			continue
		}
		taken = append(taken, listener.Close())
	}
	return errors.Join(taken...)
}

// ownKeys gives a laptop encryption keys of its own. A file beside the data keeps them, so that
// the next start can read the data.
func ownKeys(conf *config.Config) error {
	if conf.Keys != "" {
		return nil
	}
	path := filepath.Join(conf.DataDir, "keys")
	text, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(vault.NewRing("dev"))
		err = errors.Join(os.MkdirAll(conf.DataDir, privateFolder), os.WriteFile(path, text, privateFile))
	}
	conf.Keys = strings.TrimSpace(string(text))
	return err
}
