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

// bulkRoutes serves the bulks of every merchant.
type bulkRoutes struct {
	*actions

	bulks Bulks
}

// register adds the routes.
func (h bulkRoutes) register(in routeGroup) {
	in.read("/bulks/:id", h.show)
	in.post("/bulks/:id/cancel", h.cancel)
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

// show responds with a bulk's progress.
func (h bulkRoutes) show(ctx context.Context, c *gin.Context) (any, error) {
	id, err := bulkIDOf(c)
	if err != nil {
		return nil, err
	}
	progress, err := h.bulks.AnyBulk(ctx, id)
	return bulkOf(progress), err
}

// cancel cancels the lines of a bulk that were not sent.
func (h bulkRoutes) cancel(c *gin.Context, rc *requestContext) error {
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	return h.performWithReason(c, rc, request{
		action: support.ActionCancelBulk, needs: support.RoleSupport, subject: "bulk " + string(id),
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			before, err := h.bulks.AnyBulk(ctx, id)
			if err != nil {
				return support.ActionResult{}, err
			}
			owner := access.Owner{MerchantID: before.MerchantID, Mode: before.Mode}
			after, err := h.bulks.CancelBulk(ctx, owner, id, h.clock.Now())
			return cancelled(after), err
		}),
	})
}

// cancelled returns the result on a cancellation, by the bulk's progress after it.
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
