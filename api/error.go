package api

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
)

// responder identifies the requests of the public port, observes them and responds to their errors.
type responder struct {
	clock     pirogue.Clock
	log       *zap.Logger
	metrics   *metrics
	publicURL string
}

// problem is an error with more to report than its code and fields.
type problem struct {
	error
	wait time.Duration          // until a retry may succeed; 0: not known
	data any                    // the payment or refund that already exists
	text *pirogue.LocalizedText // instead of the code's; nil: the code's
}

// Unwrap returns the wrapped error, with its code.
func (p *problem) Unwrap() error { return p.error }

// clientGone is the status in our log of a request whose client disconnected. It never goes on the
// wire.
const clientGone = 499

// fail responds with err. It is the only function that turns a code into an HTTP response.
// httpkit.Codes is the only table it reads. The cause goes to the log; a merchant sees the code's
// text.
//
// Two failures of one code differ in request_id only. The 404 of another merchant's payment so
// reveals no more than the 404 of a made-up ID. The bytes are equal only where a client gives both
// requests the same ID.
func (r *responder) fail(c *gin.Context, err error) {
	if c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) {
		c.AbortWithStatus(clientGone)
		return
	}
	info := httpkit.InfoOf(httpkit.CodeOf(err))
	if rc := requestContextOf(c); rc.leave != nil {
		rc.databaseFailed = info.Code == pirogue.ServiceUnavailable
	}
	r.logFailure(c, info, err)
	httpkit.WriteFailure(c, info.HTTP, r.failure(requestContextOf(c), info, err))
}

// failure returns the body of the response to err, in the request's language.
func (r *responder) failure(rc *requestContext, info httpkit.CodeInfo, err error) httpkit.ErrorBody {
	body := httpkit.ErrorBody{
		Error: rc.language.of(info.Text), Code: info.Code, RequestID: rc.id,
		DocURL: r.publicURL + errorsPath + "#" + string(info.Code),
	}
	if info.Code == pirogue.Internal {
		return body
	}
	body.Params = params(httpkit.ParamsOf(err), rc.language)
	wait := time.Duration(0)
	var p *problem
	if errors.As(err, &p) {
		wait, body.Data = p.wait, p.data
		if p.text != nil {
			body.Error = rc.language.of(*p.text)
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
func params(given []pirogue.Param, lang uiLanguage) []pirogue.Param {
	var named []pirogue.Param
	most := maxParams
	if len(given) > 0 && given[0].Line > 0 {
		most = maxLineParams
	}
	for _, p := range given[:min(len(given), most)] {
		p.Field = shorten(p.Field, maxFieldName)
		if p.Message == "" {
			p.Message = lang.of(httpkit.InfoOf(p.Code).Text)
		}
		named = append(named, p)
	}
	return named
}

// wholeSeconds rounds up, so that a client that waits for so many seconds has waited long enough.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// logFailure logs errors that operations must mend. The access log holds merchants' mistakes
// already.
func (r *responder) logFailure(c *gin.Context, info httpkit.CodeInfo, err error) {
	fields := []zap.Field{
		zap.String("request_id", requestContextOf(c).id), zap.String("route", httpkit.RouteOf(c)),
		zap.String("code", string(info.Code)), zap.Error(err),
	}
	switch info.Code {
	case pirogue.Internal:
		r.log.Error("request failed", fields...)
	case pirogue.ServiceUnavailable, pirogue.OperatorUnavailable:
		r.log.Warn("request turned away", fields...)
	default:
	}
}

// shorten returns at most n characters of text.
func shorten(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), n)])
}
