// Package taramoney speaks to Taramoney, an aggregator of Orange Money and MTN
// Mobile Money in Cameroon.
//
// It collects by a prompt on the customer's phone, which opens by itself or by the
// USSD code of the answer, and pays into wallets. There is no cancellation, no refund
// call and no balance: a refund is a payout to the payer. SUCCESS in the answer to an
// order means that Taramoney took it, not that anybody paid.
//
// Nothing is said of a repeated productId, so a collection whose answer was lost is
// asked for, never sent again: the customer may be looking at its prompt. Taramoney
// sends each webhook once and does not repeat one that failed.
//
// There is no test system: only a simulator can be called with play money.
//
// Wire facts come from the seed document "API Orange Money & MTN Money (Cameroun)"
// and what integrators saw in 2026, unless a comment says otherwise. Where both are
// silent a comment says "our reading".
package taramoney

import (
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// refusalSpan is how long a refused payout must not be known: that one can be asked for is
// our reading, and what Taramoney does not find it may have all the same.
const refusalSpan = time.Hour

type operator struct {
	outbound.Line

	conf  config.Operator
	shape shape
}

// asking is an operator whose account may ask for the status of a payment.
type asking struct{ *operator }

// New returns the operator of one Taramoney business. It reports every mistake of the
// configuration at once and calls nobody.
//
// Credentials are api_key and business_id, which go into every request, and
// webhook_secret, which Taramoney repeats in every webhook: without it webhooks are
// not proven. BaseURL includes the path /api/tara. Shape is "" for collections by
// /cmmobile, as in the seed document, or "mobilepay" for their successor.
//
// An account that may not ask for a status (NoStatus) has an operator without the
// method: its webhooks are the only truth, and webhook_secret is mandatory.
func New(conf config.Operator, _ pirogue.Clock) (pirogue.Operator, error) {
	line, err := guide.Open(conf, nil, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &operator{Line: line, conf: conf, shape: shapes[conf.Shape]}
	o.Terms.Network, o.Secrets = conf.Network, o.secrets
	if conf.NoStatus {
		return o, nil
	}
	return asking{o}, nil
}

// promises is what Taramoney can be held to, of an account that may ask. Absence proves
// nothing: a payment it cannot find is one it answers ERROR for, and nobody says that its
// search is whole.
var promises = pirogue.Capability{
	Reference:   pirogue.StatusByReference,
	Unheard:     pirogue.RepeatNever,
	Proof:       pirogue.ProofNone,
	RefusalSpan: refusalSpan,
}

// Capability implements pirogue.Operator. Taramoney does not say how long a prompt
// stays open, so the window is the instance's.
func (o *operator) Capability() pirogue.Capability {
	c := o.Line.Capability()
	c.Window = o.conf.Window.Or(config.DefaultWindow)
	if o.conf.NoStatus {
		c.Reference = pirogue.NeitherByReference
	}
	return c
}
