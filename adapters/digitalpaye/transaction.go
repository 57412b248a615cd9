package digitalpaye

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
)

// text is a JSON value as it is written: amounts come as strings or as numbers, and
// the decimals of a fee, such as "7.5", are kept to the last digit. null is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch {
	case bytes.HasPrefix(raw, []byte(`"`)):
		return json.Unmarshal(raw, (*string)(t))
	case string(raw) == "null":
		*t = ""
	default:
		*t = text(raw)
	}
	return nil
}

// transaction is one transaction in the spelling of no version. amount is the
// principal: of a collection the fees are taken from what we receive, to a transfer
// they are added. Neither sum is the order's, so neither is read.
type transaction struct {
	ref      string // Digitalpaye's
	id       string // ours
	number   string // the customer's
	currency string
	amount   string
	fees     string
	status   string
	kind     string
	operator string
	created  string
	updated  string
	link     string // where a Wave customer pays
}

// question is what an answer has to be about.
type question struct {
	pirogue.StatusQuery
	network pirogue.Network // "" when it is not known
}

// about reports why a transaction does not answer a question; nil when it does.
func (t transaction) about(q question) error {
	kind, listed := kinds[t.kind]
	named := q.Handle[keyRef]
	switch {
	case t.id != string(q.Ref) || t.id == "":
		return pirogue.Errorf(pirogue.Unknown, "an answer about another order than %s", q.Ref)
	case named != "" && t.ref != named:
		return pirogue.Errorf(pirogue.Unknown, "an answer about another transaction of %s", q.Ref)
	case t.kind != "" && (!listed || kind.MoneyOut() != q.Kind.MoneyOut()):
		return pirogue.Errorf(pirogue.Unknown, "a transaction of another type: %q", outbound.Words(t.kind))
	default:
		return nil
	}
}

// named returns a receipt that says nothing but Digitalpaye's name for a transaction.
func (t transaction) named() pirogue.Receipt {
	if t.ref == "" {
		return pirogue.Receipt{}
	}
	return pirogue.Receipt{ProviderTxID: t.ref, Handle: pirogue.Handle{keyRef: t.ref}}
}

// money returns the principal. It fails when that is no whole amount of a currency.
func (t transaction) money() (pirogue.Money, error) {
	if t.currency == "" {
		return pirogue.Money{}, errors.New("an amount without a currency")
	}
	francs, err := outbound.Francs(json.Number(t.amount))
	if err != nil {
		return pirogue.Money{}, errors.New("the amount is no whole number")
	}
	return pirogue.Money{Minor: francs, Currency: pirogue.Currency(t.currency)}, nil
}

// mismatch returns what of a success is not the order's, beside the amount. What a transaction
// leaves out is no difference.
func (t transaction) mismatch(q question) string {
	network := networks[t.operator]
	switch {
	case t.currency != string(q.Amount.Currency):
		return outbound.MismatchCurrency
	case outbound.IsAnotherNumber(t.number, q.MSISDN):
		return outbound.MismatchCounterparty
	case network != "" && q.network != "" && network != q.network:
		return outbound.MismatchCounterparty
	default:
		return ""
	}
}

// text returns what a transaction says to people beside its status, its fees to the last
// digit.
func (t transaction) text() string {
	said := t.operator
	if t.fees != "" {
		said += " fees " + t.fees
	}
	return said
}

// layouts are the ways Digitalpaye writes an instant. A date names no zone; Côte
// d'Ivoire keeps UTC.
var layouts = []string{time.DateTime, time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

// readTime reads an instant; the zero time when it cannot be read.
func readTime(s string) time.Time {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
