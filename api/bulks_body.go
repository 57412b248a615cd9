package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// bulkPath is the only route whose body may be large, or CSV.
const bulkPath = "/api/v1/payments/cashout/bulk"

// takesBulk reports whether a request is for the route of bulks.
func takesBulk(c *gin.Context) bool {
	return c.Request.Method == http.MethodPost && c.FullPath() == bulkPath
}

// bodyLimit returns the maximum size of a request's body in bytes.
func bodyLimit(c *gin.Context) int64 {
	if takesBulk(c) {
		return maxBulkBody
	}
	return maxBody
}

// admitBulk reserves one of the few places for large bodies that are read at the same time. It also
// extends the read time for slow connections. All checks that need no body come first, so that a
// request without a valid key takes no place.
func (a *admission) admitBulk(c *gin.Context, rc *requestContext) error {
	if c.Request.ContentLength > maxBulkBody {
		return pirogue.Errorf(pirogue.PayloadTooLarge, "%d bytes announced", c.Request.ContentLength)
	}
	for _, check := range []handler{a.checkContentType, a.checkEncoding, a.checkTimestamp, a.checkKey} {
		if err := check(c, rc); err != nil {
			return err
		}
	}
	leave, err := a.bulkBodies.enter(addressBlock(addressOf(c)))
	if err != nil {
		return err
	}
	rc.leaveBulk = leave
	control := http.NewResponseController(c.Writer)
	// Deadlines of a connection use the machine's clock, not the server's.
	read := time.Now().Add(bulkReadTime)
	err = errors.Join(control.SetReadDeadline(read), control.SetWriteDeadline(read.Add(bulkTime)))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "give a bulk its time: %w", err)
	}
	return nil
}

// checkKey refuses a request without a valid key. checkSignature looks the key up again, for it may
// be revoked while the body arrives. checkKey gives the request's turn at the database back in
// between. The time of its response reveals whether a key exists, but only to a client that knows
// its public half.
func (a *admission) checkKey(c *gin.Context, rc *requestContext) error {
	if err := a.limitConcurrency(c, rc); err != nil {
		return err
	}
	public, err := a.readCredentials(c, rc)
	if err != nil {
		return err
	}
	key, _, err := a.findKey(rc, public)
	if err == nil && len(key.Secrets) == 0 {
		err = a.rejectSignature(c, "no key in force")
	}
	if err != nil {
		return err
	}
	a.finish(rc)
	rc.leave = nil
	return nil
}
