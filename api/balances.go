package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/listing"
)

// balanceRoutes serves the balances of a merchant.
type balanceRoutes struct{ reports Reports }

// register adds the route.
func (h balanceRoutes) register(in routeGroup) { in.get("/balances", h.get) }

// get responds with the merchant's balances, one per country.
func (h balanceRoutes) get(c *gin.Context, rc *requestContext) error {
	if err := httpkit.ReadQuery(c.Request.URL.RawQuery).Err(); err != nil {
		return err
	}
	balances, err := h.reports.Balances(rc.ctx, rc.owner())
	if err != nil {
		return err
	}
	lines := page[balanceView]{Data: []balanceView{}}
	for _, b := range balances {
		lines.Data = append(lines.Data, balanceOf(b))
	}
	c.JSON(http.StatusOK, lines)
	return nil
}

// balanceView is a merchant's balance in one country.
type balanceView struct {
	CountryCode pirogue.CountryCode `json:"country_code"`
	Currency    pirogue.Currency    `json:"currency"`
	Available   int64               `json:"available"` // minor units that may be spent
	Pending     int64               `json:"pending"`   // of cash-ins under way
	Reserved    int64               `json:"reserved"`  // of cash-outs, refunds and waiting bulk lines
	UpdatedAt   string              `json:"updated_at"`
}

// balanceOf returns the view of one balance.
func balanceOf(b listing.Balance) balanceView {
	return balanceView{
		CountryCode: b.Country, Currency: b.Currency, Available: b.Available, Pending: b.Pending, Reserved: b.Reserved,
		UpdatedAt: moment(b.UpdatedAt),
	}
}
