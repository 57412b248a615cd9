package digitalpaye

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// maxReference is the greatest length of a transaction_id, in characters, by the seed
// document. The camelCase pages show longer ones and state no limit.
const maxReference = 20

// keyRef is the handle's key for Digitalpaye's name of a transaction.
const keyRef = "ref"

// nobody is the customer's name where one is required and the merchant gave none [our
// reading].
const nobody = "Client"

// order is a collection or a transfer, independent of any wire format.
type order struct {
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

// Collect implements pirogue.Collector. A Wave customer gets a link, and an Orange customer
// brings a one-time password. Every other customer gets a prompt on the phone. Without a
// password the Orange call is made all the same, and Orange itself decides about it. A
// collection that Digitalpaye can never accept is Unable and not sent.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	q := question{
		StatusQuery: operator.StatusQuery{Kind: pirogue.CashIn, Ref: c.Ref, Amount: c.Amount, MSISDN: c.MSISDN},
		network:     cmp.Or(c.Network, o.conf.Network),
	}
	r, err := o.orderOf(q, c.Payer)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	r.otp, r.returnURL, r.cancelURL = c.OTP, c.ReturnURL, cmp.Or(c.CancelURL, c.ReturnURL)
	said, err := o.post(ctx, o.shape.collectPath, o.shape.collect(r))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	receipt, row, err := o.judge(said, q, operator.Refused, c.OTP)
	if err == nil && receipt.Outcome == pirogue.OutcomePending {
		receipt.NextAction = o.action(q.network, c.OTP, row.link)
	}
	return receipt, err
}

// Disburse implements pirogue.Disburser. If the response is lost, status calls search the
// transfer. It is never sent again, because a second one could pay twice. A transfer that
// Digitalpaye can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	q := question{
		StatusQuery: operator.StatusQuery{Kind: pirogue.CashOut, Ref: d.Ref, Amount: d.Amount, MSISDN: d.MSISDN},
		network:     cmp.Or(d.Network, o.conf.Network),
	}
	r, err := o.orderOf(q, d.Beneficiary)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	said, err := o.post(ctx, o.shape.transferPath, o.shape.transfer(r))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	receipt, _, err := o.judge(said, q, operator.Unable)
	return receipt, err
}

// orderOf returns the order for a collection or transfer. It returns Unable for one that
// Digitalpaye can never accept.
func (o *adapter) orderOf(q question, name string) (order, error) {
	number, err := o.Limits.LocalNumber(outbound.Submission{
		Kind: q.Kind, Ref: q.Ref, Amount: q.Amount, MSISDN: q.MSISDN, Network: q.network,
	})
	if err != nil {
		return order{}, err
	}
	word, served := o.shape.operators[q.network]
	if !served {
		return order{}, pirogue.Errorf(operator.Unable, "not sent: network %q is not served", q.network)
	}
	return order{
		ref: string(q.Ref), network: q.network, operator: word, francs: q.Amount.Minor,
		currency: string(q.Amount.Currency), number: number, name: cmp.Or(strings.TrimSpace(name), nobody),
	}, nil
}

// judge reads a reply about the order of q. For a reply that is not good it returns an
// error. no is the code of a clear refusal. An Unknown error comes with Digitalpaye's name
// of the transaction, if the reply holds it. The envelope's status word, if it has one,
// must agree with a final status inside.
func (o *adapter) judge(
	said reply, q question, no pirogue.Code, secrets ...string,
) (operator.OperatorResult, transaction, error) {
	row, err := o.shape.read(said.Data)
	if err == nil {
		err = row.about(q)
	}
	kept := row.named()
	if err != nil {
		kept = operator.OperatorResult{}
	}
	// Only a status call may take a failure in the envelope as a result.
	ended := no == operator.Unknown && said.ended()
	switch {
	case !said.good() && !ended:
		failed := o.failure(said, no, q.Ref, secrets...)
		// A clear refusal leaves no transaction to look for.
		if pirogue.CodeOf(failed) != operator.Unknown {
			kept = operator.OperatorResult{}
		}
		return kept, row, failed
	case err != nil:
		return kept, row, pirogue.Errorf(operator.Unknown, "no transaction of the documents: %w", err)
	}
	receipt, err := o.receipt(row, q)
	if err == nil && said.code() == http.StatusAccepted && receipt.Outcome != pirogue.OutcomePending {
		err = pirogue.Errorf(operator.Unknown, "%s under 202, which is for what is not decided", row.status)
	}
	// Two words that contradict each other decide nothing: a guess could pay twice or never.
	outside, listed := outcomes[string(said.Status)]
	if err == nil && receipt.Outcome != pirogue.OutcomePending && listed && outside != receipt.Outcome {
		err = pirogue.Errorf(operator.Unknown, "%s in an envelope that says %s", row.status, said.Status)
	}
	if err != nil {
		return kept, row, err
	}
	receipt.Message = o.Redact(row.status+" "+row.text()+" "+string(said.Message+" "+said.Reason), secrets...)
	return receipt, row, nil
}

// receipt returns the operator result that a transaction states for the order of q.
func (o *adapter) receipt(row transaction, q question) (operator.OperatorResult, error) {
	said := outbound.StatusFields{ID: row.ref, Key: keyRef, Status: row.status, Text: row.text()}
	receipt, err := o.ResultWithAmount(said, row.amount, pirogue.Currency(row.currency))
	if err == nil && receipt.Outcome == pirogue.OutcomePaid {
		receipt.Mismatch = row.mismatch(q)
	}
	return receipt, err
}

// action returns the customer's next action. A Wave collection without a usable link leaves
// no action, and it ends with its window.
func (o *adapter) action(network pirogue.Network, otp, link string) pirogue.NextAction {
	switch {
	case network == pirogue.Wave && outbound.IsPage(link, o.conf.Simulator):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: link}
	case network == pirogue.Wave, network == pirogue.Orange && otp != "":
		return pirogue.NextAction{}
	default:
		return pirogue.NextAction{Type: pirogue.ActionPush}
	}
}
