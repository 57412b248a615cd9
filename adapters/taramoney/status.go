package taramoney

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// statusPath is the path of a payment's status.
const statusPath = "/transactions/status"

// question is the body of POST transactions/status and of POST resend-webhook.
type question struct {
	account

	ProductID string `json:"productId"`
}

// statusAnswer is the body of the response to transactions/status. Documents have
// productId, status and message; in production only the payload has the productId.
// Production also has paymentData, a second string of JSON with the net amount, which we do
// not read.
type statusAnswer struct {
	verdict

	ProductID     outbound.Text `json:"productId"`
	TransactionID outbound.Text `json:"transactionId"`
	Payload       payload       `json:"payload"`
}

// Status implements pirogue.StatusReader. It asks for a collection by our reference. It
// asks for a payout by Taramoney's identifier, or by our reference if that was lost. Our
// reading: the document describes only collections. It never returns Refused, because the
// refusal of a status call tells nothing about the money.
func (o asking) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	if !q.Kind.MoneyOut() {
		q.Handle = nil
	}
	name := cmp.Or(q.Handle[keyPayoutID], string(q.Ref))
	body, err := o.ask(ctx, statusPath, question{account: o.account(), ProductID: name})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	var got statusAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status: not the JSON of the document: %s",
			o.Redact(err.Error()))
	}
	if upper(got.Status) == wordError {
		return o.unknown(got.verdict, q.Kind)
	}
	return o.became(got, q)
}

// unknown reads a response with the status ERROR. A payment that is not found proves
// nothing: Taramoney may list a collection only after the customer acted.
func (o *adapter) unknown(v verdict, kind pirogue.PaymentKind) (operator.OperatorResult, error) {
	if upper(v.Message) != messageAbsent {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "Taramoney does not answer: %s", o.Redact(v.String()))
	}
	receipt := operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: o.Redact(v.String())}
	// A payout has no prompt that could still be open.
	if kind.MoneyOut() {
		receipt.Outcome = pirogue.OutcomeAbsent
	}
	return receipt, nil
}

// became reads the result of a payment. The words outside and inside the payload must mean
// the same. A final result must name the payment, because Taramoney also answers SUCCESS
// and FAILURE to status calls as such.
func (o *adapter) became(got statusAnswer, q operator.StatusQuery) (operator.OperatorResult, error) {
	outcome, err := o.agreed(got.Status, got.Payload.Status)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if err := o.isOurs(got, q, outcome); err != nil {
		return operator.OperatorResult{}, err
	}
	receipt := operator.OperatorResult{
		Outcome:      outcome,
		ProviderTxID: cmp.Or(q.Handle[keyPayoutID], string(got.Payload.PaymentID), string(got.TransactionID)),
		Message:      o.Redact(got.String()),
	}
	if outcome != pirogue.OutcomePaid {
		return receipt, nil
	}
	if receipt.Amount, err = o.money(got.Payload.payment); err != nil {
		return operator.OperatorResult{}, err
	}
	receipt.Mismatch = o.mismatch(got.Payload.payment, q)
	return receipt, nil
}

// agreed returns the outcome of a response. The inner word, if there is one, must mean the
// same; otherwise it returns Unknown.
func (o *adapter) agreed(outer, inner outbound.Text) (pirogue.Outcome, error) {
	outcome, err := o.outcomeOf(outer)
	if err != nil || inner == "" {
		return outcome, err
	}
	within, err := o.outcomeOf(inner)
	// Two words that contradict each other decide nothing.
	if err == nil && within != outcome {
		err = pirogue.Errorf(operator.Unknown, "status %s around a payload that says %s", upper(outer), upper(inner))
	}
	return outcome, err
}

// isOurs returns Unknown for a response about another payment, and for a final result that
// does not name its payment. It accepts a success of another business: that is a mismatch,
// which a person must see.
func (o *adapter) isOurs(got statusAnswer, q operator.StatusQuery, outcome pirogue.Outcome) error {
	names := namesOf(q.Ref, q.Handle)
	named := got.ProductID != "" || got.Payload.ProductID != "" ||
		slices.Contains(names, string(got.Payload.PaymentID))
	switch {
	case isOther(got.ProductID, names), isOther(got.Payload.ProductID, names):
		return pirogue.Errorf(operator.Unknown, "status of another payment than %s", q.Ref)
	case outcome != pirogue.OutcomePaid && o.isStranger(got.Payload.payment):
		return pirogue.Errorf(operator.Unknown, "status of another business's payment")
	case outcome != pirogue.OutcomePending && !named:
		// SUCCESS without a name may be about the call itself.
		return pirogue.Errorf(operator.Unknown, "%s without a productId", o.Redact(got.String()))
	default:
		return nil
	}
}
