// Package ids makes every identifier Pirogue gives out. It is the only place that
// draws randomness for one.
package ids

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"

	"github.com/google/uuid"

	"pirogue"
)

// crockford is the alphabet of operator references: no letter that a person could
// take for a digit.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const (
	refEntropy    = 11 // bytes: 18 characters of Crockford base32, 88 bits
	secretEntropy = 32 // bytes: 64 hex characters
	keyEntropy    = 12 // bytes: 24 hex characters
	shortEntropy  = 10 // bytes: 20 hex characters
)

// New returns a UUIDv7 in lower case: it sorts by the moment it was made.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Payment returns the ID of a payment.
func Payment() pirogue.PaymentID { return pirogue.PaymentID(New()) }

// Reference returns an operator reference of 20 characters, such as "CI" for a
// cash-in followed by 18 random ones.
func Reference(k pirogue.Kind) pirogue.OperatorRef {
	prefix := map[pirogue.Kind]string{pirogue.CashIn: "CI", pirogue.CashOut: "CO", pirogue.Refund: "RF"}[k]
	return pirogue.OperatorRef(prefix + crockford.EncodeToString(random(refEntropy)))
}

// Key returns a public API key, such as "nk_test_" and 24 hex characters.
func Key(m pirogue.Mode) string {
	return "nk_" + string(m) + "_" + hex.EncodeToString(random(keyEntropy))
}

// Secret returns an API secret of 64 hex characters, 256 bits.
func Secret() string { return hex.EncodeToString(random(secretEntropy)) }

// Request returns the ID of one HTTP request, such as "req_" and 20 hex characters.
func Request() string { return "req_" + hex.EncodeToString(random(shortEntropy)) }

// random returns n bytes. crypto/rand.Read never fails: it ends the program first.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
