package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// readBody reads the raw bytes before any check reads them. The route limits their number.
func (s *Server) readBody(c *gin.Context, v *requestContext) error {
	if takesBulk(c) {
		if err := s.admitBulk(c, v); err != nil {
			return err
		}
	}
	maxBody := bodyLimit(c)
	if c.Request.ContentLength > maxBody {
		return pirogue.Errorf(pirogue.PayloadTooLarge, "%d bytes announced", c.Request.ContentLength)
	}
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, maxBody+1))
	if err != nil {
		c.Header("Connection", "close")
		return pirogue.Errorf(pirogue.InvalidJSON, "read the body: %w", err)
	}
	if int64(len(body)) > maxBody {
		return pirogue.Errorf(pirogue.PayloadTooLarge, "more than %d bytes", maxBody)
	}
	v.body = body
	return nil
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
func (s *Server) checkContentType(c *gin.Context, _ *requestContext) error {
	if c.Request.Method != http.MethodPost {
		return nil
	}
	given, ok := single(c.Request.Header, "Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	if !ok || err != nil || kind != "application/json" && (kind != "text/csv" || !takesBulk(c)) {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "content type %q", given)
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "charset %q", charset)
	}
	return nil
}

// checkEncoding refuses a compressed body, for 64 KiB of gzip can hold 64 MiB.
func (s *Server) checkEncoding(c *gin.Context, _ *requestContext) error {
	if c.Request.Method != http.MethodPost {
		return nil
	}
	if given := c.Request.Header.Values("Content-Encoding"); len(given) > 0 {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "content encoding %q", given)
	}
	return nil
}

// checkNoBody refuses a GET with a body, which no signature covers.
func (s *Server) checkNoBody(c *gin.Context, v *requestContext) error {
	if c.Request.Method == http.MethodGet && len(v.body) > 0 {
		return pirogue.Errorf(pirogue.InvalidJSON, "a GET has no body")
	}
	return nil
}
