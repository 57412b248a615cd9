package httpkit

import (
	"context"
	"errors"
	"strconv"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// ErrorBody is the body of every error response: Neka Paie's two fields, then Pirogue's.
type ErrorBody struct {
	Error      string          `json:"error"`
	Code       pirogue.Code    `json:"code"`
	RequestID  string          `json:"request_id"`
	DocURL     string          `json:"doc_url,omitempty"` // the merchant API's page of errors
	Params     []pirogue.Param `json:"params,omitempty"`
	RetryAfter int             `json:"retry_after_s,omitempty"`
	Data       any             `json:"data,omitempty"` // the object that the failure concerns
}

// CodeOf returns the code for the response to err. A database that did not respond in time is
// ServiceUnavailable, not Internal.
func CodeOf(err error) pirogue.Code {
	code := pirogue.CodeOf(err)
	if code == pirogue.Internal && errors.Is(err, context.DeadlineExceeded) {
		return pirogue.ServiceUnavailable
	}
	return code
}

// ParamsOf returns the fields that err names.
func ParamsOf(err error) []pirogue.Param {
	var e *pirogue.Error
	if errors.As(err, &e) {
		return e.Params
	}
	return nil
}

// WriteFailure ends a request with a failure and its Retry-After header. Once a part of another
// response was sent, it ends the request only.
func WriteFailure(c *gin.Context, status int, body ErrorBody) {
	if c.Writer.Written() {
		c.Abort()
		return
	}
	if body.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(body.RetryAfter))
	}
	c.AbortWithStatusJSON(status, body)
}
