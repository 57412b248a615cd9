package api

import (
	"crypto/subtle"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/operator"
)

// referenceReader is an operator that sends all its callbacks to one registered address.
// CallbackReference proves that a callback is the operator's own and returns the reference it
// names. It fails like pirogue.CallbackReader, and with Unknown where the callback names no
// reference of ours.
type referenceReader interface {
	operator.CallbackReader
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

// receiveRegistered stores an operator's callback to its one registered address. The address names
// the operator, the body the attempt.
//
// A proven callback about a payment that is not ours gets a 404. It does not count as a wrong
// token. The operator's account may also serve other systems.
func (h callbackRoutes) receiveRegistered(c *gin.Context, rc *requestContext) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	reader, ok := h.referenceReader(code)
	if !ok || !h.isRegistered(code, c.Param("token")) {
		return h.unknownCallback(c, "")
	}
	ref, err := reader.CallbackReference(c.Request.Header, rc.body)
	switch pirogue.CodeOf(err) {
	case "":
	case operator.Unknown:
		h.metrics.callback(code, callbackUnknown)
		return pirogue.Errorf(pirogue.NotFound, "%w", err)
	default:
		h.metrics.callback(code, callbackRefused)
		return err
	}
	if err := h.limitAttempt(code, string(code)+"/"+string(ref)); err != nil {
		return err
	}
	a, err := h.callbacks.AttemptByRef(rc.ctx, code, ref)
	if err != nil {
		if pirogue.CodeOf(err) == pirogue.NotFound {
			h.metrics.callback(code, callbackUnknown)
		}
		return err
	}
	return h.receiveKnown(c, rc, reader, a)
}

// referenceReader returns the reader of an operator with one registered address. It is false for
// every other operator.
func (h callbackRoutes) referenceReader(code pirogue.OperatorCode) (referenceReader, bool) {
	reader, ok := h.reader(code)
	if !ok || h.registeredToken == nil {
		return nil, false
	}
	one, ok := reader.(referenceReader)
	return one, ok
}

// isRegistered reports whether a token is that of the operator's registered address. It takes the
// same time for every token.
func (h callbackRoutes) isRegistered(code pirogue.OperatorCode, token string) bool {
	given, own := operator.CallbackDigest(token), operator.CallbackDigest(h.registeredToken(code))
	return subtle.ConstantTimeCompare([]byte(given), []byte(own)) == 1
}
