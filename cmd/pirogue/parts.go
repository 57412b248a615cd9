package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"pirogue"
	"pirogue/activities"
	"pirogue/adapters"
	"pirogue/api"
	"pirogue/codec"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/store"
	"pirogue/vault"
	"pirogue/webhook"
	"pirogue/worker"
	"pirogue/workflows"
)

// parts holds everything the commands use. A command opens the parts it needs; Close closes the
// open ones.
type parts struct {
	conf      config.Config
	log       *zap.Logger
	clock     pirogue.Clock // the database's clock, once the store is open
	ring      *vault.Ring
	callbacks callbackURLs
	instances map[pirogue.OperatorCode]operator.Instance
	routes    *routing.RouteTable
	store     *store.DB
	dial      []grpc.DialOption // further options of the connection to Temporal
	temporal  client.Client
	starter   *workflows.Starter
	registry  *prometheus.Registry // the metrics that /metrics prints, of every part in this process

	databaseTime *databaseClock
	stopClock    func() // nil: nothing follows the database's clock
}

// newParts makes the parts that need nothing outside of the process.
func newParts(conf config.Config) (*parts, error) { return newPartsOn(conf, time.Now) }

// newPartsOn makes the same parts over a given machine clock, so that tests can have a wrong one.
func newPartsOn(conf config.Config, machine pirogue.Clock) (*parts, error) {
	p := &parts{conf: conf, registry: prometheus.NewRegistry(), databaseTime: &databaseClock{machine: machine}}
	p.clock = p.databaseTime.Now
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if p.log, err = newLogger(conf.LogLevel); err != nil {
		return nil, err
	}
	if p.ring, err = vault.ParseRing(conf.Keys); err != nil {
		return nil, fmt.Errorf("PIROGUE_KEYS (name:64 hex characters; `make secrets` makes one): %w", err)
	}
	p.callbacks = callbackURLs{ring: p.ring, base: conf.PublicURL}
	if p.instances, err = adapters.Open(conf.Operators, p.clock); err != nil {
		return nil, err
	}
	newSimulatorCapabilities(conf.SandboxURL, p.clock).bind(p.instances, conf.Operators)
	if p.routes, err = routing.NewRouteTable(p.instances, conf.Routes); err != nil {
		return nil, err
	}
	return p, p.callbacks.fit(p.instances)
}

// loadParts reads the settings from environ and makes the parts.
func loadParts(environ []string) (*parts, error) {
	conf, err := config.Load(environ)
	if err != nil {
		return nil, err
	}
	return newParts(conf)
}

// openStore connects to the database and follows its clock until Close.
func (p *parts) openStore(ctx context.Context) error {
	var err error
	p.store, err = store.Open(ctx, store.Options{
		URL: p.conf.DatabaseURL, Clock: p.clock, Ring: p.ring,
		Rate:        store.Rate{PerSecond: p.conf.RatePerSecond, Burst: p.conf.RateBurst},
		Connections: p.conf.DatabaseConnections,
	})
	if err != nil {
		return err
	}
	if err := p.followClock(ctx); err != nil {
		return err
	}
	if err := p.registry.Register(&backlog{read: p.store.Worklist.Figures, clock: p.clock, log: p.log}); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// openTemporal makes Temporal's client. It connects at the first call, so the API starts without
// Temporal.
func (p *parts) openTemporal() error {
	options, err := p.conf.TemporalOptions()
	if err != nil {
		return err
	}
	unsealed := codec.Unsealed(p.conf.ReadsUnsealed())
	options.DataConverter, options.FailureConverter = codec.Converter(p.ring, unsealed), codec.Failures(p.ring, unsealed)
	options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, p.dial...)
	options.Logger = worker.Logger(p.log.Named("temporal"))
	if p.temporal, err = client.NewLazyClient(options); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	p.starter = &workflows.Starter{
		Client: p.temporal, NewInput: p.routes.PaymentInput, NewRestartInput: p.routes.Rebuild, Instance: p.routes.Instance,
		Clock: p.clock,
	}
	return nil
}

// newAPI returns the merchant API. The store and Temporal's client must be open.
func (p *parts) newAPI() (*api.Server, error) {
	db := p.store
	return api.New(api.Options{
		Store: api.Store{
			Schema: db, Access: db.Keys, Payments: db.Payments, Fees: db.Merchants, Bulks: db.Bulks, Reports: db.Reports,
			Callbacks: db.Callbacks, Breakers: db.Operators, Events: db.Webhooks,
		},
		Workflows: p.starter, Routes: p.routes, Clock: p.clock, Log: p.log.Named("api"),
		CallbackToken: p.callbacks.token, RegisteredToken: p.callbacks.registeredToken, PublicURL: p.conf.PublicURL,
		AllowLoopbackURLs: p.conf.LoopbackWebhooks, TrustedProxies: p.conf.TrustedProxies, Metrics: p.registry,
	})
}

