// Package novasend speaks to the merchant API of Novasend, an aggregator of West
// and Central African wallets. One instance serves one country.
//
// It collects by a session that the customer confirms on Novasend's page, or
// directly: by a push to the phone, or in one step when the customer brings a
// one-time password. It pays into wallets, and gives a whole payment back once.
//
// Every write carries an X-Idempotency-Key, and Novasend documents that a repeated
// key executes nothing and gets the first answer. The key is made from our reference
// alone, so that an order whose answer was lost may be sent again as it was.
//
// A session that is "processed" was confirmed by its customer and no more: the
// status of the transaction in it says whether money moved. And a failure is not the
// end: Novasend asks the networks again and may turn a failed payment of a customer
// who was debited into a success, within 48 hours.
//
// Wire facts come from Novasend's pages in two generations, the seed document
// "Paiement (Payin)" and docs.novasend.app of 2026, unless a comment says otherwise.
// Where both are silent, a comment says "our reading".
package novasend

import (
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// What Novasend says about time.
const (
	defaultTimeout = 30 * time.Second // of one call, as Novasend recommends
	horizon        = 48 * time.Hour   // until then a failed payin may turn into a success
)

// promises is what Novasend can be held to. It does not say how long it waits for a
// customer, nor that a reference it does not know was never executed.
var promises = pirogue.Capability{
	Reference:    pirogue.IdempotentByReference,
	Unheard:      pirogue.RepeatSame,
	Horizon:      horizon,
	Proof:        pirogue.ProofSignature,
	WholeRefunds: true,
}

type operator struct {
	outbound.Line

	conf config.Operator
	auth string // the Authorization header
}

// New returns the operator of one Novasend account in one country. It reports every
// mistake of the configuration at once and calls nobody.
//
// Credentials are api_key and api_client, webhook_secret, which we chose for the
// webhook in Novasend's portal, and account_id, which only the seed's shape has.
//
// Shape is "" for the seed's sessions and payouts, "current" for the same in the
// shape of 2026, or "direct" for pushes to a named network, in CI and CM alone.
// Answers of either generation are read whatever the shape. A call may take conf's
// time-out, 30 seconds when it has none.
//
// Beside what package pirogue calls, the operator has CallbackReference.
func New(conf config.Operator, _ pirogue.Clock) (pirogue.Operator, error) {
	auth := outbound.Basic(conf.Credentials[credAPIKey], conf.Credentials[credAPIClient])
	conf.Timeout = config.Duration(conf.Timeout.Or(defaultTimeout))
	line, err := guide.Open(conf, map[string]string{"Authorization": auth, "Accept-Language": language}, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &operator{Line: line, conf: conf, auth: auth}
	o.Terms, o.Secrets = termsOf(conf), o.secrets
	return o, nil
}
