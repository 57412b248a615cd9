package digitalpaye

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/operator"
)

// Disburse implements operator.Disburser. If the response is lost, status calls search the
// transfer. It is never sent again, because a second one could pay twice. A transfer that
// Digitalpaye can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	want := expected{
		StatusQuery: operator.StatusQuery{Kind: pirogue.CashOut, Ref: d.Ref, Amount: d.Amount, MSISDN: d.MSISDN},
		network:     cmp.Or(d.Network, o.conf.Network), refusal: operator.Unable,
	}
	sub, err := o.newSubmission(want, d.Beneficiary)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	reply, err := o.post(ctx, o.shape.transferPath, o.shape.transfer(sub))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	result, _, err := o.readTransaction(reply, want)
	return result, err
}
