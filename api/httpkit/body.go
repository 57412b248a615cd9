package httpkit

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// ReadBody returns the raw bytes of a request's body. It fails with PayloadTooLarge above limit, and
// with InvalidJSON for a body that breaks off.
func ReadBody(c *gin.Context, limit int64) ([]byte, error) {
	if c.Request.ContentLength > limit {
		return nil, pirogue.Errorf(pirogue.PayloadTooLarge, "%d bytes announced", c.Request.ContentLength)
	}
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, limit+1))
	if err != nil {
		c.Header("Connection", "close")
		return nil, pirogue.Errorf(pirogue.InvalidJSON, "read the body: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, pirogue.Errorf(pirogue.PayloadTooLarge, "more than %d bytes", limit)
	}
	return body, nil
}

// CheckContentType requires one of the accepted content types, in UTF-8. It fails with
// UnsupportedMediaType.
func CheckContentType(h http.Header, accepted ...string) error {
	given, ok := SingleHeader(h, "Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	if charset, named := params["charset"]; named && !strings.EqualFold(charset, "utf-8") {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "charset %q", charset)
	}
	for _, one := range accepted {
		if ok && err == nil && kind == one {
			return nil
		}
	}
	return pirogue.Errorf(pirogue.UnsupportedMediaType, "content type %q", given)
}

// SingleHeader returns the only value of a header, "" when there is none. It is false for two
// values, for it would be unclear which of them counts.
func SingleHeader(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	switch len(values) {
	case 0:
		return "", true
	case 1:
		return values[0], true
	default:
		return "", false
	}
}
