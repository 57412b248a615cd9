package orangeweb

import (
	"context"
	"net/url"

	"pirogue/adapters/outbound"
)

// tokenPath is the path where Orange issues access tokens. In the guide they live about 90
// days. Older material has v2.
const tokenPath = "/oauth/v3/token" //nolint:gosec // an address, not a credential

// fetchToken requests an access token with the instance's credentials.
func (o *adapter) fetchToken(ctx context.Context) (outbound.Token, error) {
	req := outbound.PostForm(tokenPath, url.Values{"grant_type": {"client_credentials"}})
	req.Header.Set("Authorization", outbound.Basic(o.conf.Credentials[credClientID], o.conf.Credentials[credClientSecret]))
	return o.Client.Grant(ctx, req)
}
