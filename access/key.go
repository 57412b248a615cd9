package access

import (
	"net/netip"
	"time"

	"pirogue"
)

// APIKey is one pair of credentials of a merchant. Secrets holds one secret or, during a rotation,
// two: each verifies requests. The first signs webhooks.
type APIKey struct {
	Public     string // nk_test_… or nk_live_…
	MerchantID pirogue.MerchantID
	Mode       pirogue.Mode
	Secrets    []Secret
	AllowedIPs []netip.Prefix // empty: any address
	RevokedAt  time.Time      // zero: in force
	CreatedAt  time.Time
	Version    string // opaque; another one after each change of the secrets
}

// Secret is an API secret: 64 hex characters, used as its ASCII text.
type Secret struct {
	Text      string
	ExpiresAt time.Time // zero: no end
}

// RotationOverlap limits how long an old secret still verifies requests after a rotation.
const RotationOverlap = 24 * time.Hour

// Owner is the merchant and the mode on whose behalf a request acts. Every read or write for a
// merchant stays inside one Owner.
type Owner struct {
	MerchantID pirogue.MerchantID
	Mode       pirogue.Mode
}
