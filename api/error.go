package api

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
)

// problem is an error with more to report than its code and fields.
type problem struct {
	error
	wait time.Duration          // until a retry may succeed; 0: not known
	data any                    // the payment or refund that already exists
	text *pirogue.LocalizedText // instead of the code's; nil: the code's
}

// Unwrap returns the wrapped error, with its code.
func (p *problem) Unwrap() error { return p.error }

// failure is the body of every error response: Neka Paie's two fields, then Pirogue's.
type failure struct {
	Error      string          `json:"error"`
	Code       pirogue.Code    `json:"code"`
	RequestID  string          `json:"request_id"`
	DocURL     string          `json:"doc_url"`
	Params     []pirogue.Param `json:"params,omitempty"`
	RetryAfter int             `json:"retry_after_s,omitempty"`
	Data       any             `json:"data,omitempty"`
}

// clientGone is the status in our log of a request whose client disconnected. It never goes on the
// wire.
const clientGone = 499

// fail responds with err. It is the only function that turns a code into an HTTP response.
// pirogue.Codes is the only table it reads. The cause goes to the log; a merchant sees the code's
// text.
//
// Two failures of one code differ in request_id only. The 404 of another merchant's payment so
// reveals no more than the 404 of a made-up ID. The bytes are equal only where a client gives both
// requests the same ID.
func (s *Server) fail(c *gin.Context, err error) {
	if c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.AbortWithStatus(clientGone)
		return
	}
	info := httpkit.InfoOf(codeOf(err))
	if v := requestContextOf(c); v.leave != nil {
		v.starved = info.Code == pirogue.ServiceUnavailable
	}
	s.logFailure(c, info, err)
	if c.Writer.Written() {
		c.Abort()
		return
	}
	body := s.failure(requestContextOf(c), info, err)
	if body.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(body.RetryAfter))
	}
	c.AbortWithStatusJSON(info.HTTP, body)
}

// codeOf returns the code for the response. A database that did not respond in time is
// ServiceUnavailable, not Internal.
func codeOf(err error) pirogue.Code {
	code := pirogue.CodeOf(err)
	if code == pirogue.Internal && errors.Is(err, context.DeadlineExceeded) {
		return pirogue.ServiceUnavailable
	}
	return code
}

// failure returns the body of the response to err, in the request's language.
func (s *Server) failure(v *requestContext, info httpkit.CodeInfo, err error) failure {
	body := failure{
		Error: v.tongue.of(info.Text), Code: info.Code, RequestID: v.id,
		DocURL: s.publicURL + errorsPath + "#" + string(info.Code),
	}
	if info.Code == pirogue.Internal {
		return body
	}
	var e *pirogue.Error
	if errors.As(err, &e) {
		body.Params = params(e.Params, v.tongue)
	}
	wait := time.Duration(0)
	var p *problem
	if errors.As(err, &p) {
		wait, body.Data = p.wait, p.data
		if p.text != nil {
			body.Error = v.tongue.of(*p.text)
		}
	}
	if wait == 0 && info.Code == pirogue.ServiceUnavailable {
		wait = serviceRetry
	}
	body.RetryAfter = wholeSeconds(wait)
	return body
}

// params returns the fields at fault, with a sentence for each. It returns at most maxParams of
// them, or maxLineParams in a bulk's lines, for a body can name thousands.
func params(given []pirogue.Param, t uiLanguage) []pirogue.Param {
	var told []pirogue.Param
	most := maxParams
	if len(given) > 0 && given[0].Line > 0 {
		most = maxLineParams
	}
	for _, p := range given[:min(len(given), most)] {
		p.Field = shorten(p.Field, maxFieldName)
		if p.Message == "" {
			p.Message = t.of(httpkit.InfoOf(p.Code).Text)
		}
		told = append(told, p)
	}
	return told
}

// wholeSeconds rounds up, so that a client that waits for so many seconds has waited long enough.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// logFailure logs errors that operations must mend. The access log holds merchants' mistakes
// already.
func (s *Server) logFailure(c *gin.Context, info httpkit.CodeInfo, err error) {
	fields := []zap.Field{
		zap.String("request_id", requestContextOf(c).id), zap.String("route", routeOf(c)),
		zap.String("code", string(info.Code)), zap.Error(err),
	}
	switch info.Code {
	case pirogue.Internal:
		s.log.Error("request failed", fields...)
	case pirogue.ServiceUnavailable, pirogue.OperatorUnavailable:
		s.log.Warn("request turned away", fields...)
	default:
	}
}

// shorten returns at most n characters of text.
func shorten(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), n)])
}
