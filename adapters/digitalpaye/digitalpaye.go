// Package digitalpaye calls Digitalpaye, an aggregator of the wallets of Côte d'Ivoire:
// Orange, MTN, Moov and Wave.
//
// It collects by a prompt on the customer's phone, or by a link for Wave. An Orange
// customer brings a one-time password. It pays into wallets by transfer. It has no refund
// and no cancellation: a refund is a transfer to the payer.
//
// Two generations of the API are in use, and Digitalpaye's documents do not agree on which
// is the newer one. They differ in paths, in spelling and in the words for networks; shapes
// holds one row for each.
//
// The gateway reports a time-out as 504 PAYMENT_FAILED_TRY_AGAINST with a transaction
// called FAILED. Only the transaction's name is known then. Callbacks are not signed.
//
// Wire facts come from the seed document "Disbursement Orange Money", Digitalpaye's own
// pages and its PHP SDK. Where none of them states a fact, the comment marks it "our
// reading".
package digitalpaye

import (
	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls one Digitalpaye account.
type adapter struct {
	*client.Client

	conf  config.Operator
	clock pirogue.Clock
	shape shape
}

// New returns the operator of one Digitalpaye account. It reports every mistake of the
// configuration at once and makes no call.
//
// Credentials are api_key and api_secret. Environment is the X-Environment header of every
// call, "Production" if it is empty. Shape is "" for the seed document's version 2. It is
// "sdk" for the same spelling under version 1, as in the PHP SDK. It is "v1" for the
// camelCase pages. Network is the only one served, or "" for all four.
//
// Besides the methods of package operator, the operator has CallbackReference.
func New(conf config.Operator, clock pirogue.Clock) (operator.Operator, error) {
	c, err := client.New(&spec, conf, map[string]string{headerEnvironment: environmentOf(conf)}, checkConfig(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Client: c, conf: conf, clock: clock, shape: shapes[conf.Shape]}
	o.Limits.Network = conf.Network
	o.UseTokens(clock, o.fetchToken)
	return o, nil
}
