package httpkit

import (
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
)

// Handler serves one request with the facts that its checks found. An error that it returns becomes
// the response.
type Handler[T any] func(*gin.Context, *T) error

// Fail responds to a request with an error.
type Fail func(*gin.Context, error)

// Respond adapts a handler to Gin. fail responds with the handler's error.
func Respond[T any](h Handler[T], fail Fail) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c, ContextOf[T](c)); err != nil {
			fail(c, err)
		}
	}
}

// NoRoute responds to a path that does not exist.
func NoRoute(fail Fail) gin.HandlerFunc {
	return func(c *gin.Context) { fail(c, pirogue.Errorf(pirogue.NotFound, "no such route")) }
}

// NoMethod responds to a method that the path does not have; Gin has set Allow.
func NoMethod(fail Fail) gin.HandlerFunc {
	return func(c *gin.Context) { fail(c, pirogue.Errorf(pirogue.MethodNotAllowed, "no such method")) }
}

// RecoverPanic turns a panic into a 500 that reveals only the request's ID. Gin's own recovery would
// log the request with its headers.
func RecoverPanic(fail Fail) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			fail(c, pirogue.Errorf(pirogue.Internal, "panic: %v\n%s", cause, debug.Stack()))
		}()
		c.Next()
	}
}

// Observer logs every request: its ID, method, route, status and duration, and no header, number or
// body.
type Observer struct {
	Clock   pirogue.Clock
	Log     *zap.Logger
	Message string // of the log line
	// Fields returns the fields that a server adds to the log line.
	Fields func(c *gin.Context) []zap.Field
	// Count counts a request in the server's metrics; nil counts none.
	Count func(method, route string, status int, took time.Duration)
}

// Observe logs and counts one request after its response.
func (o Observer) Observe(c *gin.Context) {
	began := o.Clock.Now()
	c.Next()
	took := o.Clock.Now().Sub(began)
	if o.Count != nil {
		o.Count(c.Request.Method, RouteOf(c), c.Writer.Status(), took)
	}
	o.Log.Info(o.Message, append(o.Fields(c),
		zap.String("request_id", RequestID(c)),
		zap.String("method", c.Request.Method),
		zap.String("route", RouteOf(c)),
		zap.Int("status", c.Writer.Status()),
		zap.Duration("took", took),
	)...)
}
