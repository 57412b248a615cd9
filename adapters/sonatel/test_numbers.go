package sonatel

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// testNumbersPath is the path where Orange's test system hands out test numbers. The live
// system has none.
const testNumbersPath = "/api/assignments/v1/partner/sim-cards"

// maxTestNumbers is the number of a type that one call may request. It is our limit: Orange
// states none.
const maxTestNumbers = 10

// TestNumbers implements operator.TestNumberIssuer. It returns test numbers, at most ten of each
// type. It returns Refused for an instance with live keys, and otherwise NotSent or Unknown.
func (o *adapter) TestNumbers(ctx context.Context, retailers, merchants, customers int) ([]operator.TestNumber, error) {
	if o.conf.Mode == pirogue.Live || max(retailers, merchants, customers) > maxTestNumbers {
		return nil, pirogue.Errorf(operator.Refused, "not sent: test numbers are for test keys, %d of a type", maxTestNumbers)
	}
	query := url.Values{}
	for name, n := range map[string]int{"nbRetailers": retailers, "nbMerchants": merchants, "nbCustomers": customers} {
		if n > 0 {
			query.Set(name, strconv.Itoa(n))
		}
	}
	resp, err := o.Query(ctx, o.get(testNumbersPath, query))
	if err != nil {
		return nil, err
	}
	var rows []struct {
		MSISDN       client.Text `json:"msisdn"`
		PINCode      client.Text `json:"pinCode"`
		Type         string      `json:"type"`
		MerchantCode client.Text `json:"merchantCode"`
	}
	if err := json.Unmarshal(resp.Body, &rows); err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "test numbers: not the JSON of the specification: %w", err)
	}
	numbers := make([]operator.TestNumber, 0, len(rows))
	for _, row := range rows {
		numbers = append(numbers, operator.TestNumber{
			MSISDN: string(row.MSISDN), PIN: string(row.PINCode), Type: row.Type, MerchantCode: string(row.MerchantCode),
		})
	}
	return numbers, nil
}
