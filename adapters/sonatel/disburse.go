package sonatel

import (
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// cashInPath is the path by which a retailer deposits into a customer's wallet. Orange's
// Cash In is our cash-out.
const cashInPath = "/api/eWallet/v1/cashins"

// cashInRequest is the body of POST cashins.
type cashInRequest struct {
	Partner             side   `json:"partner"` // the retailer
	Customer            side   `json:"customer"`
	Amount              money  `json:"amount"`
	Reference           string `json:"reference"`
	ReceiveNotification bool   `json:"receiveNotification"` // by SMS, to the customer
}

// Disburse implements operator.Disburser. It pays into a wallet from the retailer's float.
// Orange sends no callback for it. Nothing proves that a repeated reference is executed
// once. So a lost response is Unknown, and the transaction must be searched, not sent
// again. A disbursement that Orange can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	number, err := o.Limits.LocalNumber(client.DisburseSubmission(d))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	resp, err := o.sendPIN(ctx, func(key publicKey, pin string) (client.Request, error) {
		sealed, err := key.encryptPIN(pin)
		if err != nil {
			return client.Request{}, err
		}
		return o.post(cashInPath, o.cashInRequest(d, number, sealed))
	})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if !resp.OK() {
		return operator.OperatorResult{}, o.ResponseError(resp, pirogue.CashOut)
	}
	return o.readExecuted(resp.Body, d.Ref)
}

// cashInRequest returns the body of one deposit.
func (o *adapter) cashInRequest(d operator.DisburseRequest, number, sealed string) cashInRequest {
	return cashInRequest{
		Partner:             side{IDType: idMSISDN, ID: o.conf.Credentials[credMSISDN], EncryptedPINCode: sealed},
		Customer:            side{IDType: idMSISDN, ID: number},
		Amount:              money{d.Amount.Minor, unit},
		Reference:           string(d.Ref),
		ReceiveNotification: true,
	}
}
