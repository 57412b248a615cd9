package sonatel

import (
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// registrationPath is the path of a merchant's callback address.
const registrationPath = "/api/notification/v1/merchantcallback"

// registration is one callback address on the wire.
type registration struct {
	Code        client.Text `json:"code"`
	Name        string      `json:"name"`
	CallbackURL string      `json:"callbackUrl"`
	APIKey      string      `json:"apiKey"`
}

// RegisterCallback registers the address for callbacks about the merchant's transactions
// that name no address of their own. It also registers the callback_key that Orange sends
// with them. Its errors are NotSent, Refused, Unable and Unknown.
func (o *adapter) RegisterCallback(ctx context.Context, address string) error {
	if o.link(address) == "" {
		return pirogue.Errorf(operator.Refused, "not sent: the address must be absolute and https")
	}
	req, err := o.post(registrationPath, registration{
		Code: client.Text(o.conf.Credentials[credMerchantCode]), Name: o.conf.Credentials[credMerchantName],
		CallbackURL: address, APIKey: o.conf.Credentials[credCallbackKey],
	})
	if err != nil {
		return err
	}
	resp, err := o.Do(ctx, req)
	if err != nil {
		return err
	}
	return o.checkAccepted(resp)
}
