package taramoney

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// payoutPath is the path of a payout.
const payoutPath = "/payout/create"

// keyPayoutID is the handle's key for Taramoney's identifier of a payout.
const keyPayoutID = "payout_id"

// defaultName is the name of a beneficiary whose name nobody gave us.
const defaultName = "Client"

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

// Disburse implements operator.Disburser. Taramoney's SUCCESS means that the payout is under
// way; it sends no webhook about it. Nothing proves that a repeated receiverId is executed
// once, so a lost response is Unknown. A disbursement that Taramoney can never accept is
// Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	req, err := o.payoutRequest(d)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	got, err := o.submit(ctx, payoutPath, req)
	result := operator.OperatorResult{ProviderTxID: string(got.PayoutID)}
	if got.PayoutID != "" {
		result.Handle = pirogue.Handle{keyPayoutID: string(got.PayoutID)}
	}
	if err != nil {
		return result, err
	}
	result.Outcome, result.Message = pirogue.OutcomePending, o.Redact(got.String())
	return result, nil
}

// payoutRequest returns the body of a disbursement. It returns Unable for one that Taramoney can
// never accept.
func (o *adapter) payoutRequest(d operator.DisburseRequest) (payoutRequest, error) {
	digits, err := o.Limits.LocalNumber(client.DisburseSubmission(d))
	if err != nil {
		return payoutRequest{}, err
	}
	method, served := payoutMethods[d.Network]
	if !served {
		return payoutRequest{}, pirogue.Errorf(operator.Unable, "not sent: no payout to network %q", d.Network)
	}
	return payoutRequest{
		account:             o.account(),
		ReceiverName:        client.Truncate(cmp.Or(d.Beneficiary, defaultName), maxName),
		PaymentMethod:       method,
		ReceiverPhoneNumber: dialCode + digits,
		ReceiverID:          string(d.Ref),
		Amount:              d.Amount.Minor,
	}, nil
}
