package api

import (
	"crypto/subtle"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// referenceReader is an operator that calls back at one registered address about all
// our payments. CallbackReference returns the reference that a callback names, once
// it is proven to be the operator's own: it fails as pirogue.CallbackReader does, and
// with Unknown where the callback names no reference of ours.
type referenceReader interface {
	pirogue.CallbackReader
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

// receiveRegistered keeps what an operator tells us at its one registered address.
// The address says which operator calls, and the body which attempt it means.
//
// An operator that proved itself and speaks of a payment that is not ours gets a 404
// and is not counted as a stranger: its account may serve others than us.
func (s *Server) receiveRegistered(c *gin.Context, v *visit) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	reader, ok := s.referenceReader(code)
	if !ok || !s.isRegistered(code, c.Param("token")) {
		return s.unknownCallback(c, "")
	}
	ref, err := reader.CallbackReference(c.Request.Header, v.body)
	switch pirogue.CodeOf(err) {
	case "":
	case pirogue.Unknown:
		s.metrics.callback(code, callbackUnknown)
		return pirogue.Errorf(pirogue.NotFound, "%w", err)
	default:
		s.metrics.callback(code, callbackRefused)
		return err
	}
	if err := s.limitAttempt(code, string(code)+"/"+string(ref)); err != nil {
		return err
	}
	a, err := s.store.AttemptByRef(v.ctx, code, ref)
	if err != nil {
		if pirogue.CodeOf(err) == pirogue.NotFound {
			s.metrics.callback(code, callbackUnknown)
		}
		return err
	}
	return s.hear(c, v, reader, a)
}

// referenceReader returns the reader of an operator that calls one address, and
// whether there is one.
func (s *Server) referenceReader(code pirogue.OperatorCode) (referenceReader, bool) {
	reader, ok := s.callbackReader(code)
	if !ok || s.registeredToken == nil {
		return nil, false
	}
	one, ok := reader.(referenceReader)
	return one, ok
}

// isRegistered compares a token with the operator's own. It takes the same time
// whatever the token is.
func (s *Server) isRegistered(code pirogue.OperatorCode, token string) bool {
	given, own := pirogue.CallbackDigest(token), pirogue.CallbackDigest(s.registeredToken(code))
	return subtle.ConstantTimeCompare([]byte(given), []byte(own)) == 1
}
