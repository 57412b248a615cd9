package taramoney

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// payoutPath is the path of a payout.
const payoutPath = "/payout/create"

// keyPayoutID is the handle's key for Taramoney's identifier of a payout.
const keyPayoutID = "payout_id"

// receiver is the name of a beneficiary whose name nobody gave us.
const receiver = "Client"

// payoutRequest is the body of POST payout/create. Our reading: receiverId is ours to
// choose for a wallet, and carries our reference.
type payoutRequest struct {
	account

	ReceiverName        string `json:"receiverName"`
	PaymentMethod       string `json:"paymentMethod"`
	ReceiverPhoneNumber string `json:"receiverPhoneNumber"` // 237 and nine digits
	ReceiverID          string `json:"receiverId"`
	Amount              int64  `json:"amount"` // francs
}

// Disburse implements pirogue.Disburser. Taramoney's SUCCESS means that the payout is under
// way; it sends no webhook about it. Nothing proves that a repeated receiverId is executed
// once, so a lost response is Unknown. A disbursement that Taramoney can never accept is
// Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	req, err := o.payout(d)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	got, err := o.order(ctx, payoutPath, req)
	receipt := operator.OperatorResult{ProviderTxID: string(got.PayoutID)}
	if got.PayoutID != "" {
		receipt.Handle = pirogue.Handle{keyPayoutID: string(got.PayoutID)}
	}
	if err != nil {
		return receipt, err
	}
	receipt.Outcome, receipt.Message = pirogue.OutcomePending, o.Redact(got.String())
	return receipt, nil
}

// payout returns the body of a disbursement. It returns Unable for one that Taramoney can
// never accept.
func (o *adapter) payout(d operator.DisburseRequest) (payoutRequest, error) {
	digits, err := o.Limits.LocalNumber(outbound.DisburseSubmission(d))
	if err != nil {
		return payoutRequest{}, err
	}
	method, served := methods[d.Network]
	if !served {
		return payoutRequest{}, pirogue.Errorf(operator.Unable, "not sent: no payout to network %q", d.Network)
	}
	return payoutRequest{
		account:             o.account(),
		ReceiverName:        outbound.Cut(cmp.Or(d.Beneficiary, receiver), maxName),
		PaymentMethod:       method,
		ReceiverPhoneNumber: dialCode + digits,
		ReceiverID:          string(d.Ref),
		Amount:              d.Amount.Minor,
	}, nil
}
