package sonatel

import (
	"cmp"
	"context"
	"net/url"

	"pirogue/adapters/outbound"
)

// defaultTokenPath is the path where Orange issues access tokens. Older clients have
// "/oauth/token".
const defaultTokenPath = "/oauth/v1/token" //nolint:gosec // an address, not a credential

// fetchToken requests an access token, which lives 299 seconds. The specification expects
// the credentials in the form.
func (o *adapter) fetchToken(ctx context.Context) (outbound.Token, error) {
	path := cmp.Or(o.conf.Credentials[credTokenPath], defaultTokenPath)
	return o.Client.Grant(ctx, outbound.PostForm(path, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {o.conf.Credentials[credClientID]},
		"client_secret": {o.conf.Credentials[credClientSecret]},
	}))
}
