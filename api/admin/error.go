package admin

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
)

// responder responds to the errors of requests.
type responder struct{ log *zap.Logger }

// problem is the failure of an action that has an audit entry.
type problem struct {
	error
	entry AuditEntry
}

// Unwrap returns the wrapped error, with its code.
func (p *problem) Unwrap() error { return p.error }

// unknownOutcome is the text for an action that may have taken effect or not.
const unknownOutcome = "The database did not answer: nobody knows whether this was done. Look before you do it again."

// fail responds with err. The cause goes to the log. Support reads the code's text, or the reason
// why the action was refused.
func (r responder) fail(c *gin.Context, err error) {
	info := httpkit.SupportInfoOf(httpkit.CodeOf(err))
	if info.HTTP >= http.StatusInternalServerError {
		r.log.Error("support request failed", zap.String("request_id", httpkit.RequestID(c)),
			zap.String("actor", requestContextOf(c).actor), zap.String("route", httpkit.RouteOf(c)),
			zap.String("code", string(info.Code)), zap.Error(err))
	}
	body := httpkit.ErrorBody{Error: info.Text.EN, Code: info.Code, RequestID: httpkit.RequestID(c)}
	if info.Code != pirogue.Internal {
		body.Params = httpkit.ParamsOf(err)
	}
	var p *problem
	if errors.As(err, &p) {
		body.Data, body.Error = p.entry, unknownOutcome
		if p.entry.Result != nil {
			body.Error = p.entry.Result.Reason
		}
	}
	if info.HTTP == http.StatusServiceUnavailable {
		body.RetryAfter = int(retryAfter.Seconds())
	}
	if info.Code == httpkit.TokenInvalid {
		c.Header("WWW-Authenticate", "Bearer")
	}
	httpkit.WriteFailure(c, info.HTTP, body)
}
