// Package digitalpaye speaks to Digitalpaye, an aggregator of the wallets of Côte
// d'Ivoire: Orange, MTN, Moov and Wave.
//
// It collects by a prompt on the customer's phone, by a link for Wave, and by the
// one-time password an Orange customer brings; it pays into wallets by transfer.
// There is no refund and no cancellation: a refund is a transfer to the payer.
//
// Two generations of the API are in use, and Digitalpaye's documents do not agree on
// which is the newer one. They differ in paths, in spelling and in the words for
// networks; shapes holds one row for each.
//
// A time-out at the gateway comes as 504 PAYMENT_FAILED_TRY_AGAINST with a transaction
// that is called FAILED: nothing is known then but its name. Callbacks are not signed.
//
// Wire facts come from the seed document "Disbursement Orange Money", Digitalpaye's
// own pages and its PHP SDK; where none of them says a word, the comment says "our
// reading".
package digitalpaye

import (
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// refusalSpan is in no document: Digitalpaye has called payments failed whose end it did not
// know.
const refusalSpan = 10 * time.Minute

// promises is what Digitalpaye can be held to. It declares transaction_id unique and says
// neither how it refuses a repeated one nor that it executes one once: that is not enough to
// repeat a transfer, nor a collection, whose prompt may be on the customer's phone already.
// Absence proves nothing, for no document says that the list is whole.
var promises = pirogue.Capability{
	Reference:   pirogue.StatusByReference,
	Unheard:     pirogue.RepeatNever,
	Proof:       pirogue.ProofNone,
	RefusalSpan: refusalSpan,
}

type operator struct {
	outbound.Line

	conf   config.Operator
	clock  pirogue.Clock
	tokens *outbound.Tokens
	shape  shape
}

// New returns the operator of one Digitalpaye account. It reports every mistake of
// the configuration at once and calls nobody.
//
// Credentials are api_key and api_secret. Environment is the X-Environment header of
// every call, "Production" when it is empty. Shape is "" for the seed document's
// version 2, "sdk" for the same spelling under version 1 as the PHP SDK has it, or
// "v1" for the camelCase pages. Network is the only one served, or "" for all four.
//
// Beside what package pirogue calls, the operator has CallbackReference.
func New(conf config.Operator, clock pirogue.Clock) (pirogue.Operator, error) {
	line, err := guide.Open(conf, map[string]string{headerEnvironment: environmentOf(conf)}, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &operator{Line: line, conf: conf, clock: clock, shape: shapes[conf.Shape]}
	o.tokens = outbound.NewTokens(line.Client, clock, o.fetchToken)
	o.Sender, o.Terms.Network = o, conf.Network
	return o, nil
}
