package sonatel

import (
	"crypto/rand"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

// claims are the contents of an access token. It holds its own expiry, so tokens survive a
// restart and use no memory. The real ones are signed with RS256; callers cannot read
// either.
type claims struct {
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"` // Unix seconds
	Expires  int64  `json:"exp"` // Unix seconds
	Type     string `json:"typ"`
}

// The kinds of token.
const (
	bearer          = "bearer"
	refresh         = "refresh"
	refreshLifetime = 30 * time.Minute
)

// grantReply is the response to a token call, observed in production. Production has scope
// and refresh token; no call of the sandbox accepts either.
type grantReply struct {
	AccessToken      string `json:"access_token"`
	ExpiresIn        int64  `json:"expires_in"`         // seconds
	RefreshExpiresIn int64  `json:"refresh_expires_in"` // seconds
	RefreshToken     string `json:"refresh_token"`
	TokenType        string `json:"token_type"`
	Scope            string `json:"scope"`
}

// grantRefusal is the error body of OAuth 2.0, which differs from the rest of the API.
type grantRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// token serves both token paths. Sonatel's document expects the credentials in the form.
// Some clients send HTTP Basic, which is accepted as well.
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	id, secret, isBasic := r.BasicAuth()
	if !isBasic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	switch {
	case !engine.SameSecret(id, s.credentials.ClientID):
		engine.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"invalid_client", "INVALID_CREDENTIALS: Invalid client credentials"})
	case !s.Authenticate(secret, s.credentials.ClientSecret):
		engine.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"unauthorized_client", "INVALID_CREDENTIALS: Invalid client secret"})
	case r.PostFormValue("grant_type") != "client_credentials":
		engine.WriteJSON(w, http.StatusBadRequest,
			grantRefusal{"unsupported_grant_type", "Only grant_type=client_credentials is known."})
	default:
		return s.grant(w)
	}
	return nil
}

// grant sends a token to an authenticated caller.
func (s *Simulator) grant(w http.ResponseWriter) error {
	now, lifetime := s.Now(), s.Faults.Read().TokenLifetime(tokenLifetime)
	issue := func(kind string, lifetime time.Duration) (string, error) {
		return s.tokens.JWT(claims{rand.Text(), now.Unix(), now.Add(lifetime).Unix(), kind})
	}
	access, err := issue(bearer, lifetime)
	if err != nil {
		return err
	}
	again, err := issue(refresh, refreshLifetime)
	if err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, grantReply{
		AccessToken: access, ExpiresIn: int64(lifetime / time.Second), TokenType: bearer, Scope: "email profile",
		RefreshToken: again, RefreshExpiresIn: int64(refreshLifetime / time.Second),
	})
	return nil
}

// authorize returns the reason to reject a call, or nil. The gateway checks the content
// type before the token, and requires one even without content.
func (s *Simulator) authorize(r *http.Request) error {
	if !engine.IsJSON(r) && (r.Method != http.MethodGet || s.settings.quirks().ContentTypeRequiredOnGET) {
		return unsupportedMedia
	}
	token, isBearer := engine.BearerToken(r)
	var said claims
	switch {
	case !isBearer:
		return badCredentials.withDetail("The call needs an Authorization: Bearer header.")
	case s.Faults.Read().RefuseTokens:
		return badCredentials.withDetail("The access token is revoked.")
	case !s.tokens.Read(token, &said) || said.Type != bearer:
		// One reason for every token that is not ours, so that a guess reveals nothing.
		return badCredentials.withDetail("The access token is unknown.")
	case s.Now().Unix() >= said.Expires:
		return badCredentials.withDetail("The access token has expired.")
	}
	return nil
}
