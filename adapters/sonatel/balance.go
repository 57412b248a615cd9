package sonatel

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// balancePath is the path of the retailer's balance.
const balancePath = "/api/eWallet/v1/account/retailer/balance"

// wallet names the wallet that disbursements are paid from.
const walletPrincipal = "PRINCIPAL"

// balanceRequest is the body of POST balance.
type balanceRequest struct {
	side
	Wallet string `json:"wallet"`
}

// Balance implements operator.BalanceReader. It returns the balance of the retailer's
// wallet. Its request carries the PIN, so it returns Unable if Orange rejects that.
func (r *retailer) Balance(ctx context.Context) (pirogue.Money, error) {
	resp, err := r.sendPIN(ctx, func(key publicKey, pin string) (client.Request, error) {
		sealed, err := key.encryptPIN(pin)
		if err != nil {
			return client.Request{}, err
		}
		payer := side{IDType: idMSISDN, ID: r.conf.Credentials[credMSISDN], EncryptedPINCode: sealed}
		return r.post(balancePath, balanceRequest{side: payer, Wallet: walletPrincipal})
	})
	if err != nil {
		return pirogue.Money{}, err
	}
	if !resp.OK() {
		return pirogue.Money{}, r.ResponseError(resp, pirogue.CashOut)
	}
	var got amount
	if err := json.Unmarshal(resp.Body, &got); err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: not the JSON of the specification: %w", err)
	}
	left, err := got.money()
	if err != nil || left.Currency != r.conf.Currency {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: no whole amount of %s", r.conf.Currency)
	}
	return left, nil
}
