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
// that it needs over a slow connection.
func (s *Server) admitBulk(c *gin.Context, v *visit) error {
	if c.Request.ContentLength > maxBulkBody {
		return pirogue.Errorf(pirogue.PayloadTooLarge, "%d bytes announced", c.Request.ContentLength)
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
