package novasend

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/outbound"
)

// balancePath is where the account's wallets are listed.
const balancePath = "/v1/balance"

// wallet is one row of the balance. Its balance holds what is not settled yet.
type wallet struct {
	Available json.Number `json:"availableBalance"` // the only part that may be spent
	Reference string      `json:"reference"`
	Currency  string      `json:"currency"`
}

// Balance implements pirogue.BalanceReader: what may be spent of the account's wallet
// in the instance's currency, by its account_id where there are several. It fails
// with NotSent or Unknown. Novasend wants it asked at most every ten seconds.
func (o *operator) Balance(ctx context.Context) (pirogue.Money, error) {
	answer, err := o.Ask(ctx, outbound.Get(balancePath, nil))
	if err != nil {
		return pirogue.Money{}, err
	}
	var rows []wallet
	if err := json.Unmarshal(answer.Body, &rows); err != nil {
		return pirogue.Money{}, pirogue.Errorf(pirogue.Unknown, "balance: not the JSON of Novasend's pages: %s",
			o.Words(err.Error()))
	}
	one, found := o.ourWallet(rows)
	if !found {
		return pirogue.Money{}, pirogue.Errorf(pirogue.Unknown, "balance: %d wallets, none of them clearly ours", len(rows))
	}
	francs, err := outbound.Whole(one.Available)
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(pirogue.Unknown, "balance: no whole amount of %s", o.conf.Currency)
	}
	return pirogue.Money{Minor: francs, Currency: o.conf.Currency}, nil
}

// ourWallet returns the one wallet of the instance's currency, and whether there is
// exactly one.
func (o *operator) ourWallet(rows []wallet) (wallet, bool) {
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
