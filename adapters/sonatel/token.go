package sonatel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"pirogue/adapters/outbound"
)

// defaultTokenPath is where Orange issues access tokens. Older clients have
// "/oauth/token".
const defaultTokenPath = "/oauth/v1/token" //nolint:gosec // an address, not a credential

// tokenAnswer is the body of its answer. ExpiresIn is in seconds: 299.
type tokenAnswer struct {
	AccessToken string      `json:"access_token"`
	ExpiresIn   json.Number `json:"expires_in"`
}

// fetchToken asks for an access token. The specification wants the credentials in
// the form. Errors need no class: no payment has left, whatever happens here.
func (o *operator) fetchToken(ctx context.Context) (outbound.Token, error) {
	path := defaultTokenPath
	if other := o.conf.Credentials[credTokenPath]; other != "" {
		path = other
	}
	answer, err := o.client.Send(ctx, outbound.PostForm(path, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {o.conf.Credentials[credClientID]},
		"client_secret": {o.conf.Credentials[credClientSecret]},
	}))
	if err != nil {
		return outbound.Token{}, err
	}
	if answer.Status != http.StatusOK {
		return outbound.Token{}, fmt.Errorf("status %d to the credentials", answer.Status)
	}
	var got tokenAnswer
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return outbound.Token{}, fmt.Errorf("token: not the JSON of the specification: %w", err)
	}
	seconds, err := got.ExpiresIn.Int64()
	if err != nil {
		return outbound.Token{}, fmt.Errorf("token: expires_in: %w", err)
	}
	return outbound.Token{Value: got.AccessToken, ExpiresIn: seconds}, nil
}
