package admin

import (
	"strings"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// requestContext holds the facts about one request that its checks find.
type requestContext struct {
	actor string // the token's name; no claim of the client changes it
	role  support.Role
}

// requestContextOf returns the request's context, which identify stored.
func requestContextOf(c *gin.Context) *requestContext { return httpkit.ContextOf[requestContext](c) }

// identify stores the request's context.
func identify(c *gin.Context) { httpkit.SetContext(c, &requestContext{}) }

// logFields returns the field of a request's log line that names the person.
func logFields(c *gin.Context) []zap.Field {
	return []zap.Field{zap.String("actor", requestContextOf(c).actor)}
}

// need fails with support.RoleRequired when the caller's role does not include other.
func (rc *requestContext) need(other support.Role) error {
	if !rc.role.May(other) {
		return pirogue.Errorf(support.RoleRequired, "%s is %q, not %s", rc.actor, rc.role, other)
	}
	return nil
}

// entrance admits people by their tokens.
type entrance struct {
	responder

	tokens Tokens
	inside *httpkit.ConcurrencyLimiter
}

// newEntrance returns an entrance for maxInside requests at the same time.
func newEntrance(tokens Tokens, r responder) *entrance {
	return &entrance{r, tokens, httpkit.NewConcurrencyLimiter(httpkit.ConcurrencyLimits{Inside: maxInside})}
}

// limitConcurrency refuses a request when maxInside are under way.
func (e *entrance) limitConcurrency(c *gin.Context) {
	leave, err := e.inside.Enter(c.Request.Context())
	if err != nil {
		e.fail(c, pirogue.Errorf(httpkit.Retry, "%w", err))
		return
	}
	defer leave()
	c.Next()
}

// bearer begins an Authorization header (RFC 6750, section 2.1).
const bearer = "Bearer "

// authenticate finds the person by the token. It refuses two Authorization headers, for it would be
// unclear which one counts.
func (e *entrance) authenticate(c *gin.Context) {
	given := c.Request.Header.Values("Authorization")
	if len(given) != 1 || !strings.HasPrefix(given[0], bearer) {
		e.fail(c, pirogue.Errorf(httpkit.TokenInvalid, "no token"))
		return
	}
	ctx, cancel := withinStoreTime(c.Request.Context())
	defer cancel()
	name, role, err := e.tokens.Token(ctx, strings.TrimPrefix(given[0], bearer))
	if pirogue.CodeOf(err) == pirogue.NotFound {
		err = pirogue.Errorf(httpkit.TokenInvalid, "no such token")
	}
	if err != nil {
		e.fail(c, err)
		return
	}
	rc := requestContextOf(c)
	rc.actor, rc.role = name, role
	c.Next()
}
