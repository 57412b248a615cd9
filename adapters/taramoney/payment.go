package taramoney

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// payment is Taramoney's description of one payment: the body of a webhook, and the payload
// in the response of transactions/status. The seed's webhooks have neither productId nor
// amount.
type payment struct {
	BusinessID  outbound.Text `json:"businessId"`
	PaymentID   outbound.Text `json:"paymentId"`
	ProductID   outbound.Text `json:"productId"`   // the reference of the order
	PhoneNumber outbound.Text `json:"phoneNumber"` // without 237 in the samples
	Amount      outbound.Text `json:"amount"`      // gross, as paid; the net is called originalAmount
	Currency    outbound.Text `json:"currency"`    // in no document; checked if present
	Status      outbound.Text `json:"status"`
}

// payload is a payment in the form of transactions/status: packed into a string of JSON.
// The zero value means that it is missing.
type payload struct{ payment }

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte(`""`)) {
		return nil
	}
	return unpack(raw, &p.payment)
}

// namesOf returns the names that Taramoney may use for an attempt: our reference, and for a
// payout its own identifier.
func namesOf(ref pirogue.OperatorRef, handle pirogue.Handle) []string {
	names := []string{string(ref)}
	if id := handle[keyPayoutID]; id != "" {
		names = append(names, id)
	}
	return names
}

// isOther reports whether a productId is present and is none of the names.
func isOther(productID outbound.Text, names []string) bool {
	return productID != "" && !slices.Contains(names, string(productID))
}

// money returns the amount that was paid, or the zero value if the payment states none. It
// returns Unknown for an amount that is not a whole number.
func (o *adapter) money(p payment) (pirogue.Money, error) {
	if p.Amount == "" {
		return pirogue.Money{}, nil
	}
	francs, err := outbound.Francs(json.Number(p.Amount))
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "paid %q, which is no whole amount",
			o.Redact(string(p.Amount)))
	}
	currency := cmp.Or(pirogue.Currency(upper(p.Currency)), o.conf.Currency)
	return pirogue.Money{Minor: francs, Currency: currency}, nil
}

// mismatch returns the part of a success that differs from the order. It is another
// currency, another credited business, or another wallet. A field that the payment leaves
// out is no difference.
func (o *adapter) mismatch(p payment, q operator.StatusQuery) string {
	switch {
	case p.Currency != "" && upper(p.Currency) != string(q.Amount.Currency):
		return outbound.MismatchCurrency
	case o.isStranger(p), outbound.IsAnotherNumber(string(p.PhoneNumber), q.MSISDN):
		return outbound.MismatchCounterparty
	default:
		return ""
	}
}

// isStranger reports whether a payment names another business.
func (o *adapter) isStranger(p payment) bool {
	return p.BusinessID != "" && string(p.BusinessID) != o.conf.Credentials[credBusinessID]
}
