package novasend

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// maxReference is the greatest length of a reference, in characters, by Novasend's SDK.
const maxReference = 128

// nameless is the name of a customer whose name nobody gave us. Some of Novasend's pages
// require one.
const nameless = "Client"

// nameOf returns the customer's name that we send to Novasend.
func nameOf(customer string) string { return cmp.Or(customer, nameless) }

// termsOf returns Novasend's limits for an instance.
func termsOf(conf config.Operator) outbound.Limits {
	limits := limitsOf(conf.Country)
	return outbound.Limits{
		Name: "Novasend", Country: conf.Country, Currency: conf.Currency, Network: conf.Network, Reference: maxReference,
		CashIn: limits[pirogue.CashIn], CashOut: limits[pirogue.CashOut],
	}
}

// submit makes a call that may move money and reads the response about an order. An Unknown
// result may hold Novasend's name of the order all the same.
func (o *adapter) submit(ctx context.Context, w write, want order) (record, operator.OperatorResult, error) {
	req, err := outbound.PostJSON(w.path, w.body)
	if err != nil {
		return record{}, operator.OperatorResult{}, err
	}
	req.Header.Set(headerIdempotency, idempotencyKey(w.kind, w.ref))
	answer, err := o.Submit(ctx, req, w.kind, w.secret)
	var got record
	receipt, err := o.ReadResult(answer, err, func(body []byte) (receipt operator.OperatorResult, err error) {
		got, receipt, err = o.understood(body, want)
		return receipt, err
	})
	return got, receipt, err
}
