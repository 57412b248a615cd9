package sonatel

import (
	"crypto/rand"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

// tokens issues and checks access tokens. A token is signed and holds its own expiry, so
// tokens survive a restart and use no memory. The real ones are signed with RS256; callers
// cannot read either.
type tokens struct {
	clock engine.Clock
	engine.Tokens
}

// claims are the contents of a token.
type claims struct {
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"` // Unix seconds
	Expires  int64  `json:"exp"` // Unix seconds
	Type     string `json:"typ"`
}

// grant returns a token that is valid for lifetime.
func (t tokens) grant(kind string, lifetime time.Duration) (string, error) {
	now := t.clock.Now()
	return t.JWT(claims{ID: rand.Text(), IssuedAt: now.Unix(), Expires: now.Add(lifetime).Unix(), Type: kind})
}

// check returns the reason to refuse a token, or nil.
func (t tokens) check(token string) error {
	var said claims
	// One reason for every token that is not ours, so that a guess reveals nothing.
	if !t.Read(token, &said) || said.Type != bearer {
		return badCredentials.because("The access token is unknown.")
	}
	if t.clock.Now().Unix() >= said.Expires {
		return badCredentials.because("The access token has expired.")
	}
	return nil
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
	case !engine.Same(id, s.credentials.ClientID):
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
	lifetime := s.Faults.Read().TokenLifetime(tokenLifetime)
	access, err := s.tokens.grant(bearer, lifetime)
	if err != nil {
		return err
	}
	again, err := s.tokens.grant(refresh, refreshLifetime)
	if err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, grantReply{
		AccessToken: access, ExpiresIn: int64(lifetime / time.Second), TokenType: bearer, Scope: "email profile",
		RefreshToken: again, RefreshExpiresIn: int64(refreshLifetime / time.Second),
	})
	return nil
}
