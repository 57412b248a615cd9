package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
)

// readBody reads the raw bytes before any check reads them. The route limits their number.
func (a *admission) readBody(c *gin.Context, rc *requestContext) error {
	if takesBulk(c) {
		if err := a.admitBulk(c, rc); err != nil {
			return err
		}
	}
	body, err := httpkit.ReadBody(c, bodyLimit(c))
	rc.body = body
	return err
}

// lifeOf returns the context for a request's work. A read ends when its client disconnects. A POST
// does not: the server completes the writes that it began.
func lifeOf(r *http.Request) context.Context {
	if r.Method == http.MethodPost {
		return context.WithoutCancel(r.Context())
	}
	return r.Context()
}

// checkContentType requires application/json in UTF-8, uncompressed, on a POST. A bulk may also be
// text/csv.
func (a *admission) checkContentType(c *gin.Context, _ *requestContext) error {
	switch {
	case c.Request.Method != http.MethodPost:
		return nil
	case takesBulk(c):
		return httpkit.CheckContentType(c.Request.Header, "application/json", "text/csv")
	default:
		return httpkit.CheckContentType(c.Request.Header, "application/json")
	}
}

// checkEncoding refuses a compressed body, for 64 KiB of gzip can hold 64 MiB.
func (a *admission) checkEncoding(c *gin.Context, _ *requestContext) error {
	if c.Request.Method != http.MethodPost {
		return nil
	}
	if given := c.Request.Header.Values("Content-Encoding"); len(given) > 0 {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "content encoding %q", given)
	}
	return nil
}

// checkNoBody refuses a GET with a body, which no signature covers.
func (a *admission) checkNoBody(c *gin.Context, rc *requestContext) error {
	if c.Request.Method == http.MethodGet && len(rc.body) > 0 {
		return pirogue.Errorf(pirogue.InvalidJSON, "a GET has no body")
	}
	return nil
}
