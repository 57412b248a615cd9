package taramoney

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// headerSecret names the header that carries the account's webhook secret, verbatim. No
// document has it; integrators saw it in production.
const headerSecret = "Tara-Webhook-Secret" //nolint:gosec // the header's name

// resendPath is the path that requests a webhook again.
const resendPath = "/resend-webhook"

// Callback implements pirogue.CallbackReader. Its proof is the webhook secret, if the
// configuration has one. The body must name our business and, if it names a product, the
// attempt. The seed's shorter form names neither product nor amount. The customer's number
// is not compared, because an attempt does not hold it.
func (o *adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	return o.ReadCallback(a, header, body, outbound.JSON(func(got payment) (operator.OperatorResult, error) {
		switch {
		case got.BusinessID == "" || o.isStranger(got):
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a webhook of another business")
		case isOther(got.ProductID, namesOf(a.Ref, a.Handle)):
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a webhook about another payment than %s", a.Ref)
		}
		return o.heard(got)
	}))
}

// heard returns the operator result of a webhook.
func (o *adapter) heard(got payment) (operator.OperatorResult, error) {
	outcome, err := o.outcomeOf(got.Status)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	receipt := operator.OperatorResult{Outcome: outcome, ProviderTxID: string(got.PaymentID), Message: o.Redact(string(got.Status))}
	if outcome != pirogue.OutcomePaid {
		return receipt, nil
	}
	if receipt.Amount, err = o.money(got); err != nil {
		return operator.OperatorResult{}, err
	}
	if receipt.Amount.Currency != o.conf.Currency && receipt.Amount.Currency != "" {
		receipt.Mismatch = outbound.MismatchCurrency
	}
	return receipt, nil
}

// ResendCallback implements pirogue.CallbackResender, for a collection. A payout has no
// webhook and is Unable. It returns Refused or Unable if Taramoney refuses. Our reading: no
// document has the response. So any JSON that is no refusal, and an empty body, count as
// acceptance; only the webhook itself matters.
func (o *adapter) ResendCallback(ctx context.Context, q operator.StatusQuery) error {
	if q.Kind.MoneyOut() {
		return pirogue.Errorf(operator.Unable, "not sent: Taramoney sends no webhook about a payout")
	}
	answer, err := o.post(ctx, resendPath, question{account: o.account(), ProductID: string(q.Ref)})
	if err != nil {
		return err
	}
	var got verdict
	if answer.OK() && len(bytes.TrimSpace(answer.Body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer.Body, &got); err == nil && answer.OK() && got.Status == "" {
		return nil
	}
	if class := classOf(answer.Status, got.Status, got.Message); class != "" {
		return o.Errorf(class, answer)
	}
	return nil
}
