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
	"pirogue/support"
)

// requestContext holds the facts about one request that its checks find.
type requestContext struct {
	id    string
	actor string // the token's name; no claim of the client changes it
	role  support.Role
}

// requestContextKey is the key of the visit in Gin's context.
type requestContextKey struct{}

// requestContextOf returns the request's visit, which identify stored.
func requestContextOf(c *gin.Context) *requestContext {
	v, ok := c.MustGet(requestContextKey{}).(*requestContext)
	if !ok {
		panic("admin: the request was not identified")
	}
	return v
}

// need fails with RoleRequired when the caller's role does not include other.
func (v *requestContext) need(other support.Role) error {
	if !v.role.May(other) {
		return pirogue.Errorf(RoleRequired, "%s is %q, not %s", v.actor, v.role, other)
	}
	return nil
}

// requestID is the accepted form of a client's own ID for its request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// identify gives the request its ID and sets the headers of every response.
func (s *Server) identify(c *gin.Context) {
	v := &requestContext{id: ids.Request()}
	if given := c.GetHeader("X-Request-Id"); requestID.MatchString(given) {
		v.id = given
	}
	c.Set(requestContextKey{}, v)
	c.Header("X-Request-Id", v.id)
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// observe logs each request: the actor, the route and the result, and no token, search term or
// body.
func (s *Server) observe(c *gin.Context) {
	began := s.clock.Now()
	c.Next()
	v := requestContextOf(c)
	s.log.Info("support request",
		zap.String("request_id", v.id),
		zap.String("actor", v.actor),
		zap.String("method", c.Request.Method),
		zap.String("route", c.FullPath()),
		zap.Int("status", c.Writer.Status()),
		zap.Duration("took", s.clock.Now().Sub(began)),
	)
}

// recoverPanic turns a panic into a 500 that reveals only the request's ID.
func (s *Server) recoverPanic(c *gin.Context) {
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

// limitConcurrency refuses a request when maxInside are under way.
func (s *Server) limitConcurrency(c *gin.Context) {
	select {
	case s.inside <- struct{}{}:
		defer func() { <-s.inside }()
		c.Next()
	default:
		s.fail(c, pirogue.Errorf(Retry, "%d requests are under way", maxInside))
	}
}

// bearer begins an Authorization header (RFC 6750, section 2.1).
const bearer = "Bearer "

// authenticate finds the person by the token. It refuses two Authorization headers, for it would be
// unclear which one counts.
func (s *Server) authenticate(c *gin.Context) {
	given := c.Request.Header.Values("Authorization")
	if len(given) != 1 || !strings.HasPrefix(given[0], bearer) {
		s.fail(c, pirogue.Errorf(TokenInvalid, "no token"))
		return
	}
	ctx, cancel := stepOf(c.Request.Context())
	defer cancel()
	name, role, err := s.store.Tokens.Token(ctx, strings.TrimPrefix(given[0], bearer))
	if pirogue.CodeOf(err) == pirogue.NotFound {
		err = pirogue.Errorf(TokenInvalid, "no such token")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v := requestContextOf(c)
	v.actor, v.role = name, role
	c.Next()
}
