package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
)

// EqualSecret compares a value of a callback with a secret in constant time, so that the time
// reveals nothing. It returns false for an empty secret.
func EqualSecret(value, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(value), []byte(secret)) == 1
}

// SignHMAC returns the HMAC-SHA256 of a text in lower-case hexadecimal.
func SignHMAC(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// IsPageURL reports whether a customer may be sent to an address: https, or http of a
// simulator.
func IsPageURL(address string, simulator bool) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && simulator))
}
