package admin

import (
	"cmp"
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// settlementRoutes serves the transfers to merchants' banks.
type settlementRoutes struct {
	*actions

	settlements Settlements
}

// register adds the routes.
func (h settlementRoutes) register(in routeGroup) {
	in.read("/merchants/:id/settlements", h.list)
	in.post("/merchants/:id/settlements", h.create)
}

// settlementBody is the body of POST /merchants/{id}/settlements.
type settlementBody struct {
	reasonBody
	Settlement
}

// create books a transfer to a merchant's bank. The ID is required, because it makes a repeated
// request book the same settlement once.
func (h settlementRoutes) create(c *gin.Context, rc *requestContext) error {
	var body settlementBody
	now := h.clock.Now()
	id, err := readMerchantBody(c, &body, func() []rule { return append(body.Settlement.rules(now), body.rule()) })
	if err != nil {
		return err
	}
	body.PaidAt = cmp.Or(body.PaidAt, now)
	return h.perform(c, rc, request{
		action: support.ActionSettle, needs: support.RoleFinance, subject: subject(id, body.Settlement), reason: body.Reason,
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			return done("The settlement is booked.", h.settlements.RecordSettlement(ctx, body.settlement(id)))
		}),
	})
}

// rules returns the conditions on a settlement's fields.
func (p Settlement) rules(now time.Time) []rule {
	country, known := pirogue.CountryByCode(p.Country)
	return []rule{
		needed("id", p.ID, maxID),
		{"mode", p.Mode == "", p.Mode == pirogue.Test || p.Mode == pirogue.Live},
		{"country_code", p.Country == "", known},
		{"amount", p.Amount == 0, p.Amount > 0},
		{"currency", p.Currency == "", p.Currency == country.Currency},
		{field: "note", good: isLine(p.Note, maxNote)},
		{field: "paid_at", good: !p.PaidAt.After(now)},
	}
}

// list responds with a merchant's settlements of one mode: ?mode=test or live.
func (h settlementRoutes) list(ctx context.Context, c *gin.Context) (any, error) {
	id, err := merchantOf(c)
	if err != nil {
		return nil, err
	}
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "mode")
	mode := pirogue.Mode(q.Text("mode", anyText))
	if err := q.Err(); err != nil {
		return nil, err
	}
	if err := demand(rule{"mode", mode == "", mode == pirogue.Test || mode == pirogue.Live}); err != nil {
		return nil, err
	}
	settlements, err := h.settlements.Settlements(ctx, access.Owner{MerchantID: id, Mode: mode})
	return each(settlements, settlementOf), err
}

// Settlement is a transfer of a merchant's money to its bank. Amount is minor units of Currency, which
// must be the country's.
type Settlement struct {
	ID       string              `json:"id"` // unique for ever: the bank's reference
	Mode     pirogue.Mode        `json:"mode"`
	Country  pirogue.CountryCode `json:"country_code"`
	Amount   int64               `json:"amount"`
	Currency pirogue.Currency    `json:"currency"`
	Note     string              `json:"note,omitempty"`
	PaidAt   time.Time           `json:"paid_at,omitzero"` // zero in a request: at this moment
}

// settlement returns p as the domain's settlement of a merchant.
func (p Settlement) settlement(id pirogue.MerchantID) support.Settlement {
	return support.Settlement{
		ID: p.ID, MerchantID: id, Mode: p.Mode, Country: p.Country, Note: p.Note, PaidAt: p.PaidAt,
		Amount: pirogue.Money{Minor: p.Amount, Currency: p.Currency},
	}
}

// settlementOf returns support's view of a settlement.
func settlementOf(p support.Settlement) Settlement {
	return Settlement{
		ID: p.ID, Mode: p.Mode, Country: p.Country, Amount: p.Amount.Minor, Currency: p.Amount.Currency, Note: p.Note,
		PaidAt: p.PaidAt,
	}
}
