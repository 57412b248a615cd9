package pirogue

import (
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
