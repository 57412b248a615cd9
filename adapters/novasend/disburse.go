package novasend

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The paths of both ways to pay out.
const (
	payoutPath       = "/v1/payout"
	directPayoutPath = "/v1/direct/payout"
)

// keyPath is the handle's key for the path that a payout was sent to. Its status is read
// there too, even if the instance's shape has changed since. See finalizeCashOut for a payout
// without it.
const keyPath = "path"

// directPayoutRequest is the body of POST direct/payout. Older pages call the leg payin,
// the latest payout.
type directPayoutRequest struct {
	Reference    string `json:"reference"`
	CustomerName string `json:"customerName"`
	Payout       leg    `json:"payout"`
}

// Disburse implements pirogue.Disburser. It pays into a wallet from the account's available
// balance. A disbursement that Novasend can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	if _, err := o.Limits.LocalNumber(outbound.DisburseSubmission(d)); err != nil {
		return operator.OperatorResult{}, err
	}
	w := write{path: o.payouts()[0], kind: pirogue.CashOut, ref: d.Ref}
	if o.conf.Shape == shapeDirect {
		network := cmp.Or(d.Network, o.conf.Network)
		provider, known := providers[network]
		if !known {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unable, "not sent: no direct payout to network %q", network)
		}
		w.body = directPayoutRequest{
			Reference: string(d.Ref), CustomerName: nameOf(d.Beneficiary), Payout: o.leg(d.Amount, d.MSISDN, provider),
		}
	} else {
		w.body = o.payout(d)
	}
	want := order{kind: typePayout, ref: d.Ref, amount: d.Amount, wallet: d.MSISDN}
	_, receipt, err := o.submit(ctx, w, want)
	switch {
	case receipt.Handle != nil:
		receipt.Handle[keyPath] = w.path
	case err == nil, pirogue.CodeOf(err) == operator.Unknown:
		receipt.Handle = pirogue.Handle{keyPath: w.path}
	}
	return receipt, err
}

// payouts returns the paths that a payout may have been sent to. The first is that of the
// instance's shape, where the next payout goes. The other is that of an earlier shape.
func (o *adapter) payouts() []string {
	switch {
	case o.conf.Shape == shapeDirect:
		return []string{directPayoutPath, payoutPath}
	case direct[o.conf.Country]:
		return []string{payoutPath, directPayoutPath}
	default:
		return []string{payoutPath}
	}
}

// payout returns the body of POST payout.
func (o *adapter) payout(d operator.DisburseRequest) walletRequest {
	body := walletRequest{
		Reference: string(d.Ref), Amount: d.Amount.Minor, MSISDN: string(d.MSISDN),
		CustomerName: nameOf(d.Beneficiary), Country: string(o.conf.Country),
	}
	if o.conf.Shape == shapeSeed {
		body.AccountID = o.conf.Credentials[credAccountID]
	}
	return body
}
