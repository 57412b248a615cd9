// Package vault keeps what must stay unread: API secrets, telephone numbers,
// operator tokens and Temporal payloads. It seals with AES-256-GCM under a ring of
// named keys and derives a key of its own for every purpose, so a value sealed for
// one column does not open in another.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"pirogue"
)

// keySize is the length of a key of the ring, in bytes.
const keySize = 32

// Purpose names what a value is for. It is bound into the sealed text.
type Purpose string

// Ring is a set of keys by name. The first seals; all open.
type Ring struct {
	current string // seals
	oldest  string // digests, so that a rotation does not change them
	keys    map[string][]byte
}

// ParseRing reads a ring written as "name:hex64[,name:hex64…]", the current key
// first and the oldest last. Names are letters, digits and dashes.
func ParseRing(text string) (*Ring, error) {
	ring := &Ring{keys: map[string][]byte{}}
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		name, encoded, ok := strings.Cut(strings.TrimSpace(part), ":")
		key, err := hex.DecodeString(encoded)
		if !ok || name == "" || strings.ContainsAny(name, ". ") || err != nil || len(key) != keySize {
			return nil, pirogue.Errorf(pirogue.Internal, "a key must read name:64 hex characters")
		}
		if ring.current == "" {
			ring.current = name
		}
		if _, twice := ring.keys[name]; twice {
			return nil, pirogue.Errorf(pirogue.Internal, "key %q is in the ring twice", name)
		}
		ring.keys[name], ring.oldest = key, name
	}
	return ring, nil
}

// NewRing returns the text of a ring of one random key, for ParseRing.
func NewRing(name string) string {
	key := make([]byte, keySize)
	rand.Read(key)
	return name + ":" + hex.EncodeToString(key)
}

// Seal encrypts plain for one purpose. The result reads "key-name.base64".
func (r *Ring) Seal(p Purpose, plain []byte) (string, error) {
	aead, err := r.aead(r.current, p)
	if err != nil {
		return "", err
	}
	sealed := aead.Seal(nil, nil, plain, []byte(p)) //nolint:gosec // this cipher draws its own nonce
	return r.current + "." + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned for the same purpose. A key that is not in the
// ring, another purpose or a changed byte is an Internal error.
func (r *Ring) Open(p Purpose, sealed string) ([]byte, error) {
	name, encoded, _ := strings.Cut(sealed, ".")
	aead, err := r.aead(name, p)
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, pirogue.Errorf(pirogue.Internal, "sealed %s is not base64: %w", p, err)
	}
	plain, err := aead.Open(nil, nil, raw, []byte(p))
	if err != nil {
		return nil, pirogue.Errorf(pirogue.Internal, "sealed %s does not open: %w", p, err)
	}
	return plain, nil
}

// Has reports whether the ring can open what was sealed under this key name.
func (r *Ring) Has(name string) bool { return r.keys[name] != nil }

// Digest returns a keyed digest of value for one purpose, in hex: the same value
// gives the same digest, and nobody without the ring can compute it. It uses the
// ring's oldest key, so that adding a current key does not change it.
func (r *Ring) Digest(p Purpose, value string) string { return hex.EncodeToString(r.mac(p, value)) }

// Token returns a 256-bit token for value, in base64url (43 characters). It is not
// stored: it can be made again from the ring.
func (r *Ring) Token(p Purpose, value string) string {
	return base64.RawURLEncoding.EncodeToString(r.mac(p, value))
}

func (r *Ring) mac(p Purpose, value string) []byte {
	mac := hmac.New(sha256.New, r.derive(r.oldest, p))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// aead returns the cipher of one key and purpose.
func (r *Ring) aead(name string, p Purpose) (cipher.AEAD, error) {
	if !r.Has(name) {
		return nil, pirogue.Errorf(pirogue.Internal, "key %q is not in the ring", name)
	}
	block, err := aes.NewCipher(r.derive(name, p))
	if err != nil {
		return nil, fmt.Errorf("derive key for %s: %w", p, err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// derive returns the key that the named key has for one purpose. HKDF fails only
// when asked for more than 8,160 bytes.
func (r *Ring) derive(name string, p Purpose) []byte {
	key, err := hkdf.Key(sha256.New, r.keys[name], nil, "pirogue/"+string(p), keySize)
	if err != nil {
		panic(err)
	}
	return key
}
