package taramoney

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"pirogue"
	"pirogue/adapters/outbound"
)

// statusPath is where the status of a payment is asked.
const statusPath = "/transactions/status"

// question is the body of POST transactions/status and of POST resend-webhook.
type question struct {
	account

	ProductID string `json:"productId"`
}

// statusAnswer is the body of the answer to transactions/status. Documents have
// productId, status and message; in production the productId is in the payload alone.
// There paymentData, a second string of JSON, has the net amount and is not read.
type statusAnswer struct {
	verdict

	ProductID     outbound.Text `json:"productId"`
	TransactionID outbound.Text `json:"transactionId"`
	Payload       payload       `json:"payload"`
}

// Status implements pirogue.StatusReader. It asks for a collection by our reference
// and for a payout by Taramoney's identifier, by our reference where that was lost
// (our reading: the document speaks of collections). It never returns Refused: a
// question that is not answered says nothing about the money.
func (o asking) Status(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	if !q.Kind.MoneyOut() {
		q.Handle = nil
	}
	name := cmp.Or(q.Handle[keyPayoutID], string(q.Ref))
	body, err := o.ask(ctx, statusPath, question{account: o.account(), ProductID: name})
	if err != nil {
		return pirogue.Receipt{}, err
	}
	var got statusAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "status: not the JSON of the document: %s",
			o.Words(err.Error()))
	}
	if upper(got.Status) == wordError {
		return o.unknown(got.verdict, q.Kind)
	}
	return o.became(got, q)
}

// unknown reads an answer that is about the question. A payment that is not found
// proves nothing: a collection may be listed only once the customer acted.
func (o *operator) unknown(v verdict, kind pirogue.Kind) (pirogue.Receipt, error) {
	if upper(v.Message) != messageAbsent {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "Taramoney does not answer: %s", o.Words(v.String()))
	}
	receipt := pirogue.Receipt{Outcome: pirogue.OutcomePending, Words: o.Words(v.String())}
	if kind.MoneyOut() {
		receipt.Outcome = pirogue.OutcomeAbsent
	}
	return receipt, nil
}

// became reads what became of a payment. The words outside and inside the payload must
// mean the same, and an end must name the payment: SUCCESS and FAILURE are also what
// Taramoney answers to questions.
func (o *operator) became(got statusAnswer, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	outcome, err := o.agreed(got.Status, got.Payload.Status)
	if err != nil {
		return pirogue.Receipt{}, err
	}
	if err := o.isOurs(got, q, outcome); err != nil {
		return pirogue.Receipt{}, err
	}
	receipt := pirogue.Receipt{
		Outcome:      outcome,
		ProviderTxID: cmp.Or(q.Handle[keyPayoutID], string(got.Payload.PaymentID), string(got.TransactionID)),
		Words:        o.Words(got.String()),
	}
	if outcome != pirogue.OutcomePaid {
		return receipt, nil
	}
	if receipt.Amount, err = o.money(got.Payload.payment); err != nil {
		return pirogue.Receipt{}, err
	}
	receipt.Mismatch = o.mismatch(got.Payload.payment, q)
	return receipt, nil
}

// agreed returns the outcome of an answer whose inner word, where there is one, means
// the same. It fails with Unknown.
func (o *operator) agreed(outer, inner outbound.Text) (pirogue.Outcome, error) {
	outcome, err := o.outcomeOf(outer)
	if err != nil || inner == "" {
		return outcome, err
	}
	within, err := o.outcomeOf(inner)
	if err == nil && within != outcome {
		err = pirogue.Errorf(pirogue.Unknown, "status %s around a payload that says %s", upper(outer), upper(inner))
	}
	return outcome, err
}

// isOurs fails with Unknown for an answer about another payment, and for an end that
// does not say whose it is. A success of another business is let through, for it is a
// mismatch that a person must see.
func (o *operator) isOurs(got statusAnswer, q pirogue.StatusQuery, outcome pirogue.Outcome) error {
	names := namesOf(q.Ref, q.Handle)
	named := got.ProductID != "" || got.Payload.ProductID != "" ||
		slices.Contains(names, string(got.Payload.PaymentID))
	switch {
	case isOther(got.ProductID, names), isOther(got.Payload.ProductID, names):
		return pirogue.Errorf(pirogue.Unknown, "status of another payment than %s", q.Ref)
	case outcome != pirogue.OutcomePaid && o.isStranger(got.Payload.payment):
		return pirogue.Errorf(pirogue.Unknown, "status of another business's payment")
	case outcome != pirogue.OutcomePending && !named:
		return pirogue.Errorf(pirogue.Unknown, "%s without a productId", o.Words(got.String()))
	default:
		return nil
	}
}
