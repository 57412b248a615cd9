package orangeweb

import (
	"context"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// statusRequest is the body of POST transactionstatus. Orange requires all three fields.
type statusRequest struct {
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"`
	PayToken string `json:"pay_token"`
}

// statusResponse is the body of its response, 201 in the guide and 200 in practice.
type statusResponse struct {
	Status  string      `json:"status"`
	OrderID string      `json:"order_id"`
	TxnID   string      `json:"txnid"`
	Amount  json.Number `json:"amount"` // not in the guide; a number or a string, checked if present
}

// Status implements operator.StatusReader. It never returns Refused, because the refusal of
// a status call tells nothing about the money.
func (o *adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	payToken := q.Handle[keyPayToken]
	if payToken == "" {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "Orange cannot be asked without the pay_token")
	}
	body := statusRequest{OrderID: string(q.Ref), Amount: q.Amount.Minor, PayToken: payToken}
	req, err := client.PostJSON(o.path("transactionstatus"), body)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	req.Secrets = []string{payToken}
	resp, err := o.Query(ctx, req)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if resp.Status != http.StatusOK && resp.Status != http.StatusCreated {
		return operator.OperatorResult{}, o.ResponseError(resp, "", req.Secrets...)
	}
	return o.readStatus(resp.Body, q.Ref)
}

// readStatus reads the response to transactionstatus about the attempt ref.
func (o *adapter) readStatus(body []byte, ref pirogue.OperatorRef) (operator.OperatorResult, error) {
	var got statusResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status: not the JSON of the guide: %w", err)
	}
	if got.OrderID != string(ref) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status of another order than %s", ref)
	}
	result, err := o.resultOf(got.Status, got.TxnID)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if got.Amount != "" {
		francs, err := client.ParseAmount(got.Amount)
		if err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status %s: %w", got.Status, err)
		}
		result.Amount = pirogue.Money{Minor: francs, Currency: o.conf.Currency}
	}
	return result, nil
}
