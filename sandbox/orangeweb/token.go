package orangeweb

import (
	"crypto/rand"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

// claims is the content of an access token. The simulator stores none, so tokens survive a
// restart.
type claims struct {
	ID      string `json:"jti"`
	Expires int64  `json:"exp"` // Unix seconds
}

// grantReply is the response to a token call in OAuth 2.0's form.
type grantReply struct {
	TokenType   string `json:"token_type"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// grantRefusal is the error body of OAuth 2.0, which differs from the gateway's.
type grantRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// token serves POST /oauth/v2/token and /oauth/v3/token.
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	id, secret, _ := r.BasicAuth()
	if !s.Authenticate(id, s.credentials.ClientID) || !s.Authenticate(secret, s.credentials.ClientSecret) {
		w.Header().Set("WWW-Authenticate", `Basic realm="orange-web sandbox"`)
		return engine.RefusedWith{
			Status: http.StatusUnauthorized,
			Body:   grantRefusal{"invalid_client", "The client credentials are missing or wrong."},
		}
	}
	if r.PostFormValue("grant_type") != "client_credentials" {
		return engine.RefusedWith{
			Status: http.StatusBadRequest,
			Body:   grantRefusal{"unsupported_grant_type", "Only grant_type=client_credentials is known."},
		}
	}
	lifetime := s.Faults.Read().TokenLifetime(s.tokenLifetime)
	token, err := s.tokens.JWT(claims{ID: rand.Text(), Expires: s.Now().Add(lifetime).Unix()})
	if err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, grantReply{"Bearer", token, int64(lifetime / time.Second)})
	return nil
}

// authorize returns the reason to reject a call, or nil.
func (s *Simulator) authorize(r *http.Request) error {
	token, isBearer := engine.BearerToken(r)
	var said claims
	switch {
	case !isBearer:
		return missingCredentials
	case s.Faults.Read().RefuseTokens, !s.tokens.Read(token, &said):
		return invalidCredentials
	case s.Now().Unix() >= said.Expires:
		return expiredCredentials
	default:
		return nil
	}
}
