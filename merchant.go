package pirogue

import (
	"net/netip"
	"time"
)

// MerchantID identifies a merchant: a UUIDv7.
type MerchantID string

// Merchant is who Pirogue works for.
type Merchant struct {
	ID         MerchantID
	Name       string // as the customer reads it on the operator's page
	Suspended  bool
	AskFirst   bool   // nothing of anybody is sent: see AskFirst; only where it was asked for
	NotifyURL  string // where webhooks go unless the payment says otherwise
	LatePolicy LatePolicy
	CreatedAt  time.Time
}

// LatePolicy says what becomes of money that arrives after a payment ended.
type LatePolicy string

// The late policies.
const (
	LateReturn LatePolicy = "return" // give it back to the payer
	LateAccept LatePolicy = "accept" // EXPIRED becomes SUCCESS, with a webhook
)

// Key is one pair of credentials of a merchant. Secrets holds the one or, during a
// rotation, two that verify a request; webhooks are signed with the first.
type Key struct {
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

// RotationOverlap is how long an old secret still verifies after a rotation, at most.
const RotationOverlap = 24 * time.Hour

// Payout is a merchant's money sent to its bank, outside of any operator.
type Payout struct {
	ID         string // unique for ever: the bank's reference, or one made by support
	MerchantID MerchantID
	Mode       Mode
	Country    CountryCode
	Amount     Money
	Note       string
	PaidAt     time.Time
}
