package digitalpaye

import (
	"encoding/json"
	"errors"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// keyRef is the handle's key for Digitalpaye's name of a transaction.
const keyRef = "ref"

// expected describes the attempt that a reply must be about.
type expected struct {
	operator.StatusQuery
	network pirogue.Network // "" if unknown
	refusal pirogue.Code    // of a clear refusal; see errorCode
}

// isStatusCall reports whether the reply is to a status call. Only such a reply may state a
// failed transaction in its envelope.
func (e expected) isStatusCall() bool { return e.refusal == operator.Unknown }

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

// checkAttempt returns an error if a transaction is not the one asked for, nil if it is.
func (t transaction) checkAttempt(want expected) error {
	kind, listed := kinds[t.kind]
	named := want.Handle[keyRef]
	switch {
	case t.id != string(want.Ref) || t.id == "":
		return pirogue.Errorf(operator.Unknown, "an answer about another order than %s", want.Ref)
	case named != "" && t.ref != named:
		return pirogue.Errorf(operator.Unknown, "an answer about another transaction of %s", want.Ref)
	case t.kind != "" && (!listed || kind.MoneyOut() != want.Kind.MoneyOut()):
		return pirogue.Errorf(operator.Unknown, "a transaction of another type: %q", client.Redact(t.kind))
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
	francs, err := client.ParseAmount(json.Number(t.amount))
	if err != nil {
		return pirogue.Money{}, errors.New("the amount is no whole number")
	}
	return pirogue.Money{Minor: francs, Currency: pirogue.Currency(t.currency)}, nil
}

// mismatch returns the part of a success that differs from the order, besides the amount;
// "" for none. A field that the transaction leaves out is no difference.
func (t transaction) mismatch(want expected) string {
	network := networks[t.operator]
	switch {
	case t.currency != string(want.Amount.Currency):
		return client.MismatchCurrency
	case client.IsAnotherNumber(t.number, want.MSISDN):
		return client.MismatchCounterparty
	case network != "" && want.network != "" && network != want.network:
		return client.MismatchCounterparty
	default:
		return ""
	}
}

// text returns a transaction's text for people besides its status, with its fees to the
// last digit.
func (t transaction) text() string {
	text := t.operator
	if t.fees != "" {
		text += " fees " + t.fees
	}
	return text
}
