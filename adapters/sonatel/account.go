package sonatel

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The paths of the retailer's account.
const (
	balancePath = "/api/eWallet/v1/account/retailer/balance"
	accountPath = "/api/eWallet/v1/account"
)

// wallet names the wallet that disbursements are paid from.
const wallet = "PRINCIPAL"

// balanceRequest is the body of POST balance.
type balanceRequest struct {
	side
	Wallet string `json:"wallet"`
}

// pinChange is the body of PATCH account.
type pinChange struct {
	EncryptedPINCode    string `json:"encryptedPinCode"`
	EncryptedNewPINCode string `json:"encryptedNewPinCode"`
}

// Balance implements pirogue.BalanceReader. It returns the balance of the retailer's
// wallet. Its request carries the PIN, so it returns Unable if Orange rejects that.
func (o *adapter) Balance(ctx context.Context) (pirogue.Money, error) {
	answer, err := o.sendPIN(ctx, func(key publicKey, pin string) (outbound.Request, error) {
		sealed, err := key.seal(pin)
		if err != nil {
			return outbound.Request{}, err
		}
		retailer := side{IDType: idMSISDN, ID: o.conf.Credentials[credMSISDN], EncryptedPINCode: sealed}
		return outbound.PostJSON(balancePath, balanceRequest{side: retailer, Wallet: wallet})
	})
	if err != nil {
		return pirogue.Money{}, err
	}
	if !answer.OK() {
		return pirogue.Money{}, o.ErrorFrom(answer, pirogue.CashOut)
	}
	var got amount
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: not the JSON of the specification: %w", err)
	}
	left, err := got.money()
	if err != nil || left.Currency != o.conf.Currency {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "balance: no whole amount of %s", o.conf.Currency)
	}
	return left, nil
}

// ChangePIN gives the retailer's account another PIN, of 4 digits. No other call carries a
// PIN meanwhile, and afterwards this operator uses the changed one. The caller must change
// the configuration at once. It must restart every process with the old PIN before that
// process tries it three times.
//
// After Unknown nobody knows which PIN is valid. This operator then tries neither, and
// every call that needs one is NotSent until a restart.
func (o *adapter) ChangePIN(ctx context.Context, newPIN string) error {
	if !fourDigits.MatchString(newPIN) {
		return pirogue.Errorf(operator.Refused, "not sent: a PIN has 4 digits")
	}
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	// Alone: a call with the old PIN after the change would cost a try.
	pin, err := o.pin.enter(ctx, true)
	if err != nil {
		return err
	}
	var v verdict
	defer func() { o.pin.leave(v) }()
	answer, err := o.sealed(ctx, pin, o.pinChange(newPIN))
	if err == nil {
		v = verdictOf(answer)
		err = o.understood(answer, newPIN)
	}
	switch pirogue.CodeOf(err) {
	case "":
		v.pin = newPIN
	case operator.Unknown:
		// Trying either PIN could block the wallet.
		v.refused = "one of two, after a change whose answer was lost"
	default:
	}
	return err
}

// pinChange returns the function that writes the request to replace a PIN.
func (o *adapter) pinChange(newPIN string) pinRequest {
	return func(key publicKey, pin string) (outbound.Request, error) {
		oldSealed, err := key.seal(pin)
		if err != nil {
			return outbound.Request{}, err
		}
		newSealed, err := key.seal(newPIN)
		if err != nil {
			return outbound.Request{}, err
		}
		query := url.Values{"msisdn": {o.conf.Credentials[credMSISDN]}, "type": {"retailer"}}
		change := pinChange{EncryptedPINCode: oldSealed, EncryptedNewPINCode: newSealed}
		req, err := outbound.PostJSON(accountPath+"?"+query.Encode(), change)
		req.Method = http.MethodPatch
		return req, err
	}
}

// understood returns an error unless Orange accepted the request. The response has no
// documented body, so it may be empty or any JSON.
func (o *adapter) understood(a outbound.Response, secrets ...string) error {
	if !a.OK() {
		return o.ErrorFrom(a, pirogue.CashOut, secrets...)
	}
	if len(a.Body) > 0 && !json.Valid(a.Body) {
		return pirogue.Errorf(operator.Unknown, "status %d, then no JSON", a.Status)
	}
	return nil
}
