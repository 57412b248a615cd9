package taramoney

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// headerSecret names the header that carries the account's webhook secret, verbatim. No
// document has it; integrators saw it in production.
const headerSecret = "Tara-Webhook-Secret" //nolint:gosec // the header's name

// resendPath is the path that requests a webhook again.
const resendPath = "/resend-webhook"

// Callback implements operator.CallbackReader. Its proof is the webhook secret, if the
// configuration has one. The body must name our business and, if it names a product, the
// attempt. The seed's shorter form names neither product nor amount. The customer's number
// is not compared, because an attempt does not hold it.
func (o *adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	return o.ReadCallback(a, header, body, client.ReadJSON(func(got payment) (operator.OperatorResult, error) {
		switch {
		case got.BusinessID == "" || o.isOtherBusiness(got):
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a webhook of another business")
		case isOtherProduct(got.ProductID, attemptNames(a.Ref, a.Handle)):
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a webhook about another payment than %s", a.Ref)
		}
		return o.readCallback(got)
	}))
}

// readCallback returns the operator result of a webhook.
func (o *adapter) readCallback(got payment) (operator.OperatorResult, error) {
	outcome, err := o.outcomeOf(got.Status)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	result := operator.OperatorResult{
		Outcome: outcome, ProviderTxID: string(got.PaymentID), Message: o.Redact(string(got.Status)),
	}
	if outcome != pirogue.OutcomePaid {
		return result, nil
	}
	if result.Amount, err = o.readAmount(got); err != nil {
		return operator.OperatorResult{}, err
	}
	if result.Amount.Currency != o.conf.Currency && result.Amount.Currency != "" {
		result.Mismatch = client.MismatchCurrency
	}
	return result, nil
}

// ResendCallback implements operator.CallbackResender, for a collection. A payout has no
// webhook and is Unable. It returns Refused or Unable if Taramoney refuses. Our reading: no
// document has the response. So any JSON that is no refusal, and an empty body, count as
// acceptance; only the webhook itself matters.
func (o *adapter) ResendCallback(ctx context.Context, q operator.StatusQuery) error {
	if q.Kind.MoneyOut() {
		return pirogue.Errorf(operator.Unable, "not sent: Taramoney sends no webhook about a payout")
	}
	resp, err := o.post(ctx, resendPath, productQuery{account: o.account(), ProductID: string(q.Ref)})
	if err != nil {
		return err
	}
	var got statusMessage
	if resp.OK() && len(bytes.TrimSpace(resp.Body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(resp.Body, &got); err == nil && resp.OK() && got.Status == "" {
		return nil
	}
	if code := submitCode(resp.Status, got.Status, got.Message); code != "" {
		return o.CodedError(code, resp)
	}
	return nil
}
