package sonatel

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// registrationPath is the path of a merchant's callback address.
const registrationPath = "/api/notification/v1/merchantcallback"

// registration is one callback address on the wire. Orange returns the API key in clear,
// although the specification calls it write-only.
type registration struct {
	Code        outbound.Text `json:"code"`
	Name        string        `json:"name"`
	CallbackURL string        `json:"callbackUrl"`
	APIKey      string        `json:"apiKey"`
	CreatedAt   string        `json:"createdAt,omitempty"` // 31-12-2026 23:59:59, in Dakar
}

// Registration is a callback address that Orange keeps for our merchant.
type Registration struct {
	Name      string
	URL       string
	OurKey    bool      // its key is our callback_key
	CreatedAt time.Time // zero if it could not be read
}

// RegisterCallback registers the address for callbacks about the merchant's transactions
// that name no address of their own. It also registers the callback_key that Orange sends
// with them. Its errors are NotSent, Refused, Unable and Unknown.
func (o *adapter) RegisterCallback(ctx context.Context, address string) error {
	if o.link(address) == "" {
		return pirogue.Errorf(operator.Refused, "not sent: the address must be absolute and https")
	}
	req, err := outbound.PostJSON(registrationPath, registration{
		Code: outbound.Text(o.conf.Credentials[credMerchantCode]), Name: o.conf.Credentials[credMerchantName],
		CallbackURL: address, APIKey: o.conf.Credentials[credCallbackKey],
	})
	if err != nil {
		return err
	}
	answer, err := o.Send(ctx, req)
	if err != nil {
		return err
	}
	return o.understood(answer)
}

// RegisteredCallbacks returns the addresses that Orange keeps for our merchant. Its errors
// are NotSent and Unknown.
func (o *adapter) RegisteredCallbacks(ctx context.Context) ([]Registration, error) {
	query := url.Values{"code": {o.conf.Credentials[credMerchantCode]}}
	answer, err := o.Ask(ctx, get(registrationPath, query))
	if err != nil {
		return nil, err
	}
	var rows []registration
	if err := json.Unmarshal(answer.Body, &rows); err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "callbacks: not the JSON of the specification: %w", err)
	}
	kept := make([]Registration, 0, len(rows))
	for _, row := range rows {
		created, _ := readTime(row.CreatedAt)
		kept = append(kept, Registration{
			Name: row.Name, URL: row.CallbackURL, CreatedAt: created,
			OurKey: outbound.Same(row.APIKey, o.conf.Credentials[credCallbackKey]),
		})
	}
	return kept, nil
}
