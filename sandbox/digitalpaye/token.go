package digitalpaye

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"pirogue/sandbox/stage"
)

// tokens grants and checks access tokens: JWTs under HS256 with the three claims that
// published ones have. A token holds its own end, so tokens survive a restart.
type tokens struct {
	clock stage.Clock
	key   []byte
}

// claims is what a token says.
type claims struct {
	Company  string `json:"companyId"`
	IssuedAt int64  `json:"iat"` // Unix seconds
	Expires  int64  `json:"exp"` // Unix seconds
}

const (
	company   = "00000000-0000-4000-8000-000000000225" // whose account the sandbox plays
	jwtHeader = `{"alg":"HS256","typ":"JWT"}`
)

func newTokens(clock stage.Clock) tokens {
	key := sha256.Sum256([]byte("access token " + APISecret))
	return tokens{clock: clock, key: key[:]}
}

// grant returns a token that is good for lifetime, and the Unix second of its end.
func (t tokens) grant(lifetime time.Duration) (token string, exp int64, err error) {
	now := t.clock.Now()
	said := claims{Company: company, IssuedAt: now.Unix(), Expires: now.Add(lifetime).Unix()}
	body, err := json.Marshal(said)
	content := encode([]byte(jwtHeader)) + "." + encode(body)
	return content + "." + t.seal(content), said.Expires, err
}

// good reports whether a token is ours and has not ended.
func (t tokens) good(token string) bool {
	end := strings.LastIndexByte(token, '.')
	if end < 0 || !same(token[end+1:], t.seal(token[:end])) {
		return false
	}
	_, body, _ := strings.Cut(token[:end], ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	var said claims
	return err == nil && json.Unmarshal(raw, &said) == nil && t.clock.Now().Unix() < said.Expires
}

// seal is what only we can put under a token.
func (t tokens) seal(content string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(content))
	return encode(mac.Sum(nil))
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// token serves POST /v1/auth, where every shape gets its tokens: Basic
// base64(api_key:api_secret), an empty body, and data.token with data.exp in answer.
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) {
	key, secret, isBasic := r.BasicAuth()
	switches := s.till.Board().Read()
	switch {
	case !isBasic:
		v1.refuse(w, invalid("Authorization"))
	case !rightEnvironment(r):
		v1.refuse(w, invalid("X-Environment"))
	case switches.KeysChanged || !same(key, APIKey) || !same(secret, APISecret):
		v1.refuse(w, wrongKeys)
	default:
		lifetime := tokenLifetime
		if switches.TokenLifetimeS > 0 {
			lifetime = time.Duration(switches.TokenLifetimeS) * time.Second
		}
		token, exp, err := s.tokens.grant(lifetime)
		if err != nil {
			s.refuse(w, v1, err)
			return
		}
		v1.found(w, "", struct {
			Token string `json:"token"`
			Exp   int64  `json:"exp"` // Unix seconds
		}{token, exp})
	}
}
