package example

import (
	"context"
	"encoding/json"
	"strconv"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// payment is the body of a request, of its response and of a callback.
type payment struct {
	ID          string      `json:"id,omitempty"`
	Reference   string      `json:"reference"`
	MSISDN      string      `json:"msisdn"` // local
	Amount      json.Number `json:"amount"` // francs
	Currency    string      `json:"currency"`
	Status      string      `json:"status,omitempty"`
	CallbackURL string      `json:"callback_url,omitempty"`
}

// errorBody is the body of an error.
type errorBody struct {
	Error string `json:"error"`
}

// paths holds the path of each kind of payment.
var paths = map[pirogue.PaymentKind]string{pirogue.CashIn: "/collections", pirogue.CashOut: "/payouts"}

// submit sends a payment and reads the response.
func (o adapter) submit(ctx context.Context, s client.Submission, callbackURL string) (operator.OperatorResult, error) {
	number, err := o.Limits.LocalNumber(s)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	req, err := client.PostJSON(paths[s.Kind], payment{
		Reference: string(s.Ref), MSISDN: number, Amount: json.Number(strconv.FormatInt(s.Amount.Minor, 10)),
		Currency:    string(s.Amount.Currency),
		CallbackURL: callbackURL,
	})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	resp, err := o.Submit(ctx, req, s.Kind)
	return o.ReadResult(resp, err, o.reader(s.Ref))
}

// reader returns a reader of the payment of a reference.
func (o adapter) reader(ref pirogue.OperatorRef) client.ResultReader {
	return client.ReadJSON(func(p payment) (operator.OperatorResult, error) {
		if p.Reference != string(ref) {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "another payment than %s", ref)
		}
		stated := client.StatusFields{ID: p.ID, Key: "id", Status: p.Status}
		return o.ResultWithAmount(stated, p.Amount.String(), pirogue.Currency(p.Currency))
	})
}
