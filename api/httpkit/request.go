package httpkit

import (
	"regexp"

	"github.com/gin-gonic/gin"

	"pirogue/ids"
)

// requestIDKey is the key of the request's ID in Gin's context.
const requestIDKey = "pirogue.request_id"

// requestIDText is the accepted form of a client's own ID for its request.
var requestIDText = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Identify gives a request its ID and sets the headers of every response. The ID is the client's
// own where its form is accepted. It runs first, so that even the response to a panic has an ID.
func Identify(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestIDText.MatchString(id) {
		id = ids.Request()
	}
	c.Set(requestIDKey, id)
	c.Header("X-Request-Id", id)
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// RequestID returns the ID that Identify gave the request.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// contextKey is the key of a server's request context in Gin's context.
type contextKey[T any] struct{}

// SetContext stores the facts about a request that its checks find.
func SetContext[T any](c *gin.Context, facts *T) { c.Set(contextKey[T]{}, facts) }

// ContextOf returns what SetContext stored. It panics where nothing was stored.
func ContextOf[T any](c *gin.Context) *T {
	facts, ok := c.MustGet(contextKey[T]{}).(*T)
	if !ok {
		panic("httpkit: the request has a context of another type")
	}
	return facts
}

// RouteOf returns the route's pattern, such as "/api/v1/payments/:transaction_id". Logs and metrics
// never hold the path itself, because it can contain a callback's token. The query can contain any
// text of a client.
func RouteOf(c *gin.Context) string {
	if route := c.FullPath(); route != "" {
		return route
	}
	return "unmatched"
}
