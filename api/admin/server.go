// Package admin serves support's HTTP API on a port of its own. It also holds the client that the
// command line uses for it.
//
// A bearer token with a name and a role identifies the caller. Every change needs a reason and an
// entry in the audit log. The entry is written before the action and completed with its verdict.
// The payment's own workflow carries out every action on a payment. It asks the operator before it
// believes a person, and a button pressed twice has one effect.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/support"
)

// Options holds the dependencies and settings of a Server.
type Options struct {
	Store     Store
	Workflows Workflows
	Clock     pirogue.Clock
	Log       *zap.Logger
	// Operators lists every configured operator, in the order of support's list.
	Operators []pirogue.OperatorCode
	// WorkflowID returns a payment's workflow ID for the Temporal Web UI.
	WorkflowID func(pirogue.PaymentID, pirogue.PaymentKind) string
}

// check reports every option that is missing.
func (o Options) check() error {
	var mistakes []error
	for _, name := range o.Store.missing() {
		mistakes = append(mistakes, fmt.Errorf("admin: Options.Store.%s is missing", name))
	}
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"Workflows", o.Workflows == nil},
		{"Clock", o.Clock == nil},
		{"Log", o.Log == nil},
		{"WorkflowID", o.WorkflowID == nil},
	} {
		if part.missing {
			mistakes = append(mistakes, fmt.Errorf("admin: Options.%s is missing", part.name))
		}
	}
	return errors.Join(mistakes...)
}

// Server serves support.
type Server struct {
	store      Store
	workflows  Workflows
	clock      pirogue.Clock
	log        *zap.Logger
	operators  []pirogue.OperatorCode
	workflowID func(pirogue.PaymentID, pirogue.PaymentKind) string
	engine     *gin.Engine
	turns      *concurrencyLimiter
	// inside and verifying hold one value for each request under way.
	inside    chan struct{}
	verifying chan struct{}
}

// New returns a server. It fails when an option is missing.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	s := &Server{
		store: o.Store, workflows: o.Workflows, clock: o.Clock, log: o.Log, workflowID: o.WorkflowID, operators: o.Operators,
		engine: gin.New(), turns: newConcurrencyLimiter(),
		inside: make(chan struct{}, maxInside), verifying: make(chan struct{}, 1),
	}
	s.engine.RedirectTrailingSlash = false
	s.engine.HandleMethodNotAllowed = true
	s.engine.UseRawPath = true
	if err := s.engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	s.register()
	return s, nil
}

// register adds every route, with the role that it needs. The role of an action is checked in
// carryOut, because an attempt without it gets an audit entry too.
func (s *Server) register() {
	s.engine.Use(s.identify, s.observe, s.recoverPanic)
	s.engine.NoRoute(s.respond(noRoute))
	s.engine.NoMethod(s.respond(noMethod))

	in := s.engine.Group("/", s.limitConcurrency, s.authenticate)
	in.GET("/payments", s.read(s.findPayments))
	in.GET("/payments/:id", s.read(s.showPayment))
	in.GET("/payments/:id/timeline", s.read(s.showTimeline))
	in.GET("/stuck", s.read(s.listStuck))
	in.GET("/cases", s.read(s.listCases))
	in.GET("/acts", s.read(s.listAuditEntries))
	in.GET("/merchants/:id/fees", s.read(s.listFees))
	in.GET("/merchants/:id/payouts", s.read(s.listSettlements))

	in.POST("/payments/:id/recheck", s.respond(s.recheck))
	in.POST("/payments/:id/redrive", s.respond(s.redrive))
	in.POST("/payments/:id/resolve", s.respond(s.resolve))
	in.POST("/payments/:id/resend", s.respond(s.resend))
	in.POST("/merchants/:id/payouts", s.respond(s.settleMerchant))
	in.PUT("/merchants/:id/fees", s.respond(s.setFee))
	in.PUT("/merchants/:id/late-policy", s.respond(s.setLatePolicy))
	in.POST("/merchants/:id/suspend", s.respond(s.suspend))
	in.POST("/merchants/:id/resume", s.respond(s.resume))
	in.GET("/bulks/:id", s.read(s.showBulk))
	in.POST("/bulks/:id/cancel", s.respond(s.cancelBulk))
	in.GET("/rebuild", s.respond(s.showLost))
	in.POST("/rebuild", s.respond(s.rebuild))
	in.GET("/rebuild/blocked", s.respond(s.showBlocked))
	in.POST("/rebuild/blocked", s.respond(s.rebuildBlocked))
	in.GET("/ask-first", s.read(s.showAskFirst))
	in.POST("/ask-first/operators/:operator", s.respond(s.looked))
	in.POST("/ask-first/end", s.respond(s.endAskFirst))
	in.GET("/operators", s.read(s.listOperators))
	in.POST("/operators/:operator/park", s.respond(s.park))
	in.POST("/operators/:operator/unpark", s.respond(s.unpark))
	in.POST("/verify", s.respond(s.verify))
}

// Handler returns the port as a handler.
func (s *Server) Handler() http.Handler { return s.engine }

// HTTPServer returns the port as a server on addr, with limits against slow and
// large clients.
func (s *Server) HTTPServer(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          zap.NewStdLog(s.log),
	}
}

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

// reader serves one request that changes nothing, within the deadline of ctx.
type reader func(ctx context.Context, c *gin.Context) (any, error)

// read adapts a reader to Gin.
func (s *Server) read(r reader) gin.HandlerFunc { return s.respond(r.handle) }

// handle allows every role to read, and limits the database to storeTime.
func (r reader) handle(c *gin.Context, v *requestContext) error {
	if err := v.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := stepOf(c.Request.Context())
	defer cancel()
	data, err := r(ctx, c)
	if err == nil {
		c.JSON(http.StatusOK, bodyOf(data))
	}
	return err
}

// bodyOf returns the body of a successful response. A worklist is a whole body by itself.
func bodyOf(data any) any {
	switch data.(type) {
	case worklist[Stuck], worklist[OpenCase]:
		return data
	default:
		return responseBody[any]{data}
	}
}

// responseBody is the body of a successful response.
type responseBody[T any] struct {
	Data T `json:"data"`
}

// noRoute responds to a path that does not exist.
func noRoute(*gin.Context, *requestContext) error {
	return pirogue.Errorf(pirogue.NotFound, "no such route")
}

// noMethod responds to a method that the path does not have; Gin has set Allow.
func noMethod(*gin.Context, *requestContext) error {
	return pirogue.Errorf(pirogue.MethodNotAllowed, "no such method")
}
