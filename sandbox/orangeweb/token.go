package orangeweb

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"pirogue/sandbox/stage"
)

// A token is an instant and a nonce, sealed: 8 + 16 + 32 bytes. Nothing has to be
// kept, so tokens survive a restart and cannot fill the memory.
const (
	expiryLen = 8  // bytes: Unix nanoseconds
	nonceLen  = 16 // bytes
)

// tokens grants and checks access tokens.
type tokens struct {
	clock stage.Clock
	key   []byte
}

func newTokens(clock stage.Clock, secret string) tokens {
	key := sha256.Sum256([]byte("access token " + secret))
	return tokens{clock: clock, key: key[:]}
}

// grant returns a token that is good for lifetime.
func (t tokens) grant(lifetime time.Duration) string {
	expiry := t.clock.Now().Add(lifetime).UnixNano()
	token := binary.BigEndian.AppendUint64(nil, uint64(expiry))
	nonce := make([]byte, nonceLen)
	rand.Read(nonce) // never fails: it would end the program
	token = append(token, nonce...)
	return base64.RawURLEncoding.EncodeToString(append(token, t.seal(token)...))
}

// check returns why a token is refused, or nil.
func (t tokens) check(token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != expiryLen+nonceLen+sha256.Size {
		return invalidCredentials
	}
	content, seal := raw[:expiryLen+nonceLen], raw[expiryLen+nonceLen:]
	if !hmac.Equal(seal, t.seal(content)) {
		return invalidCredentials
	}
	expiry := time.Unix(0, int64(binary.BigEndian.Uint64(content))) //nolint:gosec // sealed by grant
	if !t.clock.Now().Before(expiry) {
		return expiredCredentials
	}
	return nil
}

// seal is what only we can put under a token.
func (t tokens) seal(content []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(content)
	return mac.Sum(nil)
}

// grantReply is the answer to a token call, as OAuth 2.0 writes it.
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
	known := same(id, s.options.Credentials.ClientID) && same(secret, s.options.Credentials.ClientSecret)
	if !known || s.board.Read().KeysChanged {
		w.Header().Set("WWW-Authenticate", `Basic realm="orange-web sandbox"`)
		stage.WriteJSON(w, http.StatusUnauthorized,
			grantRefusal{"invalid_client", "The client credentials are missing or wrong."})
		return
	}
	if r.PostFormValue("grant_type") != "client_credentials" {
		stage.WriteJSON(w, http.StatusBadRequest,
			grantRefusal{"unsupported_grant_type", "Only grant_type=client_credentials is known."})
		return
	}
	lifetime := s.options.TokenLifetime
	if forced := s.board.Read().TokenLifetimeS; forced > 0 {
		lifetime = time.Duration(forced) * time.Second
	}
	stage.WriteJSON(w, http.StatusOK,
		grantReply{"Bearer", s.tokens.grant(lifetime), int64(lifetime / time.Second)})
}

// authorize returns why a call may not pass, or nil.
func (s *Simulator) authorize(r *http.Request) error {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !isBearer:
		return missingCredentials
	case s.board.Read().RefuseTokens:
		return invalidCredentials
	default:
		return s.tokens.check(token)
	}
}

// same compares secrets in a time that does not depend on where they differ.
func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
