package novasend

import (
	"encoding/json"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// keyID is the handle's key for Novasend's own identifier.
const keyID = "id"

// outcome returns the outcome of a record. transaction.status decides if it is present.
// Otherwise the status decides, unless the confirmation or the failure contradicts it. It
// returns Unknown for a word that Novasend's pages do not have. It also does for a success,
// or a payment under way, that names a failure.
func (r record) outcome() (pirogue.Outcome, error) {
	if r.settled.Status != "" {
		return transactionWords.Outcome("transaction.status", r.settled.Status)
	}
	said, err := words[r.Type].Outcome("status", r.Status)
	if err != nil {
		return "", err
	}
	customer, err := confirmationWords.Outcome("confirmationStatus", r.ConfirmationStatus)
	if err != nil {
		return "", err
	}
	// Either one states that the payment did not happen.
	undone := r.failed || customer != pirogue.OutcomePending
	switch {
	case said == pirogue.OutcomePaid && undone:
		return "", pirogue.Errorf(operator.Unknown, "status %s of a payment that failed", r.Status)
	case said != pirogue.OutcomePending:
		return said, nil
	case r.failed && r.Status == wordProcessed:
		return pirogue.OutcomeDeclined, nil
	case customer != pirogue.OutcomePending:
		return customer, nil
	case r.failed:
		return "", pirogue.Errorf(operator.Unknown, "status %s of a payment that failed", r.Status)
	case r.Status == wordProcessed && r.executed():
		return pirogue.OutcomePaid, nil
	default:
		return pirogue.OutcomePending, nil
	}
}

// executed reports whether "processed" means that money moved. It does for a payout and a
// direct payin in the current shape, which shows no transaction. A record whose transaction
// member is empty belongs to a payment that is not confirmed yet.
func (r record) executed() bool {
	return len(r.Transaction) == 0 && (r.Type == typePayout || r.IsDirect)
}

// understood reads a response about an order. A response that cannot be read is Unknown;
// the result holds the name that it gave the order.
func (o *adapter) understood(body []byte, want order) (record, operator.OperatorResult, error) {
	got, err := decode(body)
	if err != nil {
		return got, operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "not the JSON of Novasend's pages: %s",
			o.Redact(err.Error()))
	}
	if !got.about(want) {
		return got, operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "an answer about another %s than %s",
			want.kind, want.ref)
	}
	receipt := named(got)
	outcome, err := got.outcome()
	if err != nil {
		return got, receipt, err
	}
	if outcome == pirogue.OutcomePaid {
		paid, err := got.paid(want)
		if err != nil {
			return got, receipt, err
		}
		receipt.Amount, receipt.Mismatch = paid, got.mismatch(paid, want)
	}
	receipt.Outcome, receipt.Message = outcome, o.Redact(got.reason())
	return got, receipt, nil
}

// named returns a result that holds only a record's name.
func named(r record) operator.OperatorResult {
	id := r.theirs()
	if id == "" {
		return operator.OperatorResult{}
	}
	return operator.OperatorResult{ProviderTxID: id, Handle: pirogue.Handle{keyID: id}}
}

// paid returns the principal that moved, in its currency. The record and its transaction
// both state one. If one of them differs from the order, paid returns that one, so that a
// mismatch is never hidden.
func (r record) paid(want order) (pirogue.Money, error) {
	stated := []struct {
		amount   json.Number
		currency string
	}{{r.settled.Amount, r.settled.Currency}, {r.Amount, r.Currency}}
	var moved pirogue.Money
	for _, s := range stated {
		if s.amount == "" {
			continue
		}
		francs, err := outbound.Francs(s.amount)
		if err != nil || s.currency == "" {
			return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "paid, but no whole amount of a currency")
		}
		moved = pirogue.Money{Minor: francs, Currency: pirogue.Currency(s.currency)}
		// The statement that differs is the one that a person must see.
		if moved != want.amount {
			return moved, nil
		}
	}
	if moved == (pirogue.Money{}) {
		return moved, pirogue.Errorf(operator.Unknown, "paid, but not saying how much")
	}
	return moved, nil
}

// mismatch returns the part of a success that differs from the order; "" for none. Anyone
// who opens a session's page may pay it, so only the wallet of a payout is compared.
func (r record) mismatch(moved pirogue.Money, want order) string {
	if moved.Currency != want.amount.Currency {
		return outbound.MismatchCurrency
	}
	for _, number := range []string{r.PhoneNumber, r.Customer.PhoneNumber, r.settled.PhoneNumber} {
		if want.wallet != "" && outbound.IsAnotherNumber(number, want.wallet) {
			return outbound.MismatchCounterparty
		}
	}
	return ""
}