// newPool returns the workers. The store and Temporal's client must be open.
func (p *parts) newPool() (*worker.Pool, error) {
	blocked, err := blockedFigure(p.registry)
	if err != nil {
		return nil, err
	}
	return worker.New(p.temporal, p.newActivities(), worker.PoolOptions{
		Instances: p.instances, DatabaseConnections: p.conf.DatabaseConnections, Blocked: blocked,
	}), nil
}

// newActivities returns the activities, which do the work of the workflows.
func (p *parts) newActivities() *activities.Activities {
	return activities.New(activities.Config{
		Store: activityStore(p.store), Operators: p.instances, Routes: p.routes, Workflows: p.starter,
		Sender: webhook.NewSender(p.conf.LoopbackWebhooks), Clock: p.clock,
		Callbacks: p.callbacks, ReturnURL: p.conf.PublicURL + "/docs/return",
	})
}

// activityStore returns the parts of the database that activities need.
func activityStore(db *store.DB) activities.Store {
	return activities.Store{
		Payments: db.Payments, Merchants: db.Merchants, Attempts: db.Attempts, Sendings: db.Attempts,
		Operators: db.Operators, Callbacks: db.Callbacks, Bulks: db.Bulks, BulkLines: db.BulkLines, Cases: db.Cases,
		AuditLog: db.AuditLog, Webhooks: db.Webhooks, DeliveryQueue: db.Webhooks, Keys: db.Keys, Restarts: db.Restarts,
		AskFirst: db.AskFirst,
	}
}

// Close closes what is open and returns every error of that.
func (p *parts) Close() error {
	if p.temporal != nil {
		p.temporal.Close()
	}
	if p.stopClock != nil {
		p.stopClock()
	}
	if p.store != nil {
		return p.store.Close()
	}
	return nil
}

// newLogger returns the program's log: one line of JSON for each event, on standard error.
func newLogger(level string) (*zap.Logger, error) {
	at, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, fmt.Errorf("PIROGUE_LOG_LEVEL: %w", err)
	}
	settings := zap.NewProductionConfig()
	settings.Level = at
	settings.DisableStacktrace = true
	return settings.Build()
}

// maxCallbackURL bounds a callback address in characters, so that every operator accepts it. The
// limit is Orange Web Payment's, the shortest.
const maxCallbackURL = 120

// The purposes of callback tokens: one attempt's own address, and an operator's one address. A
// token of one purpose is invalid for the other.
const (
	callbackTokens   vault.Purpose = "callback"
	registeredTokens vault.Purpose = "registered callback"
)

// callbackURLs makes the addresses that operators call back. The token in an address is a MAC of
// the attempt's reference, so the database needs only its digest.
type callbackURLs struct {
	ring *vault.Ring
	base string
}

// URL implements activities.CallbackURLs.
func (c callbackURLs) URL(o pirogue.OperatorCode, ref pirogue.OperatorRef) string {
	return c.base + "/callbacks/" + string(o) + "/" + c.token(ref)
}

// Digest implements activities.CallbackURLs.
func (c callbackURLs) Digest(ref pirogue.OperatorRef) string {
	return operator.CallbackDigest(c.token(ref))
}

// token returns the token in the callback address of one attempt. Only Pirogue can compute it.
func (c callbackURLs) token(ref pirogue.OperatorRef) string {
	return c.ring.Token(callbackTokens, string(ref))
}

// registered returns the callback address of an operator that accepts only one, set in advance.
func (c callbackURLs) registered(o pirogue.OperatorCode) string {
	return c.base + "/callbacks/" + string(o) + "/registered/" + c.registeredToken(o)
}

// registeredToken returns the token in an operator's one callback address.
func (c callbackURLs) registeredToken(o pirogue.OperatorCode) string {
	return c.ring.Token(registeredTokens, string(o))
}

// fit returns an error for every operator whose callback address exceeds maxCallbackURL.
func (c callbackURLs) fit(instances map[pirogue.OperatorCode]operator.Instance) error {
	var mistakes []error
	for code := range instances {
		if n := len(c.URL(code, "")); n > maxCallbackURL {
			mistakes = append(mistakes, fmt.Errorf(
				"PIROGUE_PUBLIC_URL: the callback address of operator %s has %d characters, %d more than operators accept",
				code, n, n-maxCallbackURL))
		}
	}
	return errors.Join(mistakes...)
}
