package sonatel

import (
	"context"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// accountPath is the path of the retailer's account.
const accountPath = "/api/eWallet/v1/account"

// pinChange is the body of PATCH account.
type pinChange struct {
	EncryptedPINCode    string `json:"encryptedPinCode"`
	EncryptedNewPINCode string `json:"encryptedNewPinCode"`
}

// ChangePIN implements operator.PINChanger. It gives the retailer's account another PIN, of 4
// digits. No other call carries a PIN meanwhile, and afterwards this operator uses the changed one.
// The caller must change the configuration at once. It must restart every process with the old PIN
// before that process tries it three times.
//
// After Unknown nobody knows which PIN is valid. This operator then tries neither, and
// every call that needs one is NotSent until a restart.
func (r *retailer) ChangePIN(ctx context.Context, newPIN string) error {
	if !fourDigits.MatchString(newPIN) {
		return pirogue.Errorf(operator.Refused, "not sent: a PIN has 4 digits")
	}
	ctx, cancel := r.WithTimeout(ctx)
	defer cancel()
	// Alone: a call with the old PIN after the change would cost a try.
	pin, err := r.pin.acquire(ctx, true)
	if err != nil {
		return err
	}
	var result pinResult
	defer func() { r.pin.release(result) }()
	resp, err := r.sendSealed(ctx, pin, r.pinChangeRequest(newPIN))
	if err == nil {
		result = readPINResult(resp)
		err = r.checkAccepted(resp, newPIN)
	}
	switch pirogue.CodeOf(err) {
	case "":
		result.newPIN = newPIN
	case operator.Unknown:
		// Trying either PIN could block the wallet.
		result.refused = "one of two, after a change whose answer was lost"
	default:
	}
	return err
}

// pinChangeRequest returns the function that writes the request to replace a PIN.
func (r *retailer) pinChangeRequest(newPIN string) pinRequest {
	return func(key publicKey, pin string) (client.Request, error) {
		oldSealed, err := key.encryptPIN(pin)
		if err != nil {
			return client.Request{}, err
		}
		newSealed, err := key.encryptPIN(newPIN)
		if err != nil {
			return client.Request{}, err
		}
		query := url.Values{"msisdn": {r.conf.Credentials[credMSISDN]}, "type": {"retailer"}}
		change := pinChange{EncryptedPINCode: oldSealed, EncryptedNewPINCode: newSealed}
		req, err := r.post(accountPath+"?"+query.Encode(), change)
		req.Method = http.MethodPatch
		return req, err
	}
}
