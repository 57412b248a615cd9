package sonatel

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// simCardsPath is the path where Orange's test system hands out test numbers. The live
// system has none.
const simCardsPath = "/api/assignments/v1/partner/sim-cards"

// maxSIMCards is the number of a type that one call may request. It is our limit: Orange
// states none.
const maxSIMCards = 10

// SIMCard is a number of Orange's test system. Its PIN protects play money alone.
type SIMCard struct {
	MSISDN string // local
	PIN    string
	Type   string // MERCHANT, CUSTOMER or RETAILER
	Code   string // a merchant's; "" for the others
}

// SIMCards returns test numbers, at most ten of each type. It returns Refused for an
// instance with live keys, and otherwise NotSent or Unknown.
func (o *adapter) SIMCards(ctx context.Context, retailers, merchants, customers int) ([]SIMCard, error) {
	if o.conf.Mode == pirogue.Live || max(retailers, merchants, customers) > maxSIMCards {
		return nil, pirogue.Errorf(operator.Refused, "not sent: test numbers are for test keys, %d of a type", maxSIMCards)
	}
	query := url.Values{}
	for name, n := range map[string]int{"nbRetailers": retailers, "nbMerchants": merchants, "nbCustomers": customers} {
		if n > 0 {
			query.Set(name, strconv.Itoa(n))
		}
	}
	answer, err := o.Ask(ctx, get(simCardsPath, query))
	if err != nil {
		return nil, err
	}
	var rows []struct {
		MSISDN       outbound.Text `json:"msisdn"`
		PINCode      outbound.Text `json:"pinCode"`
		Type         string        `json:"type"`
		MerchantCode outbound.Text `json:"merchantCode"`
	}
	if err := json.Unmarshal(answer.Body, &rows); err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "test numbers: not the JSON of the specification: %w", err)
	}
	cards := make([]SIMCard, 0, len(rows))
	for _, row := range rows {
		cards = append(cards, SIMCard{string(row.MSISDN), string(row.PINCode), row.Type, string(row.MerchantCode)})
	}
	return cards, nil
}
