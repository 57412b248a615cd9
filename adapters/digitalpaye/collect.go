package digitalpaye

import (
	"cmp"
	"context"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// defaultName is the customer's name where one is required and the merchant gave none [our
// reading].
const defaultName = "Client"

// submission is a collection or a transfer, independent of any wire format.
type submission struct {
	ref       string
	network   pirogue.Network
	operator  string // the wire format's name of the network
	francs    int64
	currency  string
	number    string // local
	name      string // the customer's
	otp       string
	returnURL string
	cancelURL string
}

// Collect implements operator.Collector. A Wave customer gets a link. For an Orange customer
// the request carries a one-time password. Every other customer gets a prompt on the phone. Without a
// password the Orange call is made all the same, and Orange itself decides about it. A
// collection that Digitalpaye can never accept is Unable and not sent.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	want := expected{
		StatusQuery: operator.StatusQuery{Kind: pirogue.CashIn, Ref: c.Ref, Amount: c.Amount, MSISDN: c.MSISDN},
		network:     cmp.Or(c.Network, o.conf.Network), refusal: operator.Refused,
	}
	sub, err := o.newSubmission(want, c.Payer)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	sub.otp, sub.returnURL, sub.cancelURL = c.OTP, c.ReturnURL, cmp.Or(c.CancelURL, c.ReturnURL)
	reply, err := o.post(ctx, o.shape.collectPath, o.shape.collect(sub))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	result, row, err := o.readTransaction(reply, want, c.OTP)
	if err == nil && result.Outcome == pirogue.OutcomePending {
		result.NextAction = o.nextAction(want.network, c.OTP, row.link)
	}
	return result, err
}

// newSubmission returns the submission of a collection or transfer. It returns Unable for one that
// Digitalpaye can never accept.
func (o *adapter) newSubmission(want expected, name string) (submission, error) {
	number, err := o.Limits.LocalNumber(client.Submission{
		Kind: want.Kind, Ref: want.Ref, Amount: want.Amount, MSISDN: want.MSISDN, Network: want.network,
	})
	if err != nil {
		return submission{}, err
	}
	word, served := o.shape.operators[want.network]
	if !served {
		return submission{}, pirogue.Errorf(operator.Unable, "not sent: network %q is not served", want.network)
	}
	return submission{
		ref: string(want.Ref), network: want.network, operator: word, francs: want.Amount.Minor,
		currency: string(want.Amount.Currency), number: number, name: cmp.Or(strings.TrimSpace(name), defaultName),
	}, nil
}

// nextAction returns the customer's next action. A Wave collection without a usable link leaves
// no action, and it ends with its window.
func (o *adapter) nextAction(network pirogue.Network, otp, link string) pirogue.NextAction {
	switch {
	case network == pirogue.Wave && client.IsPageURL(link, o.conf.Simulator):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: link}
	case network == pirogue.Wave, network == pirogue.Orange && otp != "":
		return pirogue.NextAction{}
	default:
		return pirogue.NextAction{Type: pirogue.ActionPush}
	}
}
