// Package vault encrypts secrets at rest: API secrets, telephone numbers, operator tokens
// and Temporal payloads.
//
// It seals with AES-256-GCM under a ring of named keys. Each purpose has a derived key of
// its own. So a value sealed for one column does not open in another.
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

// keySize is the length in bytes of a key of the ring: 256 bits, as AES-256 needs.
const keySize = 32

// Purpose names the use of a value, such as one column. The sealed text opens only under
// the same purpose.
type Purpose string

// Ring holds keys by name. The first key seals; every key opens.
type Ring struct {
	current string // seals
	oldest  string // digests, so that a rotation does not change them
	keys    map[string][]byte
}

// ParseRing reads a ring written as "name:hex64[,name:hex64…]", the current key first and
// the oldest last. Names consist of letters, digits and dashes. It returns an error for a
// malformed ring.
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

// NewRing returns the text of a ring with one random key, in the form that ParseRing reads.
func NewRing(name string) string {
	key := make([]byte, keySize)
	rand.Read(key)
	return name + ":" + hex.EncodeToString(key)
}

// Seal encrypts plain for one purpose under the current key. The result reads
// "key-name.base64".
func (r *Ring) Seal(p Purpose, plain []byte) (string, error) {
	aead, err := r.aead(r.current, p)
	if err != nil {
		return "", err
	}
	sealed := aead.Seal(nil, nil, plain, []byte(p)) //nolint:gosec // this cipher draws its own nonce
	return r.current + "." + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open decrypts a result of Seal for the same purpose. It returns an Internal error if the
// ring lacks the key, the purpose differs or a byte changed.
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

// Has reports whether the ring holds a key of this name, so that it can open values sealed
// under it.
func (r *Ring) Has(name string) bool { return r.keys[name] != nil }

// Digest returns a keyed digest of value for one purpose, in hex. Equal values have equal
// digests, and nobody can compute one without the ring. It uses the ring's oldest key: a
// rotation adds a current key and changes no digest.
func (r *Ring) Digest(p Purpose, value string) string { return hex.EncodeToString(r.mac(p, value)) }

// Token returns a 256-bit token for value, in base64url (43 characters). Nobody needs to
// store it: the same ring and value give the same token.
func (r *Ring) Token(p Purpose, value string) string {
	return base64.RawURLEncoding.EncodeToString(r.mac(p, value))
}

// mac returns HMAC-SHA256 of value under the oldest key's derivation for one purpose.
func (r *Ring) mac(p Purpose, value string) []byte {
	mac := hmac.New(sha256.New, r.derive(r.oldest, p))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// aead returns the cipher of one key and purpose. It returns an Internal error if the ring
// lacks the key.
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

// derive returns the named key's derived key for one purpose. HKDF fails only for more than
// 8,160 bytes, so the panic is unreachable.
func (r *Ring) derive(name string, p Purpose) []byte {
	key, err := hkdf.Key(sha256.New, r.keys[name], nil, "pirogue/"+string(p), keySize)
	if err != nil {
		panic(err)
	}
	return key
}
