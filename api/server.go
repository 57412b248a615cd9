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
	"net/netip"
	"net/url"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
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
	var mistakes []error
	for _, name := range o.Store.missing() {
		mistakes = append(mistakes, fmt.Errorf("api: Options.Store.%s is missing", name))
	}
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"Workflows", o.Workflows == nil},
		{"Routes", o.Routes == nil},
		{"Clock", o.Clock == nil},
		{"Log", o.Log == nil},
		{"CallbackToken", o.CallbackToken == nil},
	} {
		if part.missing {
			mistakes = append(mistakes, fmt.Errorf("api: Options.%s is missing", part.name))
		}
	}
	if u, err := url.Parse(o.PublicURL); err != nil || u.Host == "" {
		mistakes = append(mistakes, fmt.Errorf("api: Options.PublicURL %q is not a URL", o.PublicURL))
	}
	return errors.Join(mistakes...)
}

// Server serves merchants, operators and our own operations.
type Server struct {
	store           Store
	workflows       Workflows
	routes          Routes
	clock           pirogue.Clock
	log             *zap.Logger
	callbackToken   func(pirogue.OperatorRef) string
	registeredToken func(pirogue.OperatorCode) string
	urls            urlRules
	pages           pages
	metrics         *metrics
	registry        *prometheus.Registry
	engine          *gin.Engine

	// decoy is the secret used to check the signature of an unknown key.
	decoy string
	// wrongSignatures counts wrong signatures per address, unknownTokens counts unknown tokens per
	// address, and callbacks counts callbacks per attempt.
	wrongSignatures *limiter[netip.Prefix]
	unknownTokens   *limiter[netip.Prefix]
	callbacks       *limiter[string]
	// callbackSlots and waiterSlots hold one value for each callback or wait under way.
	callbackSlots chan struct{}
	waiterSlots   chan struct{}
	exports       *gate[access.Owner]
	bulkBodies    *gate[netip.Prefix]
	// closing is closed when the server is about to stop: responses that wait on a status are sent
	// then.
	closing   chan struct{}
	door      *concurrencyLimiter
	publicURL string
	closeOnce sync.Once
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
	s := &Server{
		store: o.Store, workflows: o.Workflows, routes: o.Routes, clock: o.Clock, log: o.Log,
		callbackToken: o.CallbackToken, registeredToken: o.RegisteredToken,
		urls:  newURLRules(o.PublicURL, o.AllowLoopbackURLs),
		pages: pages, metrics: metrics, registry: registry,
		decoy:           ids.Secret(),
		wrongSignatures: newLimiter[netip.Prefix](wrongSignaturesPerSecond, wrongSignaturesBurst),
		unknownTokens:   newLimiter[netip.Prefix](unknownTokenPerSecond, unknownTokenBurst),
		callbacks:       newLimiter[string](callbackPerSecond, callbackBurst),
		callbackSlots:   make(chan struct{}, maxCallbacks),
		waiterSlots:     make(chan struct{}, maxWaiters),
		exports:         newGate[access.Owner](maxExports, maxMerchantExports, exportRetry),
		bulkBodies:      newGate[netip.Prefix](maxBulkBodies, maxBulkBodiesOfOne, bulkRetry),
		closing:         make(chan struct{}),
		door:            newConcurrencyLimiter(),
		publicURL:       o.PublicURL,
	}
	if s.engine, err = newEngine(o.TrustedProxies); err != nil {
		return nil, err
	}
	s.register()
	return s, nil
}

// newEngine returns Gin with other defaults. It redirects nothing, responds 405 with Allow, and
// keeps an escaped slash inside its path segment. It trusts the given proxies only.
func newEngine(proxies []string) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("api: Options.TrustedProxies: %w", err)
	}
	return engine, nil
}

// register adds every route of the public port.
func (s *Server) register() {
	s.engine.Use(s.identify, s.observe, s.recoverPanic)
	s.engine.NoRoute(s.respond(noRoute))
	s.engine.NoMethod(s.respond(noMethod))

	merchant := s.engine.Group("/api/v1", s.signalCallback(s.admission()))
	merchant.POST("/payments/cashin", s.respond(s.createCashIn))
	merchant.POST("/payments/cashout", s.respond(s.createCashOut))
	merchant.POST("/payments/cashout/bulk", s.respond(s.createBulk))
	merchant.GET("/payments/cashout/bulk/:bulk_id", s.respond(s.getBulk))
	merchant.GET("/payments/cashout/bulk/:bulk_id/lines", s.respond(s.getBulkLines))
	merchant.POST("/payments/cashout/bulk/:bulk_id/cancel", s.respond(s.cancelBulk))
	merchant.GET("/payments", s.respond(s.listPayments))
	merchant.GET("/payments/:transaction_id", s.respond(s.getPayment))
	merchant.GET("/payments/:transaction_id/timeline", s.respond(s.getTimeline))
	merchant.POST("/refunds", s.respond(s.createRefund))
	merchant.GET("/refunds/:refund_id", s.respond(s.getRefund))
	merchant.GET("/balances", s.respond(s.getBalances))
	merchant.GET("/operators", s.respond(s.listOperators))
	merchant.GET("/msisdn/:number", s.respond(s.getNumber))
	merchant.GET("/transactions/export", s.respond(s.exportTransactions))
	merchant.GET("/webhooks/deliveries", s.respond(s.listDeliveries))
	merchant.POST("/webhooks/deliveries/resend", s.respond(s.resendMany))
	merchant.POST("/webhooks/deliveries/:event_id/resend", s.respond(s.resendOne))

	operator := s.engine.Group("/callbacks", s.limitCallbacks, s.signalCallback(s.callbackAdmission()))
	operator.POST("/:operator/:token", s.respond(s.receiveCallback))
	operator.POST("/:operator/registered/:token", s.respond(s.receiveRegistered))

	s.engine.GET("/livez", gin.WrapF(s.livez))
	s.engine.GET("/readyz", gin.WrapF(s.publicReadyz))
	s.engine.GET("/", s.page(s.pages.index))
	s.engine.GET("/docs/errors", s.page(s.pages.errors))
	s.engine.GET("/docs/return", s.page(s.pages.back))
	s.engine.GET("/docs/style.css", s.page(s.pages.style))
	s.engine.GET("/openapi.yaml", s.page(s.pages.openapi))
}

// Handler returns the public port: the merchant API, callbacks and documentation.
func (s *Server) Handler() http.Handler { return s.engine }

// handler serves one request. An error that it returns becomes the response.
type handler func(*gin.Context, *requestContext) error

// respond adapts a handler to Gin.
func (s *Server) respond(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c, requestContextOf(c)); err != nil {
			s.fail(c, err)
		}
	}
}

// signalCallback runs the checks in order and lets a request continue when all pass. It stops at the first
// failure.
func (s *Server) signalCallback(checks []handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := requestContextOf(c)
		defer s.finish(v)
		for _, check := range checks {
			if err := check(c, v); err != nil {
				s.fail(c, err)
				return
			}
		}
		c.Next()
	}
}

// finish releases the request's turn and places, and reports to the door whether the database
// responded.
func (s *Server) finish(v *requestContext) {
	if v.leave != nil {
		s.door.tell(!v.starved)
	}
	v.done()
}

// noRoute responds to a path that does not exist.
func noRoute(*gin.Context, *requestContext) error {
	return pirogue.Errorf(pirogue.NotFound, "no such route")
}

// noMethod responds to a method that the path does not have; Gin has set Allow.
func noMethod(*gin.Context, *requestContext) error {
	return pirogue.Errorf(pirogue.MethodNotAllowed, "no such method")
}
