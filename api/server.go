// Package api serves Pirogue's public HTTP port: the merchant API, the operators' callbacks and the
// documentation. A port of its own, which never leaves the machine, serves health, metrics and
// profiles.
//
// The package keeps no state of a payment. It checks a request in the order that auth.go lists. One
// database transaction then accepts it, a workflow continues it, and every response is read from
// the database. Every error leaves through one function and one table: see error.go.
package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
)

// Options holds the dependencies and settings of a Server.
type Options struct {
	Store     Store
	Workflows Workflows
	Routes    Routes
	Clock     pirogue.Clock
	Log       *zap.Logger
	// CallbackToken returns the token in an attempt's callback URL. It has 256 bits and is always
	// the same for one reference, so that nothing has to store it.
	CallbackToken func(pirogue.OperatorRef) string
	// RegisteredToken returns the token in the one callback address that an operator stores for all
	// our payments. It has 256 bits and is always the same for one operator. nil: the server has no
	// such addresses.
	RegisteredToken func(pirogue.OperatorCode) string
	// PublicURL is the server's address from outside, such as "https://pay.example". The server
	// refuses webhooks to it.
	PublicURL string
	// AllowLoopbackURLs allows webhooks to this machine. For development only.
	AllowLoopbackURLs bool
	// TrustedProxies lists the addresses or networks whose X-Forwarded-For counts. Empty: none.
	TrustedProxies []string
	// Metrics receives the server's metrics, and /metrics prints it. nil: a registry of its own,
	// with the process's metrics.
	Metrics *prometheus.Registry
}

// check reports every option that is missing or impossible.
func (o Options) check() error {
	mistakes := httpkit.MissingOptions("api", o.Store.missing(), httpkit.RequiredOptions{
		{"Workflows", o.Workflows == nil},
		{"Routes", o.Routes == nil},
		{"Clock", o.Clock == nil},
		{"Log", o.Log == nil},
		{"CallbackToken", o.CallbackToken == nil},
	})
	if u, err := url.Parse(o.PublicURL); err != nil || u.Host == "" {
		mistakes = append(mistakes, fmt.Errorf("api: Options.PublicURL %q is not a URL", o.PublicURL))
	}
	return errors.Join(mistakes...)
}

// Server serves merchants, operators and our own operations.
type Server struct {
	engine   *gin.Engine
	log      *zap.Logger
	registry *prometheus.Registry
	health   health
	waits    *statusWaits
}

// New returns a server. It fails when an option is missing or impossible.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	pages, err := renderPages()
	if err != nil {
		return nil, err
	}
	registry := o.Metrics
	if registry == nil {
		registry = prometheus.NewRegistry()
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	metrics, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	if err := registry.Register(newOperatorStates(o.Store.Breakers, o.Routes, o.Clock)); err != nil {
		return nil, fmt.Errorf("api: register metrics: %w", err)
	}
	engine, err := httpkit.NewEngine(o.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s := &Server{
		engine: engine, log: o.Log, registry: registry, waits: newStatusWaits(o.Store.Payments),
		health: health{o.Store.Schema, o.Workflows, o.Clock, o.Log},
	}
	s.register(o, &responder{o.Clock, o.Log, metrics, o.PublicURL})
	pages.register(engine)
	return s, nil
}

// handler serves one request. An error that it returns becomes the response.
type handler = httpkit.Handler[requestContext]

// routeGroup adds routes whose requests have passed the same checks.
type routeGroup struct {
	*gin.RouterGroup

	fail httpkit.Fail
}

// get adds a route for GET.
func (g routeGroup) get(path string, h handler) { g.GET(path, httpkit.Respond(h, g.fail)) }

// post adds a route for POST.
func (g routeGroup) post(path string, h handler) { g.POST(path, httpkit.Respond(h, g.fail)) }

// register adds every route of the public port.
func (s *Server) register(o Options, r *responder) {
	observer := httpkit.Observer{
		Clock: o.Clock, Log: o.Log, Message: "request", Fields: logFields, Count: r.metrics.request,
	}
	s.engine.Use(httpkit.Identify, identify, observer.Observe, httpkit.RecoverPanic(r.fail))
	s.engine.NoRoute(httpkit.NoRoute(r.fail))
	s.engine.NoMethod(httpkit.NoMethod(r.fail))
	s.engine.GET("/livez", gin.WrapF(s.health.livez))
	s.engine.GET("/readyz", gin.WrapF(s.health.publicReadyz))

	admission := newAdmission(o, r)
	s.registerMerchant(o, routeGroup{s.engine.Group("/api/v1", admission.run(admission.merchantChecks())), r.fail})
	callbacks := newCallbackRoutes(o, r)
	callbacks.register(routeGroup{
		s.engine.Group("/callbacks", callbacks.limitConcurrency, admission.run(admission.callbackChecks())), r.fail,
	})
}

// registerMerchant adds the routes of the merchant API.
func (s *Server) registerMerchant(o Options, in routeGroup) {
	urls := httpkit.NewURLRules(o.PublicURL, o.AllowLoopbackURLs)
	requests := paymentRequests{o.Routes, urls}
	acceptance := &acceptance{o.Store.Payments, o.Store.Fees, o.Workflows, o.Clock, o.Log, o.CallbackToken}
	payments := paymentRoutes{o.Store.Payments, o.Routes, o.Clock, s.waits}
	exports := newInFlightLimiter[access.Owner](maxExports, maxMerchantExports, exportRetry)

	cashInRoutes{requests, acceptance}.register(in)
	cashOutRoutes{requests, acceptance}.register(in)
	bulkRoutes{o.Store.Bulks, o.Store.Fees, o.Workflows, requests, exports, o.Clock, o.Log}.register(in)
	payments.register(in)
	timelineRoutes{o.Store.Payments}.register(in)
	refundRoutes{acceptance, o.Store.Payments, o.Routes, urls, payments}.register(in)
	balanceRoutes{o.Store.Reports}.register(in)
	operatorRoutes{o.Store.Breakers, o.Routes, o.Clock}.register(in)
	msisdnRoutes{o.Routes}.register(in)
	exportRoutes{o.Store.Reports, exports, o.Clock, o.Log}.register(in)
	deliveryRoutes{o.Store.Events, o.Workflows, o.Log}.register(in)
}

// Handler returns the public port: the merchant API, callbacks and documentation.
func (s *Server) Handler() http.Handler { return s.engine }

// HTTPServer returns the public port as a server on addr, with limits against slow and large
// clients. Its Shutdown first sends the responses that wait on a payment's status.
func (s *Server) HTTPServer(addr string) *http.Server {
	server := httpkit.NewServer(addr, s.Handler(), s.log, writeTime)
	server.RegisterOnShutdown(s.waits.release)
	return server
}
