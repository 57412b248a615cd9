package novasend

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The paths of both ways to pay out.
const (
	payoutPath       = "/v1/payout"
	directPayoutPath = "/v1/direct/payout"
)

// keyPath is the handle's key for the path that a payout was sent to. Its status is read
// there too, even if the instance's shape has changed since. See payoutStatus for a payout
// without it.
const keyPath = "path"

// directPayoutRequest is the body of POST direct/payout. Older pages call the member payin,
// the latest payout.
type directPayoutRequest struct {
	Reference    string         `json:"reference"`
	CustomerName string         `json:"customerName"`
	Payout       walletTransfer `json:"payout"`
}

// Disburse implements operator.Disburser. It pays into a wallet from the account's available
// balance. A disbursement that Novasend can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	if _, err := o.Limits.LocalNumber(client.DisburseSubmission(d)); err != nil {
		return operator.OperatorResult{}, err
	}
	s := submission{path: o.payoutPaths()[0], kind: pirogue.CashOut, ref: d.Ref}
	if o.conf.Shape == shapeDirect {
		network := cmp.Or(d.Network, o.conf.Network)
		provider, known := providerNames[network]
		if !known {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unable,
				"not sent: no direct payout to network %q", network)
		}
		s.body = directPayoutRequest{
			Reference: string(d.Ref), CustomerName: customerName(d.Beneficiary), Payout: o.newWalletTransfer(d.Amount,
				d.MSISDN, provider),
		}
	} else {
		s.body = o.payoutRequest(d)
	}
	want := expected{kind: typePayout, ref: d.Ref, amount: d.Amount, wallet: d.MSISDN}
	_, result, err := o.submit(ctx, s, want)
	switch {
	case result.Handle != nil:
		result.Handle[keyPath] = s.path
	case err == nil, pirogue.CodeOf(err) == operator.Unknown:
		result.Handle = pirogue.Handle{keyPath: s.path}
	}
	return result, err
}

// payoutPaths returns the paths that a payout may have been sent to. The first is that of the
// instance's shape, where the next payout goes. The other is that of an earlier shape.
func (o *adapter) payoutPaths() []string {
	switch {
	case o.conf.Shape == shapeDirect:
		return []string{directPayoutPath, payoutPath}
	case directCountries[o.conf.Country]:
		return []string{payoutPath, directPayoutPath}
	default:
		return []string{payoutPath}
	}
}

// payoutRequest returns the body of POST payout.
func (o *adapter) payoutRequest(d operator.DisburseRequest) walletRequest {
	body := walletRequest{
		Reference: string(d.Ref), Amount: d.Amount.Minor, MSISDN: string(d.MSISDN),
		CustomerName: customerName(d.Beneficiary), Country: string(o.conf.Country),
	}
	if o.conf.Shape == shapeSeed {
		body.AccountID = o.conf.Credentials[credAccountID]
	}
	return body
}
