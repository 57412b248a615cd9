package admin

import (
	"errors"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/ids"
)

// visit is what is known of one request.
type visit struct {
	id    string
	actor string // whose token it is; nothing else a caller says about itself counts
	role  pirogue.Role
}

// visitKey is the visit's place in Gin's context.
type visitKey struct{}

// visitOf returns the request's visit. identify has put it there.
func visitOf(c *gin.Context) *visit {
	v, ok := c.MustGet(visitKey{}).(*visit)
	if !ok {
		panic("admin: the request was not identified")
	}
	return v
}

// need fails with RoleRequired for a role that may not do what needs other.
func (v *visit) need(other pirogue.Role) error {
	if !v.role.May(other) {
		return pirogue.Errorf(RoleRequired, "%s is %q, not %s", v.actor, v.role, other)
	}
	return nil
}

// requestID is what a client may call its own request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// identify names the request and sets what every answer carries.
func (s *Server) identify(c *gin.Context) {
	v := &visit{id: ids.Request()}
	if given := c.GetHeader("X-Request-Id"); requestID.MatchString(given) {
		v.id = given
	}
	c.Set(visitKey{}, v)
	c.Header("X-Request-Id", v.id)
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// observe writes one line for each request: who, what and how it ended, and no
// token, term or body.
func (s *Server) observe(c *gin.Context) {
	began := s.clock.Now()
	c.Next()
	v := visitOf(c)
	s.log.Info("support request",
		zap.String("request_id", v.id),
		zap.String("actor", v.actor),
		zap.String("method", c.Request.Method),
		zap.String("route", c.FullPath()),
		zap.Int("status", c.Writer.Status()),
		zap.Duration("took", s.clock.Now().Sub(began)),
	)
}

// survive turns a panic into a 500 that tells nothing but the request's id.
func (s *Server) survive(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(cause)
		}
		s.fail(c, pirogue.Errorf(pirogue.Internal, "panic: %v\n%s", cause, debug.Stack()))
	}()
	c.Next()
}

// enter turns a request away when maxInside are under way.
func (s *Server) enter(c *gin.Context) {
	select {
	case s.inside <- struct{}{}:
		defer func() { <-s.inside }()
		c.Next()
	default:
		s.fail(c, pirogue.Errorf(Retry, "%d requests are under way", maxInside))
	}
}

// bearer is how a token is presented (RFC 6750, section 2.1).
const bearer = "Bearer "

// authenticate finds out whose token it is. A header that is there twice leaves it
// open which of them was meant.
func (s *Server) authenticate(c *gin.Context) {
	given := c.Request.Header.Values("Authorization")
	if len(given) != 1 || !strings.HasPrefix(given[0], bearer) {
		s.fail(c, pirogue.Errorf(TokenInvalid, "no token"))
		return
	}
	ctx, cancel := stepOf(c.Request.Context())
	defer cancel()
	name, role, err := s.store.Token(ctx, strings.TrimPrefix(given[0], bearer))
	if pirogue.CodeOf(err) == pirogue.NotFound {
		err = pirogue.Errorf(TokenInvalid, "no such token")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v := visitOf(c)
	v.actor, v.role = name, role
	c.Next()
}
