// Package admin serves support's HTTP API on a port of its own. It also holds the client that the
// command line uses for it.
//
// A bearer token with a name and a role identifies the caller. Every change needs a reason and an
// entry in the audit log. The entry is written before the action and completed with its result.
// The payment's own workflow carries out every action on a payment. It asks the operator before it
// believes a person, and a repeated request has one effect.
package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
)

// Options holds the dependencies and settings of a Server.
type Options struct {
	Store     Store
	Workflows Workflows
	Clock     pirogue.Clock
	Log       *zap.Logger
	// Operators lists every configured operator, in the order of support's list.
	Operators []pirogue.OperatorCode
	// PublicURL is the merchant API's address, which no webhook may lead to.
	PublicURL string
	// AllowLoopbackURLs allows webhooks to this machine. For development only.
	AllowLoopbackURLs bool
	// WorkflowID returns a payment's workflow ID for the Temporal Web UI.
	WorkflowID func(pirogue.PaymentID, pirogue.PaymentKind) string
}

// check reports every option that is missing.
func (o Options) check() error {
	return errors.Join(httpkit.MissingOptions("admin", o.Store.missing(), httpkit.RequiredOptions{
		{"Workflows", o.Workflows == nil},
		{"Clock", o.Clock == nil},
		{"Log", o.Log == nil},
		{"WorkflowID", o.WorkflowID == nil},
	})...)
}

// Server serves support.
type Server struct {
	engine *gin.Engine
	log    *zap.Logger
}

// New returns a server. It fails when an option is missing.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	engine, err := httpkit.NewEngine(nil)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	s := &Server{engine: engine, log: o.Log}
	s.register(o)
	return s, nil
}

// register adds every route. The role of an action is checked when it is performed. So an attempt
// without the role gets an audit entry too.
func (s *Server) register(o Options) {
	r := responder{o.Log}
	observer := httpkit.Observer{Clock: o.Clock, Log: o.Log, Message: "support request", Fields: logFields}
	s.engine.Use(httpkit.Identify, identify, observer.Observe, httpkit.RecoverPanic(r.fail))
	s.engine.NoRoute(httpkit.NoRoute(r.fail))
	s.engine.NoMethod(httpkit.NoMethod(r.fail))

	entrance := newEntrance(o.Store.Tokens, r)
	in := routeGroup{s.engine.Group("/", entrance.limitConcurrency, entrance.authenticate), r.fail}
	actions := newActions(o)

	paymentRoutes{o.Store.Payments, o.Store.Cases, o.Workflows, o.Clock, o.WorkflowID}.register(in)
	newActionRoutes(o, actions).register(in)
	resendRoutes{actions, o.Store.Payments, o.Store.Events, o.Workflows, o.Log}.register(in)
	worklistRoutes{o.Store.Stuck, o.Store.Cases, o.Clock}.register(in)
	auditRoutes{o.Store.Audit}.register(in)
	merchantRoutes{actions, o.Store.Merchants, httpkit.NewURLRules(o.PublicURL, o.AllowLoopbackURLs)}.register(in)
	feeRoutes{actions, o.Store.Fees}.register(in)
	settlementRoutes{actions, o.Store.Settlements}.register(in)
	bulkRoutes{actions, o.Store.Bulks}.register(in)
	operatorRoutes{actions, o.Store.Operators, o.Operators}.register(in)
	rebuildRoutes{actions, o.Store.Restarts, o.Workflows}.register(in)
	askFirstRoutes{actions, o.Store.AskFirst, o.Operators}.register(in)
	newVerifyRoutes(o.Store.Books).register(in)
}

// Handler returns the port as a handler.
func (s *Server) Handler() http.Handler { return s.engine }

// HTTPServer returns the port as a server on addr, with limits against slow and large clients.
func (s *Server) HTTPServer(addr string) *http.Server {
	return httpkit.NewServer(addr, s.Handler(), s.log, writeTime)
}
