package sonatel

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// cashInPath is the path by which a retailer deposits into a customer's wallet. Orange's
// Cash In is our cash-out.
const cashInPath = "/api/eWallet/v1/cashins"

// keyTransactionID is the handle's key for Orange's identifier of a transaction.
const keyTransactionID = "transaction_id"

// cashInRequest is the body of POST cashins.
type cashInRequest struct {
	Partner             side   `json:"partner"` // the retailer
	Customer            side   `json:"customer"`
	Amount              money  `json:"amount"`
	Reference           string `json:"reference"`
	ReceiveNotification bool   `json:"receiveNotification"` // by SMS, to the customer
}

// executedAnswer is the body of a response to cashins and to onestep.
type executedAnswer struct {
	TransactionID string `json:"transactionId"`
	Status        string `json:"status"`
	Description   string `json:"description"`
	Reference     string `json:"reference"`
}

// Disburse implements pirogue.Disburser. It pays into a wallet from the retailer's float.
// Orange sends no callback for it. Nothing proves that a repeated reference is executed
// once. So a lost response is Unknown, and the transaction must be searched, not sent
// again. A disbursement that Orange can never accept is Unable and not sent.
func (o *adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	number, err := o.Limits.LocalNumber(outbound.DisburseSubmission(d))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	answer, err := o.sendPIN(ctx, func(key publicKey, pin string) (outbound.Request, error) {
		sealed, err := key.seal(pin)
		if err != nil {
			return outbound.Request{}, err
		}
		return outbound.PostJSON(cashInPath, o.cashIn(d, number, sealed))
	})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if !answer.OK() {
		return operator.OperatorResult{}, o.ErrorFrom(answer, pirogue.CashOut)
	}
	return o.executed(answer.Body, d.Ref)
}

// cashIn returns the body of one deposit.
func (o *adapter) cashIn(d operator.DisburseRequest, number, sealed string) cashInRequest {
	return cashInRequest{
		Partner:             side{IDType: idMSISDN, ID: o.conf.Credentials[credMSISDN], EncryptedPINCode: sealed},
		Customer:            side{IDType: idMSISDN, ID: number},
		Amount:              money{d.Amount.Minor, unit},
		Reference:           string(d.Ref),
		ReceiveNotification: true,
	}
}

// executed reads the response to an accepted order of ref. A body that it cannot read is
// Unknown, because the order may have been executed.
func (o *adapter) executed(body []byte, ref pirogue.OperatorRef, secrets ...string) (operator.OperatorResult, error) {
	var got executedAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "not the JSON of the specification: %w", err)
	}
	// A response about another order proves nothing about this one.
	if got.Reference != "" && got.Reference != string(ref) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "an answer about another order than %s", ref)
	}
	receipt, err := o.Result(outbound.StatusFields{
		ID: got.TransactionID, Key: keyTransactionID, Status: got.Status, Text: got.Description,
	}, secrets...)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return receipt, nil
}
