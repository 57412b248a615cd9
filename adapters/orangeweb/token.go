package orangeweb

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"pirogue/adapters/outbound"
)

// tokenPath is where Orange issues access tokens. Older material has v2.
const tokenPath = "/oauth/v3/token" //nolint:gosec // an address, not a credential

// tokenAnswer is the body of its answer. ExpiresIn is in seconds, a number or a
// string, about 90 days in the guide.
type tokenAnswer struct {
	AccessToken string      `json:"access_token"`
	ExpiresIn   json.Number `json:"expires_in"`
}

// fetchToken asks for an access token with the instance's credentials. Its errors
// need no class: no payment has left, whatever happens here.
func (o *operator) fetchToken(ctx context.Context) (outbound.Token, error) {
	req := outbound.PostForm(tokenPath, url.Values{"grant_type": {"client_credentials"}})
	pair := o.conf.Credentials[credClientID] + ":" + o.conf.Credentials[credClientSecret]
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	answer, err := o.client.Send(ctx, req)
	if err != nil {
		return outbound.Token{}, err
	}
	if answer.Status != http.StatusOK {
		return outbound.Token{}, fmt.Errorf("status %d to the credentials", answer.Status)
	}
	var got tokenAnswer
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return outbound.Token{}, fmt.Errorf("token: not the JSON of the guide: %w", err)
	}
	seconds, err := got.ExpiresIn.Int64()
	if err != nil {
		return outbound.Token{}, fmt.Errorf("token: expires_in: %w", err)
	}
	return outbound.Token{Value: got.AccessToken, ExpiresIn: seconds}, nil
}
