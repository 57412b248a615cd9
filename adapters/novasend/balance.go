package novasend

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// balancePath is the path of the account's wallets.
const balancePath = "/v1/balance"

// wallet is one row of the balance. Novasend's field balance includes money that is not
// settled yet, so we do not read it.
type wallet struct {
	Available json.Number `json:"availableBalance"` // the only part that we may spend
	Reference string      `json:"reference"`
	Currency  string      `json:"currency"`
}

// Balance implements pirogue.BalanceReader. It returns the part of the account's wallet
// that we may spend, in the instance's currency. Where there are several wallets,
// account_id chooses one. Its errors are NotSent and Unknown. Novasend asks for at most one
// call every ten seconds.
func (o *adapter) Balance(ctx context.Context) (pirogue.Money, error) {
	answer, err := o.Ask(ctx, outbound.Get(balancePath, nil))
	if err != nil {
		return pirogue.Money{}, err
	}
	var rows []wallet
	if err := json.Unmarshal(answer.Body, &rows); err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: not the JSON of Novasend's pages: %s",
			o.Redact(err.Error()))
	}
	one, found := o.ourWallet(rows)
	if !found {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: %d wallets, none of them clearly ours", len(rows))
	}
	francs, err := outbound.Whole(one.Available)
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: no whole amount of %s", o.conf.Currency)
	}
	return pirogue.Money{Minor: francs, Currency: o.conf.Currency}, nil
}

// ourWallet returns the only wallet of the instance's currency. It returns false if there
// is none or more than one.
func (o *adapter) ourWallet(rows []wallet) (wallet, bool) {
	var national, named []wallet
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
		return wallet{}, false
	}
}
