package taramoney

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The limits of an order. Our reading: Taramoney states none.
const (
	maxReference = 20 // characters, as long as ours are
	maxName      = 100
)

// dialCode is the calling code of Cameroon.
const dialCode = "237"

// terms holds Taramoney's limits. Our reading: none are published.
var terms = outbound.Limits{
	Name: "Taramoney", Country: "CM", Currency: pirogue.XAF, Reference: maxReference, Prefix: "6", Digits: 9,
	CashIn: operator.Limits{Min: 100, Max: 500_000}, CashOut: operator.Limits{Min: 100, Max: 500_000},
}

// orderAnswer is the body of a response to cmmobile, mobilepay and payout/create.
type orderAnswer struct {
	verdict

	TransactionID outbound.Text   `json:"transactionId"` // of a collection: seen, not documented, not always there
	USSDCode      outbound.Text   `json:"ussdCode"`
	Vendor        outbound.Text   `json:"vendor"`
	AuthURL       json.RawMessage `json:"authUrl"` // of Wave
	PayoutID      outbound.Text   `json:"payoutId"`
}

// order makes a call that Taramoney may accept or refuse. With an Unknown error it returns
// the names in the response, because the order may have been executed under them.
func (o *adapter) order(ctx context.Context, path string, body any) (orderAnswer, error) {
	answer, err := o.post(ctx, path, body)
	if err != nil {
		return orderAnswer{}, err
	}
	var got orderAnswer
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		got = orderAnswer{}
	}
	switch class := classOf(answer.Status, got.Status, got.Message); class {
	case "":
		return got, nil
	case operator.Unknown:
		return got, o.Errorf(class, answer)
	default:
		return orderAnswer{}, o.Errorf(class, answer)
	}
}
