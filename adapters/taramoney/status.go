package taramoney

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// statusPath is the path of a payment's status.
const statusPath = "/transactions/status"

// productQuery is the body of POST transactions/status and of POST resend-webhook.
type productQuery struct {
	account

	ProductID string `json:"productId"`
}

// statusResponse is the body of the response to transactions/status. Documents have
// productId, status and message; in production only the payload has the productId.
// Production also has paymentData, a second string of JSON with the net amount, which we do
// not read.
type statusResponse struct {
	statusMessage

	ProductID     client.Text `json:"productId"`
	TransactionID client.Text `json:"transactionId"`
	Payload       payload     `json:"payload"`
}

// Status implements operator.StatusReader. It asks for a collection by our reference. It
// asks for a payout by Taramoney's identifier, or by our reference if that was lost. Our
// reading: the document describes only collections. It never returns Refused, because the
// refusal of a status call tells nothing about the money.
func (o adapterWithStatus) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	if !q.Kind.MoneyOut() {
		q.Handle = nil
	}
	name := cmp.Or(q.Handle[keyPayoutID], string(q.Ref))
	body, err := o.query(ctx, statusPath, productQuery{account: o.account(), ProductID: name})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	var got statusResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status: not the JSON of the document: %s",
			o.Redact(err.Error()))
	}
	if upperWord(got.Status) == wordError {
		return o.readError(got.statusMessage, q.Kind)
	}
	return o.readPayment(got, q)
}

// readError reads a response with the status ERROR. A payment that is not found proves
// nothing: Taramoney may list a collection only after the customer acted.
func (o *adapter) readError(v statusMessage, kind pirogue.PaymentKind) (operator.OperatorResult, error) {
	if upperWord(v.Message) != messageAbsent {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown,
			"Taramoney does not answer: %s", o.Redact(v.String()))
	}
	result := operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: o.Redact(v.String())}
	// A payout has no prompt that could still be open.
	if kind.MoneyOut() {
		result.Outcome = pirogue.OutcomeAbsent
	}
	return result, nil
}

// readPayment reads the result of a payment. The words outside and inside the payload must mean
// the same. A final result must name the payment, because Taramoney also answers SUCCESS
// and FAILURE to status calls as such.
func (o *adapter) readPayment(got statusResponse, q operator.StatusQuery) (operator.OperatorResult, error) {
	outcome, err := o.matchOutcomes(got.Status, got.Payload.Status)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if err := o.checkPayment(got, q, outcome); err != nil {
		return operator.OperatorResult{}, err
	}
	result := operator.OperatorResult{
		Outcome:      outcome,
		ProviderTxID: cmp.Or(q.Handle[keyPayoutID], string(got.Payload.PaymentID), string(got.TransactionID)),
		Message:      o.Redact(got.String()),
	}
	if outcome != pirogue.OutcomePaid {
		return result, nil
	}
	if result.Amount, err = o.readAmount(got.Payload.payment); err != nil {
		return operator.OperatorResult{}, err
	}
	result.Mismatch = o.mismatch(got.Payload.payment, q)
	return result, nil
}

// matchOutcomes returns the outcome of a response. The inner word, if there is one, must mean the
// same; otherwise it returns Unknown.
func (o *adapter) matchOutcomes(outer, inner client.Text) (pirogue.Outcome, error) {
	outcome, err := o.outcomeOf(outer)
	if err != nil || inner == "" {
		return outcome, err
	}
	within, err := o.outcomeOf(inner)
	// Two words that contradict each other decide nothing.
	if err == nil && within != outcome {
		err = pirogue.Errorf(operator.Unknown, "status %s around a payload that says %s", upperWord(outer), upperWord(inner))
	}
	return outcome, err
}

// checkPayment returns Unknown for a response about another payment, and for a final result that
// does not name its payment. It accepts a success of another business: that is a mismatch,
// which a person must see.
func (o *adapter) checkPayment(got statusResponse, q operator.StatusQuery, outcome pirogue.Outcome) error {
	names := attemptNames(q.Ref, q.Handle)
	named := got.ProductID != "" || got.Payload.ProductID != "" ||
		slices.Contains(names, string(got.Payload.PaymentID))
	switch {
	case isOtherProduct(got.ProductID, names), isOtherProduct(got.Payload.ProductID, names):
		return pirogue.Errorf(operator.Unknown, "status of another payment than %s", q.Ref)
	case outcome != pirogue.OutcomePaid && o.isOtherBusiness(got.Payload.payment):
		return pirogue.Errorf(operator.Unknown, "status of another business's payment")
	case outcome != pirogue.OutcomePending && !named:
		// SUCCESS without a name may be about the call itself.
		return pirogue.Errorf(operator.Unknown, "%s without a productId", o.Redact(got.String()))
	default:
		return nil
	}
}
