// Package admin is support's way into Pirogue over HTTP, on a port of its own, and
// the client that the command line uses for it.
//
// Who calls is said by a bearer token, which has a name and a role. Everything that
// changes something needs a reason and leaves a row in the audit log: written before
// it is carried out, completed with what became of it. Whatever concerns a payment is
// done by the payment's own workflow, which asks the operator before it believes
// anybody, so a button that is pressed twice has one effect.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
)

// Options is everything a Server is made of.
type Options struct {
	Store     Store
	Workflows Workflows
	Clock     pirogue.Clock
	Log       *zap.Logger
	// Operators is every configured operator, in the order in which support reads them.
	Operators []pirogue.OperatorCode
	// WorkflowID returns the ID under which the Temporal Web UI shows a payment.
	WorkflowID func(pirogue.PaymentID, pirogue.Kind) string
}

// check reports what is missing.
func (o Options) check() error {
	var mistakes []error
	for _, part := range []struct {
		name    string
		missing bool
	}{
		{"Store", o.Store == nil},
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

// Server answers support.
type Server struct {
	store      Store
	workflows  Workflows
	clock      pirogue.Clock
	log        *zap.Logger
	operators  []pirogue.OperatorCode
	workflowID func(pirogue.PaymentID, pirogue.Kind) string
	engine     *gin.Engine
	turns      *turns
	// inside and verifying hold one value for each request that is under way.
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
		engine: gin.New(), turns: newTurns(),
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

// register is every route, with the role that it needs. An act's role is with the
// act, because an attempt without it is an act too: see carryOut.
func (s *Server) register() {
	s.engine.Use(s.identify, s.observe, s.survive)
	s.engine.NoRoute(s.answer(noRoute))
	s.engine.NoMethod(s.answer(noMethod))

	in := s.engine.Group("/", s.enter, s.authenticate)
	in.GET("/payments", s.read(s.findPayments))
	in.GET("/payments/:id", s.read(s.showPayment))
	in.GET("/payments/:id/timeline", s.read(s.showTimeline))
	in.GET("/stuck", s.read(s.listStuck))
	in.GET("/cases", s.read(s.listCases))
	in.GET("/acts", s.read(s.listActs))
	in.GET("/merchants/:id/fees", s.read(s.listFees))
	in.GET("/merchants/:id/payouts", s.read(s.listPayouts))

	in.POST("/payments/:id/recheck", s.answer(s.recheck))
	in.POST("/payments/:id/redrive", s.answer(s.redrive))
	in.POST("/payments/:id/resolve", s.answer(s.resolve))
	in.POST("/payments/:id/resend", s.answer(s.resend))
	in.POST("/merchants/:id/payouts", s.answer(s.payOut))
	in.PUT("/merchants/:id/fees", s.answer(s.setFee))
	in.PUT("/merchants/:id/late-policy", s.answer(s.setLatePolicy))
	in.POST("/merchants/:id/suspend", s.answer(s.suspend))
	in.POST("/merchants/:id/resume", s.answer(s.resume))
	in.GET("/bulks/:id", s.read(s.showBulk))
	in.POST("/bulks/:id/cancel", s.answer(s.cancelBulk))
	in.GET("/rebuild", s.answer(s.showLost))
	in.POST("/rebuild", s.answer(s.rebuild))
	in.GET("/rebuild/blocked", s.answer(s.showBlocked))
	in.POST("/rebuild/blocked", s.answer(s.rebuildBlocked))
	in.GET("/ask-first", s.read(s.showAskFirst))
	in.POST("/ask-first/operators/:operator", s.answer(s.looked))
	in.POST("/ask-first/end", s.answer(s.endAskFirst))
	in.GET("/operators", s.read(s.listOperators))
	in.POST("/operators/:operator/park", s.answer(s.park))
	in.POST("/operators/:operator/unpark", s.answer(s.unpark))
	in.POST("/verify", s.answer(s.verify))
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

// reader answers one request that changes nothing, within the time of ctx.
type reader func(ctx context.Context, c *gin.Context) (any, error)

// read adapts a reader to Gin.
func (s *Server) read(r reader) gin.HandlerFunc { return s.answer(r.handle) }

// handle lets whoever has a role read, and gives the database storeTime for it.
func (r reader) handle(c *gin.Context, v *visit) error {
	if err := v.need(pirogue.RoleReader); err != nil {
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

// bodyOf returns the body of a success: a worklist is one by itself.
func bodyOf(data any) any {
	switch data.(type) {
	case worklist[Stuck], worklist[OpenCase]:
		return data
	default:
		return answer[any]{data}
	}
}

// answer is the body of a success.
type answer[T any] struct {
	Data T `json:"data"`
}

// noRoute answers a path that does not exist.
func noRoute(*gin.Context, *visit) error {
	return pirogue.Errorf(pirogue.NotFound, "no such route")
}

// noMethod answers a method that its path does not know; Gin has set Allow.
func noMethod(*gin.Context, *visit) error {
	return pirogue.Errorf(pirogue.MethodNotAllowed, "no such method")
}
