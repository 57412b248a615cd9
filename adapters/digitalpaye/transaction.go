package digitalpaye

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// text is a JSON value as written. Amounts come as strings or numbers. text keeps the
// decimals of a fee, such as "7.5", to the last digit. null is "".
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

// transaction is one transaction, independent of any wire format. amount is the principal.
// The fees of a collection reduce what we receive, and those of a transfer are added.
// Neither sum is the ordered amount, so neither is read.
type transaction struct {
	ref      string // Digitalpaye's name
	id       string // our reference
	number   string // the customer's
	currency string
	amount   string
	fees     string
	status   string
	kind     string
	operator string
	created  string
	updated  string
	link     string // the page where a Wave customer pays
}

// question describes the order that a response must be about.
type question struct {
	operator.StatusQuery
	network pirogue.Network // "" if unknown
}

// about returns an error if a transaction is not the one asked for, nil if it is.
func (t transaction) about(q question) error {
	kind, listed := kinds[t.kind]
	named := q.Handle[keyRef]
	switch {
	case t.id != string(q.Ref) || t.id == "":
		return pirogue.Errorf(operator.Unknown, "an answer about another order than %s", q.Ref)
	case named != "" && t.ref != named:
		return pirogue.Errorf(operator.Unknown, "an answer about another transaction of %s", q.Ref)
	case t.kind != "" && (!listed || kind.MoneyOut() != q.Kind.MoneyOut()):
		return pirogue.Errorf(operator.Unknown, "a transaction of another type: %q", outbound.Redact(t.kind))
	default:
		return nil
	}
}

// named returns a result that holds only Digitalpaye's name of a transaction.
func (t transaction) named() operator.OperatorResult {
	if t.ref == "" {
		return operator.OperatorResult{}
	}
	return operator.OperatorResult{ProviderTxID: t.ref, Handle: pirogue.Handle{keyRef: t.ref}}
}

// money returns the principal. It returns an error if that is no whole amount of a
// currency.
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

// mismatch returns the part of a success that differs from the order, besides the amount;
// "" for none. A field that the transaction leaves out is no difference.
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

// text returns a transaction's text for people besides its status, with its fees to the
// last digit.
func (t transaction) text() string {
	said := t.operator
	if t.fees != "" {
		said += " fees " + t.fees
	}
	return said
}

// layouts lists the forms of Digitalpaye's dates. A date names no zone; Côte d'Ivoire keeps
// UTC.
var layouts = []string{time.DateTime, time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

// readTime reads an instant. It returns the zero time for a text that it cannot read.
func readTime(s string) time.Time {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
