// Package api is what the world sees of Pirogue over HTTP: the merchant API, the
// operators' callbacks and the documentation; and, on a port of its own that never
// leaves the machine, health, metrics and profiles.
//
// It keeps nothing. A request is checked in the order that auth.go prints, one
// database transaction accepts it, a workflow carries it on, and every answer is
// read back from the database. Every failure leaves through one function and one
// table: see error.go.
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
	"pirogue/ids"
)

// Options is everything a Server is made of.
type Options struct {
	Store     Store
	Workflows Workflows
	Routes    Routes
	Clock     pirogue.Clock
	Log       *zap.Logger
	// CallbackToken returns the token in an attempt's callback URL: 256 bits, always
	// the same for one reference, so that nobody has to store it.
	CallbackToken func(pirogue.OperatorRef) string
	// RegisteredToken returns the token in the one callback address that an operator
	// keeps for all our payments: 256 bits, always the same for one operator. nil: no
	// such address is answered.
	RegisteredToken func(pirogue.OperatorCode) string
	// PublicURL is where this server is reached from outside, such as
	// "https://pay.example". No webhook may be sent there.
	PublicURL string
	// AllowLoopbackURLs lets webhooks go to this machine. For development only.
	AllowLoopbackURLs bool
	// TrustedProxies are the addresses or networks whose X-Forwarded-For is believed.
	// Empty: nobody's.
	TrustedProxies []string
	// Metrics is where the server's figures are registered and what /metrics prints.
	// nil: a registry of its own, with the process's figures.
	Metrics *prometheus.Registry
}

// check reports what is missing or cannot be.
func (o Options) check() error {
	var mistakes []error
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"Store", o.Store == nil},
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

// Server answers merchants, operators and our own operations.
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

	// decoy is the secret that an unknown key is checked against.
	decoy string
	// wrongSignatures counts them per address, unknownTokens likewise, and callbacks
	// counts per attempt.
	wrongSignatures *limiter[netip.Prefix]
	unknownTokens   *limiter[netip.Prefix]
	callbacks       *limiter[string]
	// callbackSlots and waiterSlots hold one value for each one under way.
	callbackSlots chan struct{}
	waiterSlots   chan struct{}
	exports       *gate[pirogue.Owner]
	bulkBodies    *gate[netip.Prefix]
	// closing is closed when the server is about to stop: held answers go out.
	closing   chan struct{}
	door      *door
	publicURL string
	closeOnce sync.Once
}

// New returns a server. It fails when an option is missing or wrong.
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
	if err := registry.Register(newOperatorStates(o.Store, o.Routes, o.Clock)); err != nil {
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
		exports:         newGate[pirogue.Owner](maxExports, maxMerchantExports, exportRetry),
		bulkBodies:      newGate[netip.Prefix](maxBulkBodies, maxBulkBodiesOfOne, bulkRetry),
		closing:         make(chan struct{}),
		door:            newDoor(),
		publicURL:       o.PublicURL,
	}
	if s.engine, err = newEngine(o.TrustedProxies); err != nil {
		return nil, err
	}
	s.register()
	return s, nil
}

// newEngine returns Gin without its surprises: it redirects nothing, answers 405
// with Allow, keeps an escaped slash inside its segment, and believes only the
// proxies it is told to.
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

// register is every route of the public port.
func (s *Server) register() {
	s.engine.Use(s.identify, s.observe, s.survive)
	s.engine.NoRoute(s.answer(noRoute))
	s.engine.NoMethod(s.answer(noMethod))

	merchant := s.engine.Group("/api/v1", s.pass(s.admission()))
	merchant.POST("/payments/cashin", s.answer(s.createCashIn))
	merchant.POST("/payments/cashout", s.answer(s.createCashOut))
	merchant.POST("/payments/cashout/bulk", s.answer(s.createBulk))
	merchant.GET("/payments/cashout/bulk/:bulk_id", s.answer(s.getBulk))
	merchant.GET("/payments/cashout/bulk/:bulk_id/lines", s.answer(s.getBulkLines))
	merchant.POST("/payments/cashout/bulk/:bulk_id/cancel", s.answer(s.cancelBulk))
	merchant.GET("/payments", s.answer(s.listPayments))
	merchant.GET("/payments/:transaction_id", s.answer(s.getPayment))
	merchant.GET("/payments/:transaction_id/timeline", s.answer(s.getTimeline))
	merchant.POST("/refunds", s.answer(s.createRefund))
	merchant.GET("/refunds/:refund_id", s.answer(s.getRefund))
	merchant.GET("/balances", s.answer(s.getBalances))
	merchant.GET("/operators", s.answer(s.listOperators))
	merchant.GET("/msisdn/:number", s.answer(s.getNumber))
	merchant.GET("/transactions/export", s.answer(s.exportTransactions))
	merchant.GET("/webhooks/deliveries", s.answer(s.listDeliveries))
	merchant.POST("/webhooks/deliveries/resend", s.answer(s.resendMany))
	merchant.POST("/webhooks/deliveries/:event_id/resend", s.answer(s.resendOne))

	operator := s.engine.Group("/callbacks", s.limitCallbacks, s.pass(s.callbackAdmission()))
	operator.POST("/:operator/:token", s.answer(s.receiveCallback))
	operator.POST("/:operator/registered/:token", s.answer(s.receiveRegistered))

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

// handler answers one request. Its error becomes the answer.
type handler func(*gin.Context, *visit) error

// answer adapts a handler to Gin.
func (s *Server) answer(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c, visitOf(c)); err != nil {
			s.fail(c, err)
		}
	}
}

// pass lets a request through when every check passes, and stops at the first that
// does not.
func (s *Server) pass(checks []handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		v := visitOf(c)
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

// finish lets go of what the request held, and tells the door how it fared.
func (s *Server) finish(v *visit) {
	if v.leave != nil {
		s.door.tell(!v.starved)
	}
	v.done()
}

// noRoute answers a path that does not exist.
func noRoute(*gin.Context, *visit) error {
	return pirogue.Errorf(pirogue.NotFound, "no such route")
}

// noMethod answers a method that its path does not know; Gin has set Allow.
func noMethod(*gin.Context, *visit) error {
	return pirogue.Errorf(pirogue.MethodNotAllowed, "no such method")
}
