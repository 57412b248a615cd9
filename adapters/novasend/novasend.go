// Package novasend calls the merchant API of Novasend, an aggregator of West and Central
// African wallets. One instance serves one country.
//
// It collects by a session that the customer confirms on Novasend's page. Or it collects
// directly: by a push to the phone, or in one step with the customer's one-time password.
// It pays into wallets, and it refunds a whole payment once.
//
// Every write carries an X-Idempotency-Key. Novasend documents that a repeated key executes
// nothing and returns the first response. The key derives from our reference alone, so that
// an order whose response was lost may be sent again unchanged.
//
// A session that is "processed" was only confirmed by its customer. The status of its
// transaction tells whether money moved. A failure is not final. Novasend asks the networks
// again. Within 48 hours it may turn a failed payment of a debited customer into a success.
//
// Wire facts come from Novasend's pages in two generations: the seed document "Paiement
// (Payin)" and docs.novasend.app of 2026. A comment names any other source. Where both are
// silent, a comment marks the fact "our reading".
package novasend

import (
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls one Novasend account in one country.
type adapter struct {
	*client.Client

	conf config.Operator
	auth string // the Authorization header
}

// New returns the operator of one Novasend account in one country. It reports every mistake
// of the configuration at once and makes no call.
//
// Credentials are api_key, api_client, webhook_secret and account_id. We chose
// webhook_secret for the webhook in Novasend's portal. Only the seed's shape has
// account_id.
//
// Shape is "" for the seed's sessions and payouts, or "current" for the same in the shape
// of 2026. It is "direct" for pushes to a named network, in CI and CM only. Responses of
// either generation are read in every shape. A call may take conf's time-out, or 30 seconds
// without one.
//
// Besides the methods of package operator, the operator has CallbackReference.
func New(conf config.Operator, _ pirogue.Clock) (operator.Operator, error) {
	auth := client.BasicAuth(conf.Credentials[credAPIKey], conf.Credentials[credAPIClient])
	conf.Timeout = config.Duration(conf.Timeout.Or(defaultTimeout))
	c, err := client.New(&spec, conf, map[string]string{"Authorization": auth, "Accept-Language": language},
		checkConfig(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Client: c, conf: conf, auth: auth}
	o.Limits, o.Secrets = submissionLimits(conf), o.secrets
	return o, nil
}

// secrets returns the values that no stored text of Novasend may contain.
func (o *adapter) secrets() []string {
	all := []string{strings.TrimPrefix(o.auth, "Basic ")}
	for _, name := range []string{credAPIKey, credAPIClient, credWebhookSecret} {
		all = append(all, o.conf.Credentials[name])
	}
	return all
}
