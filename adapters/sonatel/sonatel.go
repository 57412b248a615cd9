// Package sonatel speaks to the Orange Money API of Orange Sonatel, in Senegal.
//
// It collects by a QR code that the customer scans or opens in an app, or in one
// step when the customer brings a one-time password. It pays into wallets from a
// retailer's float by what Orange calls Cash In, one by one or in bulk. There is no
// refund and no cancellation: a refund is a deposit into the payer's wallet.
//
// A QR nobody has paid is invisible to Orange's search, so that finding nothing is
// how a pending collection looks. Nothing proves that Orange refuses a reference it
// has seen before: a deposit whose answer was lost is looked for, never sent again.
//
// Deposits and the balance need the retailer's PIN, which leaves encrypted and only
// as ciphertext. Three wrong PINs block the retailer's wallet with all its float.
// Until Orange has accepted the PIN once, one call at a time carries it; after a
// wrong one no call does, until the process starts again. The memory is the
// process's own: with two workers a wrong PIN is tried twice, and a restart without
// a corrected PIN is one more try.
//
// Wire facts come from the seed document "Cash In - OM", Sonatel's Spring Boot
// starter and what integrators saw in production in 2026, unless a comment says
// otherwise.
package sonatel

import (
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// What Orange promises about time and amounts.
const (
	maxValidity = 24 * time.Hour // of a QR
	horizon     = 24 * time.Hour // a final status is promised within it
	minCollect  = 10             // francs; the specification says 1, the MAX IT app refuses less than 10
)

type operator struct {
	outbound.Line

	conf   config.Operator
	clock  pirogue.Clock
	tokens *outbound.Tokens
	keys   *keyRing
	pin    *pinLock

	endpoint []string // its secrets, for callback signatures; none turns their check off
}

// New returns the operator of one Orange Money account. It reports every mistake of
// the configuration at once and calls nobody.
//
// Credentials are client_id, client_secret, msisdn and pin of the retailer who pays
// out, merchant_code and merchant_name of the merchant who collects, and
// callback_key, which Orange repeats in every callback. Optional are api_key, which
// some contracts ask for; callback_secrets, the endpoint's signature secrets
// separated by commas; and token_path, where the token is not at its usual place.
//
// Beside what package pirogue calls, the operator has BulkLines,
// ChangePIN, RegisterCallback, RegisteredCallbacks, CallbackReference,
// CallbackKey and SIMCards.
func New(conf config.Operator, clock pirogue.Clock) (pirogue.Operator, error) {
	line, err := guide.Open(conf, nil, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &operator{
		Line: line, conf: conf, clock: clock,
		pin: newPINLock(conf.Credentials[credPIN]), endpoint: secretsOf(conf),
	}
	o.Terms, o.Sender, o.Secrets = termsOf(conf), o, o.secrets
	o.tokens = outbound.NewTokens(line.Client, clock, o.fetchToken)
	o.keys = newKeyRing(o.fetchKey)
	return o, nil
}

// promises is what Orange can be held to, without a signature. A lost QR is asked for again
// under its reference: nobody has seen the first one, and each can be paid once. A one-step
// payment is not, for its password is spent; nor is a deposit. Absence proves nothing, for
// Orange does not say that its search is whole.
var promises = pirogue.Capability{
	Reference: pirogue.StatusByReference,
	Unheard:   pirogue.RepeatSame,
	Window:    maxValidity,
	Horizon:   horizon,
	Proof:     pirogue.ProofToken,
}

// Capability implements pirogue.Operator.
func (o *operator) Capability() pirogue.Capability {
	c := o.Line.Capability()
	if len(o.endpoint) > 0 {
		c.Proof = pirogue.ProofSignature
	}
	return c
}
