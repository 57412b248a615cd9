package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Tokens issues and reads access tokens. A token is signed and holds its own expiry. So
// tokens survive a restart and use no memory.
type Tokens struct{ key []byte }

// NewTokens returns the tokens of an operator with a secret of its own.
func NewTokens(secret string) Tokens {
	key := sha256.Sum256([]byte("access token " + secret))
	return Tokens{key[:]}
}

// Seal returns the signature of a content, which needs the secret.
func (t Tokens) Seal(content []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(content)
	return mac.Sum(nil)
}

// JWT encodes claims as a JWT under HS256.
func (t Tokens) JWT(claims any) (string, error) {
	body, err := json.Marshal(claims)
	content := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(body)
	return content + "." + encode(t.Seal([]byte(content))), err
}

// Read decodes the claims of a JWT. It returns false if the signature is not ours.
func (t Tokens) Read(token string, claims any) bool {
	end := strings.LastIndexByte(token, '.')
	if end < 0 || !SameSecret(token[end+1:], encode(t.Seal([]byte(token[:end])))) {
		return false
	}
	_, body, _ := strings.Cut(token[:end], ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	return err == nil && json.Unmarshal(raw, claims) == nil
}

// encode returns base64url without padding, as JWTs use it.
func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
