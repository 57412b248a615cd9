package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/operator"
)

// The codes that only support receives. All others are the merchant API's, with the status in
// pirogue.Codes.
const (
	TokenInvalid pirogue.Code = "TOKEN_INVALID"
	RoleRequired pirogue.Code = "ROLE_REQUIRED"
	Retry        pirogue.Code = "RETRY"
)

// ownCodes is the error table of these codes. pirogue.Refused is in it too: here it means that an
// action would not be safe.
var ownCodes = map[pirogue.Code]httpkit.CodeInfo{
	TokenInvalid: {Code: TokenInvalid, HTTP: http.StatusUnauthorized, Text: pirogue.LocalizedText{
		EN: "No token, or one that is not in force: send Authorization: Bearer and the token.",
	}},
	RoleRequired: {Code: RoleRequired, HTTP: http.StatusForbidden, Text: pirogue.LocalizedText{
		EN: "The token's role may not do this.",
	}},
	Retry: {Code: Retry, HTTP: http.StatusServiceUnavailable, Text: pirogue.LocalizedText{
		EN: "Too much at once; nothing was done. Try again in a few seconds.",
	}},
	operator.Refused: {Code: operator.Refused, HTTP: http.StatusConflict},
}

// infoOf returns a code's row of the tables.
func infoOf(code pirogue.Code) httpkit.CodeInfo {
	if row, ok := ownCodes[code]; ok {
		return row
	}
	return httpkit.InfoOf(code)
}

// problem is the failure of an action that has an audit entry.
type problem struct {
	error
	act AuditEntry
}

// Unwrap returns the wrapped error, with its code.
func (p *problem) Unwrap() error { return p.error }

// failure is the body of every error response.
type failure struct {
	Error      string          `json:"error"`
	Code       pirogue.Code    `json:"code"`
	RequestID  string          `json:"request_id"`
	Params     []pirogue.Param `json:"params,omitempty"`
	RetryAfter int             `json:"retry_after_s,omitempty"`
	Data       *AuditEntry     `json:"data,omitempty"` // the audit entry, when there is one
}

// noAnswer is the text for an action that may have taken effect or not.
const noAnswer = "The database did not answer: nobody knows whether this was done. Look before you do it again."

// fail responds with err. The cause goes to the log. Support reads the code's text, or the reason
// why the action was refused.
func (s *Server) fail(c *gin.Context, err error) {
	info := infoOf(codeOf(err))
	v := requestContextOf(c)
	if info.HTTP >= http.StatusInternalServerError {
		s.log.Error("support request failed", zap.String("request_id", v.id), zap.String("actor", v.actor),
			zap.String("route", c.FullPath()), zap.String("code", string(info.Code)), zap.Error(err))
	}
	if c.Writer.Written() {
		c.Abort()
		return
	}
	body := failure{Error: info.Text.EN, Code: info.Code, RequestID: v.id}
	var e *pirogue.Error
	if errors.As(err, &e) && info.Code != pirogue.Internal {
		body.Params = e.Params
	}
	var p *problem
	if errors.As(err, &p) {
		body.Data, body.Error = &p.act, noAnswer
		if p.act.Verdict != nil {
			body.Error = p.act.Verdict.Reason
		}
	}
	if info.HTTP == http.StatusServiceUnavailable {
		body.RetryAfter = int(retryAfter.Seconds())
		c.Header("Retry-After", strconv.Itoa(body.RetryAfter))
	}
	if info.Code == TokenInvalid {
		c.Header("WWW-Authenticate", "Bearer")
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
