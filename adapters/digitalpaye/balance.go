package digitalpaye

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"strconv"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// decimalAmount matches an amount with or without decimals.
var decimalAmount = regexp.MustCompile(`^(-?\d+)(?:\.(\d+))?$`)

// Balance implements operator.BalanceReader. It returns the account's balance in whole
// francs. Fees leave decimals in it; a part of a franc cannot be paid out, so it is
// dropped.
func (o *adapter) Balance(ctx context.Context) (pirogue.Money, error) {
	reply, err := o.query(ctx, client.Get(o.shape.balancePath, nil), operator.Unknown)
	if err != nil {
		return pirogue.Money{}, err
	}
	var got struct {
		Balance  text `json:"balance"` // the name in older documents
		Amount   text `json:"amount"`  // the name since the SDK's 1.1.0
		Currency text `json:"currency"`
	}
	if err := json.Unmarshal(reply.Data, &got); err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: not the JSON of the documents: %w", err)
	}
	francs, ok := wholeFrancs(string(cmp.Or(got.Balance, got.Amount)))
	currency := cmp.Or(pirogue.Currency(got.Currency), o.conf.Currency)
	if !ok || currency != o.conf.Currency {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: no amount of %s", o.conf.Currency)
	}
	return pirogue.Money{Minor: francs, Currency: currency}, nil
}

// wholeFrancs returns an amount without its decimals, rounded down. It returns false for a
// text that is no amount.
func wholeFrancs(amount string) (int64, bool) {
	parts := decimalAmount.FindStringSubmatch(amount)
	if parts == nil {
		return 0, false
	}
	francs, err := strconv.ParseInt(parts[1], 10, 64)
	if parts[1][0] == '-' && parts[2] != "" && err == nil {
		francs--
	}
	return francs, err == nil
}
