package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/support"
)

// listStuck responds with the payments that support should look at, each with its cause and the
// allowed actions.
func (s *Server) listStuck(ctx context.Context, c *gin.Context) (any, error) {
	f, err := workFilter(c)
	if err != nil {
		return nil, err
	}
	page, err := s.store.Stuck.Stuck(ctx, s.clock.Now(), f)
	return worklist[Stuck]{each(page.Rows, stuckOf), page.Next, each(page.Tallies, tallyOf)}, err
}

// listCases responds with the open cases, which only a person can settle.
func (s *Server) listCases(ctx context.Context, c *gin.Context) (any, error) {
	f, err := workFilter(c)
	if err != nil {
		return nil, err
	}
	page, err := s.store.Cases.OpenCases(ctx, f)
	return worklist[OpenCase]{each(page.Rows, openCaseOf), page.Next, each(page.Tallies, tallyOf)}, err
}

// workFilter reads the filter of a list.
func workFilter(c *gin.Context) (support.WorkFilter, error) {
	q, err := readQuery(c, "cause", "operator", "merchant", "country", "type", "before", "cursor", "limit")
	if err != nil {
		return support.WorkFilter{}, err
	}
	f := support.WorkFilter{
		Cause: q.Get("cause"), Operator: pirogue.OperatorCode(q.Get("operator")),
		Merchant: pirogue.MerchantID(q.Get("merchant")), Country: pirogue.CountryCode(q.Get("country")),
		Kind: pirogue.PaymentKind(q.Get("type")), After: q.Get("cursor"),
	}
	for _, name := range []string{"cause", "operator", "merchant", "country", "type"} {
		if !isLine(q.Get(name), maxTerm) {
			return f, pirogue.FieldError(pirogue.InvalidParameter, name)
		}
	}
	if q.Has("before") {
		if f.Before, err = time.Parse(time.RFC3339, q.Get("before")); err != nil {
			return f, pirogue.FieldError(pirogue.InvalidParameter, "before")
		}
	}
	f.Limit, err = limitOf(q)
	return f, err
}

// listAuditEntries responds with the audit log, newest first: of one payment, or of all.
func (s *Server) listAuditEntries(ctx context.Context, c *gin.Context) (any, error) {
	q, err := readQuery(c, "payment", "limit")
	if err != nil {
		return nil, err
	}
	if q.Has("payment") && !uuidText.MatchString(q.Get("payment")) {
		return nil, pirogue.FieldError(pirogue.InvalidParameter, "payment")
	}
	limit, err := limitOf(q)
	if err != nil {
		return nil, err
	}
	acts, err := s.store.Audit.AuditEntries(ctx, pirogue.PaymentID(q.Get("payment")), limit)
	return each(acts, auditEntryOf), err
}

// verify checks the books. It reads every stored row, so only one check runs at a time.
func (s *Server) verify(c *gin.Context, v *requestContext) error {
	if err := v.need(support.RoleSupport); err != nil {
		return err
	}
	select {
	case s.verifying <- struct{}{}:
		defer func() { <-s.verifying }()
	default:
		return pirogue.Errorf(Retry, "the books are being checked")
	}
	err := http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(verifyTime + writeTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return pirogue.Errorf(pirogue.Internal, "set a deadline: %w", err)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), verifyTime)
	defer cancel()
	violations, err := s.store.Books.Audit(ctx)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, responseBody[[]Violation]{append([]Violation{}, violations...)})
	return nil
}
