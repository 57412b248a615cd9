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
)

// problem is an error whose answer says more than its code and fields.
type problem struct {
	error
	wait time.Duration // until a repeat may pass; 0: not known
	data any           // the payment or refund that exists nevertheless
	text *pirogue.Text // instead of the code's; nil: the code's
}

// Unwrap returns the error itself.
func (p *problem) Unwrap() error { return p.error }

// failure is the body of every error answer: Neka Paie's two fields, then ours.
type failure struct {
	Error      string          `json:"error"`
	Code       pirogue.Code    `json:"code"`
	RequestID  string          `json:"request_id"`
	DocURL     string          `json:"doc_url"`
	Params     []pirogue.Param `json:"params,omitempty"`
	RetryAfter int             `json:"retry_after_s,omitempty"`
	Data       any             `json:"data,omitempty"`
}

// clientGone is the status in our log of a request nobody waits for any more. Nobody
// reads it on the wire.
const clientGone = 499

// fail answers with err. It is the only place where a code becomes an HTTP answer,
// and the table in pirogue.Codes is the only one it reads. What happened inside is
// for the log; a merchant sees the code's text.
//
// Two failures of one code have the same bytes but for request_id, so the 404 of
// another merchant's payment tells nothing that the 404 of a made-up one does not.
// Only a client that names both requests alike gets both answers alike.
func (s *Server) fail(c *gin.Context, err error) {
	if c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.AbortWithStatus(clientGone)
		return
	}
	info := codeOf(err).Info()
	if v := visitOf(c); v.leave != nil {
		v.starved = info.Code == pirogue.ServiceUnavailable
	}
	s.logFailure(c, info, err)
	if c.Writer.Written() {
		c.Abort()
		return
	}
	body := s.failure(visitOf(c), info, err)
	if body.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(body.RetryAfter))
	}
	c.AbortWithStatusJSON(info.HTTP, body)
}

// codeOf returns the code to answer err with. A database that did not answer in
// time is an outage of ours, not a bug.
func codeOf(err error) pirogue.Code {
	code := pirogue.CodeOf(err)
	if code == pirogue.Internal && errors.Is(err, context.DeadlineExceeded) {
		return pirogue.ServiceUnavailable
	}
	return code
}

// failure returns the body for err.
func (s *Server) failure(v *visit, info pirogue.CodeInfo, err error) failure {
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

// params returns the fields at fault with a sentence for each: at most maxParams of
// them, or maxLineParams of a bulk's lines, for a body can name thousands.
func params(given []pirogue.Param, t tongue) []pirogue.Param {
	var told []pirogue.Param
	most := maxParams
	if len(given) > 0 && given[0].Line > 0 {
		most = maxLineParams
	}
	for _, p := range given[:min(len(given), most)] {
		p.Field = shorten(p.Field, maxFieldName)
		if p.Message == "" {
			p.Message = t.of(p.Code.Info().Text)
		}
		told = append(told, p)
	}
	return told
}

// wholeSeconds rounds up, so that a client that waits so long has waited enough.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// logFailure writes down what is ours to mend. A merchant's mistakes are in the
// access log already.
func (s *Server) logFailure(c *gin.Context, info pirogue.CodeInfo, err error) {
	fields := []zap.Field{
		zap.String("request_id", visitOf(c).id), zap.String("route", routeOf(c)),
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
