package orangeweb

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

// A token is an instant and a nonce, signed: 8 + 16 + 32 bytes. The simulator stores none,
// so tokens survive a restart and use no memory.
const (
	expiryLen = 8  // bytes: Unix nanoseconds
	nonceLen  = 16 // bytes
)

// tokens issues and checks access tokens.
type tokens struct {
	clock engine.Clock
	engine.Tokens
}

// grant returns a token that is valid for lifetime.
func (t tokens) grant(lifetime time.Duration) string {
	expiry := t.clock.Now().Add(lifetime).UnixNano()
	token := binary.BigEndian.AppendUint64(nil, uint64(expiry))
	nonce := make([]byte, nonceLen)
	rand.Read(nonce) // never fails: it ends the program instead
	token = append(token, nonce...)
	return base64.RawURLEncoding.EncodeToString(append(token, t.Seal(token)...))
}

// check returns the reason to refuse a token, or nil.
func (t tokens) check(token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != expiryLen+nonceLen+sha256.Size {
		return invalidCredentials
	}
	content, seal := raw[:expiryLen+nonceLen], raw[expiryLen+nonceLen:]
	if !hmac.Equal(seal, t.Seal(content)) {
		return invalidCredentials
	}
	expiry := time.Unix(0, int64(binary.BigEndian.Uint64(content))) //nolint:gosec // sealed by grant
	if !t.clock.Now().Before(expiry) {
		return expiredCredentials
	}
	return nil
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
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	id, secret, _ := r.BasicAuth()
	known := engine.Same(id, s.options.Credentials.ClientID) && engine.Same(secret, s.options.Credentials.ClientSecret)
	if !known || s.Faults.Read().KeysChanged {
		w.Header().Set("WWW-Authenticate", `Basic realm="orange-web sandbox"`)
		engine.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"invalid_client", "The client credentials are missing or wrong."})
		return
	}
	if r.PostFormValue("grant_type") != "client_credentials" {
		engine.WriteJSON(w, http.StatusBadRequest,
			grantRefusal{"unsupported_grant_type", "Only grant_type=client_credentials is known."})
		return
	}
	lifetime := s.Faults.Read().TokenLifetime(s.options.TokenLifetime)
	engine.WriteJSON(w, http.StatusOK,
		grantReply{"Bearer", s.tokens.grant(lifetime), int64(lifetime / time.Second)})
}

// authorize returns the reason to reject a call, or nil.
func (s *Simulator) authorize(r *http.Request) error {
	token, isBearer := engine.Bearer(r)
	switch {
	case !isBearer:
		return missingCredentials
	case s.Faults.Read().RefuseTokens:
		return invalidCredentials
	default:
		return s.tokens.check(token)
	}
}
