// Package taramoney calls Taramoney, an aggregator of Orange Money and MTN Mobile Money in
// Cameroon.
//
// It collects by a prompt on the customer's phone, and it pays into wallets. The prompt
// opens by itself or by the USSD code in the response. It has no cancellation, no refund
// call and no balance: a refund is a payout to the payer. SUCCESS in the response to an
// order means that Taramoney accepted it, not that anybody paid.
//
// No document describes a repeated productId. So a collection whose response was lost is
// never sent again: the customer may be looking at its prompt. Only its status is read.
// Taramoney sends each webhook once and does not repeat one that failed.
//
// There is no test system: only a simulator accepts play money.
//
// Wire facts come from the seed document "API Orange Money & MTN Money (Cameroun)" and what
// integrators saw in 2026. A comment names any other source. Where both are silent, a
// comment marks the fact "our reading".
package taramoney

import (
	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls one Taramoney business.
type adapter struct {
	*client.Client

	conf  config.Operator
	shape shape
}

// adapterWithStatus is an operator whose account may read the status of a payment.
type adapterWithStatus struct{ *adapter }

// New returns the operator of one Taramoney business. It reports every mistake of the
// configuration at once and makes no call.
//
// Credentials are api_key and business_id, which go into every request, and webhook_secret.
// Taramoney repeats the secret in every webhook; without it webhooks are not proven.
// BaseURL includes the path /api/tara. Shape is "" for collections by /cmmobile, as in the
// seed document, or "mobilepay" for their successor.
//
// An account that may not read a status (NoStatus) gets an operator without that method.
// Its webhooks are then the only source of results, and webhook_secret is mandatory.
func New(conf config.Operator, _ pirogue.Clock) (operator.Operator, error) {
	c, err := client.New(&spec, conf, nil, checkConfig(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Client: c, conf: conf, shape: shapes[conf.Shape]}
	o.Limits.Network, o.Secrets = conf.Network, o.secrets
	if conf.NoStatus {
		return o, nil
	}
	return adapterWithStatus{o}, nil
}

// Capability implements operator.Operator. Taramoney does not state how long a prompt stays
// open, so the window is the instance's.
func (o *adapter) Capability() operator.Capability {
	c := o.Client.Capability()
	c.Window = o.conf.Window.Or(config.DefaultWindow)
	if o.conf.NoStatus {
		c.Reference = operator.NeitherByReference
	}
	return c
}

// secrets returns the values that no stored text of Taramoney may contain.
func (o *adapter) secrets() []string {
	return []string{o.conf.Credentials[credAPIKey], o.conf.Credentials[credWebhookSecret]}
}
