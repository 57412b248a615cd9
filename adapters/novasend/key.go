package novasend

import (
	"crypto/sha1" //nolint:gosec // RFC 9562 makes version 5 of it; nothing is kept secret by it
	"encoding/hex"
	"strings"

	"pirogue"
)

// purposes separates the keys of two writes with one reference. Both ways to collect share
// a purpose. A collection sent again by the other way must meet a conflict, not be
// collected twice.
var purposes = map[pirogue.PaymentKind]string{
	pirogue.CashIn: "payin", pirogue.CashOut: "payout", pirogue.Refund: "refund",
}

// namespace is the UUID namespace for names that are URLs, RFC 9562 section 6.6.
var namespace = [...]byte{
	0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
}

// idempotencyKey returns the X-Idempotency-Key of a write: a UUID, version 5. It derives
// from the purpose and our reference alone. So it is the same whenever and wherever the
// write is repeated.
func idempotencyKey(kind pirogue.PaymentKind, ref pirogue.OperatorRef) string {
	name := "urn:pirogue:novasend:" + purposes[kind] + ":" + string(ref)
	sum := sha1.Sum(append(namespace[:], name...)) //nolint:gosec // see the import
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	digits := hex.EncodeToString(id)
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}
