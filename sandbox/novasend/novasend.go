// Package novasend simulates Novasend's merchant API over HTTP. It serves payment sessions
// and direct collections, payouts by wallet and by named operator, refunds, status calls
// and the balance. It sends the signed webhooks and has the hosted page on which a customer
// accepts or declines.
//
// It is written from the wire facts of Novasend's documents, and knows nothing of Pirogue's
// adapter. It keeps its own book of executed payments, so that Pirogue's books can be
// compared with an independent one.
//
// Two generations of the document are in use, and the shape of a call decides which one
// answers. With accountId it is the older one, in which reference is Novasend's identifier
// and customerReference the merchant's. Without, it is the current one, with id and
// reference. Where the documents are silent, a comment marks the fact "our reading".
//
// The last six digits of the customer's number decide the course of an order. A status call
// finds it by Novasend's identifier. If the response with that was lost, the merchant's
// reference finds it.
package novasend

import (
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// The credentials that the sandbox accepts by default. None of them is secret. A key and an
// account end with their country in lower case: sandbox-key-ci.
const (
	APIKeyPrefix  = "sandbox-key-"
	APIClient     = "sandbox-client"
	AccountPrefix = "sandbox-account-"
	WebhookSecret = "sandbox-webhook-secret"
	OTP           = "123456" // of every customer of Orange, who gets it with #144*82#
)

// sessionWindow is the time that a customer has to confirm; our reading.
const sessionWindow = 10 * time.Minute

// The switches that only this operator has.
const (
	escapedSlashes     = "escaped_slashes"
	signsReserialised  = "signs_reserialised"
	processedButFailed = "processed_but_failed"
)

// quirks holds the effect of each of them.
var quirks = map[string]string{
	escapedSlashes: `Webhooks are sent with every slash as \/, as PHP writes JSON, and signed as they are sent.`,
	signsReserialised: "Webhooks are sent indented, and the signature is that of the compact JSON with plain slashes, " +
		"which the documented check re-serialises.",
	processedButFailed: "A declined order has the status processed, and only its transaction says failed; " +
		"without the switch its status is failed.",
}

// Simulator simulates Novasend. Make it with New.
type Simulator struct {
	engine.Engine

	accounts map[string]Account // by API key

	mu      sync.Mutex               // allows one write at a time, so that a key opens one order
	refunds map[string]string        // the latest refund of each payin
	refused map[string]storedRefusal // the refusals by key

	hookMu sync.Mutex
	hooks  map[string]accountWebhook // by account ID
}

// New starts a simulator with the merchant's accounts. The default is one for each of CI,
// TG, BF, BJ and CM, with the constants of this package. With a journal it restores every
// order, and anything that fell due meanwhile happens at once.
func New(o engine.Config, accounts ...Account) (*Simulator, error) {
	opened, err := accountsByKey(accounts)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		accounts: opened, refunds: map[string]string{}, refused: map[string]storedRefusal{},
		hooks: map[string]accountWebhook{},
	}
	for _, a := range opened {
		s.hooks[a.ID] = accountWebhook{secret: a.Secret}
	}
	o.Lapse, o.Quirks, o.Refusals, o.Callback = sessionWindow, quirks, refusals, s.webhook
	if err := s.Start(o); err != nil {
		return nil, err
	}
	for _, o := range s.Orders() {
		if o.Parent != "" {
			s.refunds[o.Parent] = o.ID
		}
	}
	return s, nil
}
