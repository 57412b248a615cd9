// Package sonatel calls the Orange Money API of Orange Sonatel, in Senegal.
//
// It collects by a QR code that the customer scans or opens in an app. With the customer's
// one-time password it collects in one step. It pays into wallets from a retailer's float
// by Orange's Cash In, one by one or in bulk. It has no refund and no cancellation: a
// refund is a deposit into the payer's wallet.
//
// Orange's search does not list a QR before it is paid, so an empty result means a pending
// collection. Nothing proves that Orange refuses a repeated reference. A deposit whose
// response was lost is searched, never sent again.
//
// Deposits and the balance need the retailer's PIN, which leaves only encrypted. Three
// wrong PINs block the retailer's wallet with all its float. Until Orange has accepted the
// PIN once, one call at a time carries it. After a wrong PIN no call does, until the
// process restarts. Each process remembers this by itself, so two workers try a wrong PIN
// twice. A restart without a corrected PIN is one more try.
//
// Wire facts come from the seed document "Cash In - OM" and Sonatel's Spring Boot starter.
// Others are those that integrators saw in production in 2026. A comment names any other
// source.
package sonatel

import (
	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls one Orange Money account. Its parts have the methods of their subjects.
type adapter struct {
	*account
	*retailer
	*history

	clock    pirogue.Clock
	endpoint []string // the endpoint's secrets for callback signatures; without any, signatures are not checked
}

// New returns the operator of one Orange Money account. It reports every mistake of the
// configuration at once and makes no call.
//
// Mandatory credentials are client_id and client_secret. The retailer who pays out has
// msisdn and pin; the merchant who collects has merchant_code and merchant_name. Mandatory
// is also callback_key, which Orange repeats in every callback. Optional are api_key, which
// some contracts require, and callback_secrets, the endpoint's signature secrets separated
// by commas. So is token_path, for a token that is not at its usual place.
//
// Besides the methods of package operator, the operator has CallbackReference, ChangePIN and
// TestNumbers.
func New(conf config.Operator, clock pirogue.Clock) (operator.Operator, error) {
	c, err := client.New(&spec, conf, nil, checkConfig(conf)...)
	if err != nil {
		return nil, err
	}
	a := &account{Client: c, conf: conf}
	r := &retailer{account: a, pin: newPINLock(conf.Credentials[credPIN])}
	r.keys = newKeyRing(r.fetchKey)
	a.Limits, a.Secrets = submissionLimits(conf), r.secrets
	a.UseTokens(clock, a.fetchToken)
	o := &adapter{
		account: a, retailer: r, history: &history{a}, clock: clock, endpoint: endpointSecrets(conf),
	}
	return o, nil
}

// Capability implements operator.Operator. With the endpoint's secrets, callbacks are proven
// by a signature.
func (o *adapter) Capability() operator.Capability {
	c := o.Client.Capability()
	if len(o.endpoint) > 0 {
		c.Proof = operator.ProofSignature
	}
	return c
}

// account writes requests and reads responses with the configuration of one account.
type account struct {
	*client.Client

	conf config.Operator
}

// retailer makes the calls that carry the retailer's PIN.
type retailer struct {
	*account

	keys *keyRing
	pin  *pinLock
}

// history reads the account's transactions.
type history struct{ *account }

// secrets returns the values that no stored text of Orange may contain.
func (r *retailer) secrets() []string {
	return []string{
		r.conf.Credentials[credClientSecret], r.conf.Credentials[credAPIKey], r.conf.Credentials[credCallbackKey],
		r.pin.current(),
	}
}
