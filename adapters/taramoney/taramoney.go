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
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// refusalSpan is the time for which Taramoney must not know a refused payout. That its
// status is readable at all is our reading. Taramoney may have a payout that it does not
// find.
const refusalSpan = time.Hour

// adapter calls one Taramoney business.
type adapter struct {
	outbound.Connection

	conf  config.Operator
	shape shape
}

// asking is an operator whose account may read the status of a payment.
type asking struct{ *adapter }

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
	line, err := guide.Open(conf, nil, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Connection: line, conf: conf, shape: shapes[conf.Shape]}
	o.Limits.Network, o.Secrets = conf.Network, o.secrets
	if conf.NoStatus {
		return o, nil
	}
	return asking{o}, nil
}

// promises is Taramoney's capability for an account that may read a status. Absence proves
// nothing. Taramoney answers ERROR for a payment that it cannot find, and no document
// states that its search is complete.
var promises = operator.Capability{
	Reference:      operator.StatusByReference,
	OnLostResponse: operator.ResendNever,
	Proof:          operator.ProofNone,
	RefusalSpan:    refusalSpan,
}

// Capability implements pirogue.Operator. Taramoney does not state how long a prompt stays
// open, so the window is the instance's.
func (o *adapter) Capability() operator.Capability {
	c := o.Connection.Capability()
	c.Window = o.conf.Window.Or(config.DefaultWindow)
	if o.conf.NoStatus {
		c.Reference = operator.NeitherByReference
	}
	return c
}
