package pirogue

import (
	"net/netip"
	"time"
)

// MerchantID identifies a merchant: a UUIDv7.
type MerchantID string

// Merchant is a customer of Pirogue: a business that collects and pays through it.
type Merchant struct {
	ID         MerchantID
	Name       string // as the customer reads it on the operator's page
	Suspended  bool
	AskFirst   bool   // the service is in ask-first mode and sends nothing; filled only where the caller asks for it
	NotifyURL  string // address of webhooks unless the payment names another
	LatePolicy LatePolicy
	CreatedAt  time.Time
}

// LatePolicy decides on money that arrives after a payment ended.
type LatePolicy string

// The late policies.
const (
	LateReturn LatePolicy = "return" // give it back to the payer
	LateAccept LatePolicy = "accept" // EXPIRED becomes SUCCESS, with a webhook
)

// APIKey is one pair of credentials of a merchant. Secrets holds one secret or, during a rotation,
// two: each verifies requests. The first signs webhooks.
type APIKey struct {
	Public     string // nk_test_… or nk_live_…
	MerchantID MerchantID
	Mode       Mode
	Secrets    []Secret
	AllowedIPs []netip.Prefix // empty: any address
	RevokedAt  time.Time      // zero: in force
	CreatedAt  time.Time
}

// Secret is an API secret: 64 hex characters, used as its ASCII text.
type Secret struct {
	Text      string
	ExpiresAt time.Time // zero: no end
}

// RotationOverlap limits how long an old secret still verifies requests after a rotation.
const RotationOverlap = 24 * time.Hour

// Settlement is a transfer of a merchant's money to its bank, outside of any operator.
type Settlement struct {
	ID         string // unique for ever: the bank's reference, or one made by support
	MerchantID MerchantID
	Mode       Mode
	Country    CountryCode
	Amount     Money
	Note       string
	PaidAt     time.Time
}
