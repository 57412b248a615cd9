package sonatel

import (
	"crypto/rand"
	"net/http"
	"time"

	"pirogue/sandbox/stage"
)

// tokens grants and checks access tokens. A token is sealed and holds its own end,
// so tokens survive a restart and cannot fill the memory. The real ones are signed
// with RS256; for callers both are opaque.
type tokens struct {
	clock stage.Clock
	stage.Tokens
}

// claims is what a token says.
type claims struct {
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"` // Unix seconds
	Expires  int64  `json:"exp"` // Unix seconds
	Type     string `json:"typ"`
}

// grant returns a token that is good for lifetime.
func (t tokens) grant(kind string, lifetime time.Duration) (string, error) {
	now := t.clock.Now()
	return t.JWT(claims{ID: rand.Text(), IssuedAt: now.Unix(), Expires: now.Add(lifetime).Unix(), Type: kind})
}

// check returns why a token is refused, or nil.
func (t tokens) check(token string) error {
	var said claims
	// One reason for whatever we did not make ourselves: a guess learns nothing from it.
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

// grantReply is the answer to a token call, observed in production. Scope and refresh
// token are there because production has them; nothing in the sandbox takes either.
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

// token serves both token paths. Sonatel's document wants the credentials in the
// form; some clients send HTTP Basic, and are served as well.
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	id, secret, isBasic := r.BasicAuth()
	if !isBasic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	switch {
	case !stage.Same(id, s.options.Credentials.ClientID):
		stage.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"invalid_client", "INVALID_CREDENTIALS: Invalid client credentials"})
	case !s.Knows(secret, s.options.Credentials.ClientSecret):
		stage.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"unauthorized_client", "INVALID_CREDENTIALS: Invalid client secret"})
	case r.PostFormValue("grant_type") != "client_credentials":
		stage.WriteJSON(w, http.StatusBadRequest,
			grantRefusal{"unsupported_grant_type", "Only grant_type=client_credentials is known."})
	default:
		return s.grant(w)
	}
	return nil
}

// grant answers with a token to those who showed who they are.
func (s *Simulator) grant(w http.ResponseWriter) error {
	lifetime := s.Board.Read().TokenLifetime(tokenLifetime)
	access, err := s.tokens.grant(bearer, lifetime)
	if err != nil {
		return err
	}
	again, err := s.tokens.grant(refresh, refreshLifetime)
	if err != nil {
		return err
	}
	stage.WriteJSON(w, http.StatusOK, grantReply{
		AccessToken: access, ExpiresIn: int64(lifetime / time.Second), TokenType: bearer, Scope: "email profile",
		RefreshToken: again, RefreshExpiresIn: int64(refreshLifetime / time.Second),
	})
	return nil
}
