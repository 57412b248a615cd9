package novasend

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// balancePath is the path of the account's wallets.
const balancePath = "/v1/balance"

// balanceRow is one row of the balance. Novasend's field balance includes money that is not
// settled yet, so we do not read it.
type balanceRow struct {
	Available json.Number `json:"availableBalance"` // the only part that we may spend
	Reference string      `json:"reference"`
	Currency  string      `json:"currency"`
}

// Balance implements operator.BalanceReader. It returns the part of the account's wallet
// that we may spend, in the instance's currency. Where there are several wallets,
// account_id chooses one. Its errors are NotSent and Unknown. Novasend asks for at most one
// call every ten seconds.
func (o *adapter) Balance(ctx context.Context) (pirogue.Money, error) {
	resp, err := o.Query(ctx, client.Get(balancePath, nil))
	if err != nil {
		return pirogue.Money{}, err
	}
	var rows []balanceRow
	if err := json.Unmarshal(resp.Body, &rows); err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: not the JSON of Novasend's pages: %s",
			o.Redact(err.Error()))
	}
	one, found := o.ourWallet(rows)
	if !found {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: %d wallets, none of them clearly ours", len(rows))
	}
	francs, err := client.ParseWhole(one.Available)
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: no whole amount of %s", o.conf.Currency)
	}
	return pirogue.Money{Minor: francs, Currency: o.conf.Currency}, nil
}

// ourWallet returns the only wallet of the instance's currency. It returns false if there
// is none or more than one.
func (o *adapter) ourWallet(rows []balanceRow) (balanceRow, bool) {
	var national, named []balanceRow
	for _, row := range rows {
		if row.Currency != string(o.conf.Currency) {
			continue
		}
		national = append(national, row)
		if account := o.conf.Credentials[credAccountID]; account != "" && row.Reference == account {
			named = append(named, row)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], true
	case len(national) == 1:
		return national[0], true
	default:
		return balanceRow{}, false
	}
}
