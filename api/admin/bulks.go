package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/support"
)

// ActionCancelBulk is the audit log's verb for the cancellation of a bulk.
const ActionCancelBulk support.SupportActionKind = "cancel-bulk"

// Bulks reads and cancels bulks of every merchant. An unknown bulk is NotFound.
type Bulks interface {
	// AnyBulk returns a bulk of any merchant with the tallies of its lines.
	AnyBulk(ctx context.Context, id pirogue.BulkID) (bulk.BulkProgress, error)
	// CancelBulk cancels the lines of an owner's bulk that were not sent, like a request of its
	// merchant. Lines that may have been sent go on. A bulk that has ended stays as it is.
	CancelBulk(
		ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time,
	) (bulk.BulkProgress, error)
}

// Bulk is a bulk in support's view. Amounts are minor units of Currency.
type Bulk struct {
	ID         pirogue.BulkID            `json:"bulk_id"`
	MerchantID pirogue.MerchantID        `json:"merchant_id"`
	Mode       pirogue.Mode              `json:"mode"`
	Reference  string                    `json:"merchant_bulk_id"`
	State      bulk.BulkState            `json:"state"`
	Country    pirogue.CountryCode       `json:"country_code"`
	Currency   pirogue.Currency          `json:"currency"`
	Lines      int                       `json:"lines"`
	Amount     int64                     `json:"amount"`
	Fee        int64                     `json:"fee"`
	Counts     map[bulk.LineStatus]int   `json:"counts"`
	Amounts    map[bulk.LineStatus]int64 `json:"amounts"`
	CreatedAt  time.Time                 `json:"created_at"`
	UpdatedAt  time.Time                 `json:"updated_at"`
	StartedAt  time.Time                 `json:"started_at,omitzero"` // zero until the workflow begins
	ClosedAt   time.Time                 `json:"closed_at,omitzero"`  // zero until the last line ends
}

// bulkOf returns support's view of a bulk.
func bulkOf(p bulk.BulkProgress) Bulk {
	view := Bulk{
		ID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Reference: p.Reference, State: p.State, Country: p.Country,
		Currency: p.Amount.Currency, Lines: p.Lines, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Counts: map[bulk.LineStatus]int{}, Amounts: map[bulk.LineStatus]int64{},
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, StartedAt: p.StartedAt, ClosedAt: p.ClosedAt,
	}
	for status, tally := range p.Tallies {
		view.Counts[status], view.Amounts[status] = tally.Lines, tally.Amount
	}
	return view
}

// bulkIDOf returns the bulk's ID in the path. It fails with NotFound.
func bulkIDOf(c *gin.Context) (pirogue.BulkID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.NotFound, "not a bulk's id")
	}
	return pirogue.BulkID(c.Param("id")), nil
}

// showBulk responds with a bulk's progress.
func (s *Server) showBulk(ctx context.Context, c *gin.Context) (any, error) {
	id, err := bulkIDOf(c)
	if err != nil {
		return nil, err
	}
	progress, err := s.store.Bulks.AnyBulk(ctx, id)
	return bulkOf(progress), err
}

// cancelBulk cancels the lines of a bulk that were not sent.
func (s *Server) cancelBulk(c *gin.Context, v *requestContext) error {
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: ActionCancelBulk, needs: support.RoleSupport, reason: reason, subject: "bulk " + string(id),
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			before, err := s.store.Bulks.AnyBulk(ctx, id)
			if err != nil {
				return support.ActionResult{}, err
			}
			owner := access.Owner{MerchantID: before.MerchantID, Mode: before.Mode}
			after, err := s.store.Bulks.CancelBulk(ctx, owner, id, s.clock.Now())
			return cancelled(after), err
		}),
	})
}

// cancelled returns the verdict on a cancellation, by the bulk's progress after it.
func cancelled(p bulk.BulkProgress) support.ActionResult {
	open := p.Bulk.Lines - p.Ended()
	if p.State.Ended() {
		return support.ActionResult{Decision: support.DecisionRefused, Reason: "The bulk is over: " + string(p.State) + "."}
	}
	return support.ActionResult{
		Decision: support.DecisionSettled,
		Reason:   fmt.Sprintf("No other line begins. %d of %d lines are open; what was perhaps sent goes on.", open, p.Lines),
	}
}
