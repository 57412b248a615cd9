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
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// refusalSpan is the least time between two refusals of one payment before we accept them.
// It is in no document: Digitalpaye has reported payments as failed whose result it did not
// know.
const refusalSpan = 10 * time.Minute

// promises is Digitalpaye's capability. The documents declare transaction_id unique. They
// do not state how a repeated one is refused, or that it is executed once. So neither a
// transfer nor a collection may be repeated: its prompt may be on the customer's phone
// already. Absence proves nothing, because no document states that the list is complete.
var promises = operator.Capability{
	Reference:      operator.StatusByReference,
	OnLostResponse: operator.ResendNever,
	Proof:          operator.ProofNone,
	RefusalSpan:    refusalSpan,

	StatementNames: true, // transaction_id is in every sample of a transaction
}

// adapter calls one Digitalpaye account.
type adapter struct {
	outbound.Connection

	conf   config.Operator
	clock  pirogue.Clock
	tokens *outbound.TokenSource
	shape  shape
}

// New returns the operator of one Digitalpaye account. It reports every mistake of the
// configuration at once and makes no call.
//
// Credentials are api_key and api_secret. Environment is the X-Environment header of every
// call, "Production" if it is empty. Shape is "" for the seed document's version 2. It is
// "sdk" for the same spelling under version 1, as in the PHP SDK. It is "v1" for the
// camelCase pages. Network is the only one served, or "" for all four.
//
// Besides the methods that package pirogue calls, the operator has CallbackReference.
func New(conf config.Operator, clock pirogue.Clock) (operator.Operator, error) {
	line, err := guide.Open(conf, map[string]string{headerEnvironment: environmentOf(conf)}, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Connection: line, conf: conf, clock: clock, shape: shapes[conf.Shape]}
	o.tokens = outbound.NewTokenSource(line.Client, clock, o.fetchToken)
	o.Sender, o.Limits.Network = o, conf.Network
	return o, nil
}
