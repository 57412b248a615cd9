package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// bulkPath is the one route whose body may be large, and may be CSV.
const bulkPath = "/api/v1/payments/cashout/bulk"

// takesBulk reports whether a request brings a bulk.
func takesBulk(c *gin.Context) bool {
	return c.Request.Method == http.MethodPost && c.FullPath() == bulkPath
}

// bodyLimit is how many bytes a request's body may have.
func bodyLimit(c *gin.Context) int64 {
	if takesBulk(c) {
		return maxBulkBody
	}
	return maxBody
}

// admitBulk gives a large body a place among the few that are read at once, and the time
// that it needs over a slow connection. Whatever can be known without the body is checked
// before that, so that nobody without a key in force takes a place.
func (s *Server) admitBulk(c *gin.Context, v *visit) error {
	if c.Request.ContentLength > maxBulkBody {
		return pirogue.Errorf(pirogue.PayloadTooLarge, "%d bytes announced", c.Request.ContentLength)
	}
	for _, check := range []handler{s.checkContentType, s.checkEncoding, s.checkTimestamp, s.checkKey} {
		if err := check(c, v); err != nil {
			return err
		}
	}
	leave, err := s.bulkBodies.enter(neighbourhood(addressOf(c)))
	if err != nil {
		return err
	}
	v.bulk = leave
	control := http.NewResponseController(c.Writer)
	// The connection keeps the machine's time, whatever the server's clock says.
	read := time.Now().Add(bulkReadTime)
	err = errors.Join(control.SetReadDeadline(read), control.SetWriteDeadline(read.Add(bulkTime)))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "give a bulk its time: %w", err)
	}
	return nil
}

// checkKey turns away who names no key in force. The key is looked up again with the
// signature, for it may be revoked while the body comes; until then the turn is others'.
// That a key exists shows in who is waited for: only who has its public half can ask.
func (s *Server) checkKey(c *gin.Context, v *visit) error {
	if err := s.takeTurn(c, v); err != nil {
		return err
	}
	key, _, err := s.findKey(c, v)
	if err == nil && len(key.Secrets) == 0 {
		err = s.rejectSignature(c, "no key in force")
	}
	if err != nil {
		return err
	}
	s.finish(v)
	v.leave = nil
	return nil
}
