// Package ids generates every identifier of Pirogue. No other package draws randomness for
// an identifier.
package ids

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"

	"github.com/google/uuid"

	"pirogue"
)

// crockford is the alphabet of operator references. It has no letter that a person can
// mistake for a digit.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const (
	refEntropy    = 11 // bytes: 18 characters of Crockford base32, 88 bits
	secretEntropy = 32 // bytes: 64 hex characters
	keyEntropy    = 12 // bytes: 24 hex characters
	shortEntropy  = 10 // bytes: 20 hex characters
)

// New returns a UUIDv7 in lower case. UUIDv7 values sort by the time of their creation.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Payment returns a payment ID: a UUIDv7.
func Payment() pirogue.PaymentID { return pirogue.PaymentID(New()) }

// Reference returns an operator reference of 20 characters: "CI", "CO" or "RF" for the
// kind, then 18 random ones. Its 88 random bits make a collision with another reference
// unlikely.
func Reference(k pirogue.PaymentKind) pirogue.OperatorRef {
	prefix := map[pirogue.PaymentKind]string{pirogue.CashIn: "CI", pirogue.CashOut: "CO", pirogue.Refund: "RF"}[k]
	return pirogue.OperatorRef(prefix + crockford.EncodeToString(random(refEntropy)))
}

// FirstAttempt returns the attempt that is stored with a new payment, before any byte leaves for its
// operator. The payment has its ID, kind, operator and times already.
func FirstAttempt(p pirogue.Payment) pirogue.Attempt {
	return pirogue.Attempt{
		ID: pirogue.AttemptID(New()), PaymentID: p.ID, Number: 1, Operator: p.Operator,
		Ref: Reference(p.Kind), State: pirogue.AttemptPrepared, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}

// Key returns a public API key: "nk_test_" or "nk_live_", then 24 hex characters.
func Key(m pirogue.Mode) string {
	return "nk_" + string(m) + "_" + hex.EncodeToString(random(keyEntropy))
}

// Secret returns an API secret: 64 random hex characters, 256 bits.
func Secret() string { return hex.EncodeToString(random(secretEntropy)) }

// Request returns the ID of one HTTP request: "req_", then 20 hex characters.
func Request() string { return "req_" + hex.EncodeToString(random(shortEntropy)) }

// random returns n random bytes. It returns no error: crypto/rand.Read ends the program if
// it fails.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
