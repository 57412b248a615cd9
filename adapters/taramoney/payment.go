package taramoney

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"pirogue"
	"pirogue/adapters/outbound"
)

// payment is what Taramoney says of one payment: the body of a webhook, and the
// payload inside the answer of transactions/status. The seed's webhooks have neither
// productId nor amount.
type payment struct {
	BusinessID  outbound.Text `json:"businessId"`
	PaymentID   outbound.Text `json:"paymentId"`
	ProductID   outbound.Text `json:"productId"`   // what the order called it
	PhoneNumber outbound.Text `json:"phoneNumber"` // without 237 in the samples
	Amount      outbound.Text `json:"amount"`      // gross, as the customer paid it; net is called originalAmount
	Currency    outbound.Text `json:"currency"`    // in no document; checked when present
	Status      outbound.Text `json:"status"`
}

// payload is a payment as transactions/status packs it, into a string of JSON. The
// zero value is one that was not there.
type payload struct{ payment }

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte(`""`)) {
		return nil
	}
	return unpack(raw, &p.payment)
}

// namesOf returns what Taramoney may call an attempt: our reference, and for a payout
// its own identifier.
func namesOf(ref pirogue.OperatorRef, handle pirogue.Handle) []string {
	names := []string{string(ref)}
	if id := handle[keyPayoutID]; id != "" {
		names = append(names, id)
	}
	return names
}

// isOther reports whether a productId is there and is none of the names.
func isOther(productID outbound.Text, names []string) bool {
	return productID != "" && !slices.Contains(names, string(productID))
}

// money returns the amount that was paid, the zero value when the payment does not
// say. It fails with Unknown for an amount that is not a whole number.
func (o *operator) money(p payment) (pirogue.Money, error) {
	if p.Amount == "" {
		return pirogue.Money{}, nil
	}
	francs, err := outbound.Francs(json.Number(p.Amount))
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(pirogue.Unknown, "paid %q, which is no whole amount",
			o.Words(string(p.Amount)))
	}
	currency := cmp.Or(pirogue.Currency(upper(p.Currency)), o.conf.Currency)
	return pirogue.Money{Minor: francs, Currency: currency}, nil
}

// mismatch returns what of a success is not the order's: another currency, another
// business that was credited, or another wallet. What the payment does not say is no
// difference.
func (o *operator) mismatch(p payment, q pirogue.StatusQuery) string {
	switch {
	case p.Currency != "" && upper(p.Currency) != string(q.Amount.Currency):
		return outbound.MismatchCurrency
	case o.isStranger(p), outbound.IsAnotherNumber(string(p.PhoneNumber), q.MSISDN):
		return outbound.MismatchCounterparty
	default:
		return ""
	}
}

// isStranger reports whether a payment is said to be another business's.
func (o *operator) isStranger(p payment) bool {
	return p.BusinessID != "" && string(p.BusinessID) != o.conf.Credentials[credBusinessID]
}
