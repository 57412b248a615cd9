package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// verifyRoutes serves the check of the books.
type verifyRoutes struct {
	books   Books
	limiter *httpkit.ConcurrencyLimiter
}

// newVerifyRoutes returns the routes. A check reads every stored row, so only one runs at a time.
func newVerifyRoutes(books Books) verifyRoutes {
	return verifyRoutes{books, httpkit.NewConcurrencyLimiter(httpkit.ConcurrencyLimits{Inside: 1})}
}

// register adds the route.
func (h verifyRoutes) register(in routeGroup) { in.post("/verify", h.verify) }

// verify checks the books. It limits the check to verifyTime.
func (h verifyRoutes) verify(c *gin.Context, rc *requestContext) error {
	if err := rc.need(support.RoleSupport); err != nil {
		return err
	}
	leave, err := h.limiter.Enter(c.Request.Context())
	if err != nil {
		return pirogue.Errorf(httpkit.Retry, "the books are being checked: %w", err)
	}
	defer leave()
	err = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(verifyTime + writeTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return pirogue.Errorf(pirogue.Internal, "set a deadline: %w", err)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), verifyTime)
	defer cancel()
	violations, err := h.books.Audit(ctx)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, responseBody[[]Violation]{append([]Violation{}, violations...)})
	return nil
}
