package api

import (
	"errors"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
)

// routeOf returns the route's pattern, such as "/api/v1/payments/:transaction_id". Logs and metrics
// never hold the path itself, because it can contain a callback's token. The query can contain any
// text of a client.
func routeOf(c *gin.Context) string {
	if route := c.FullPath(); route != "" {
		return route
	}
	return "unmatched"
}

// observe logs and counts one request. The log line has the request's ID, the merchant, the route
// and the result, and no header, number or body.
func (s *Server) observe(c *gin.Context) {
	began := s.clock.Now()
	c.Next()
	took, v := s.clock.Now().Sub(began), requestContextOf(c)
	s.metrics.request(c.Request.Method, routeOf(c), c.Writer.Status(), took)
	s.log.Info("request",
		zap.String("request_id", v.id),
		zap.String("merchant_id", string(v.key.MerchantID)),
		zap.String("mode", string(v.key.Mode)),
		zap.String("method", c.Request.Method),
		zap.String("route", routeOf(c)),
		zap.Int("status", c.Writer.Status()),
		zap.Duration("took", took),
	)
}

// recoverPanic turns a panic into a 500 that reveals only the request's ID. Gin's own recovery would log
// the request with its headers.
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
