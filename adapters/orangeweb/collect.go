package orangeweb

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// sessionRequest is the body of POST webpayment.
type sessionRequest struct {
	MerchantKey string `json:"merchant_key"` // names the merchant's Orange Money account
	Currency    string `json:"currency"`
	OrderID     string `json:"order_id"` // unique for ever, at most 30 characters
	Amount      int64  `json:"amount"`   // francs
	ReturnURL   string `json:"return_url"`
	CancelURL   string `json:"cancel_url"`
	NotifURL    string `json:"notif_url"`
	Lang        string `json:"lang"`
	Reference   string `json:"reference"` // the merchant's name on Orange's page, at most 30 characters
}

// sessionResponse is the body of its response 201.
type sessionResponse struct {
	Message    string `json:"message"`
	PayToken   string `json:"pay_token"`
	PaymentURL string `json:"payment_url"`
	NotifToken string `json:"notif_token"`
}

// Collect implements operator.Collector. It opens a session and returns the page for the
// customer. A collection that Orange can never accept is Unable and not sent. An Unknown
// result keeps the tokens that the response holds.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if err := o.checkRequest(c); err != nil {
		return operator.OperatorResult{}, err
	}
	req, err := client.PostJSON(o.path("webpayment"), o.sessionRequest(c))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if o.conf.Simulator {
		req.Header.Set(headerSandboxMSISDN, string(c.MSISDN))
	}
	req.Secrets = []string{string(c.MSISDN)}
	sentAt := o.clock.Now()
	resp, err := o.Submit(ctx, req, pirogue.CashIn)
	if err == nil && resp.Status != http.StatusCreated {
		err = o.ResponseError(resp, pirogue.CashIn, req.Secrets...)
	}
	return o.ReadResult(resp, err, func(body []byte) (operator.OperatorResult, error) {
		return o.readSession(body, sentAt.Add(sessionLife))
	})
}

// checkRequest returns Unable for a collection that Orange can never accept. Nothing is sent:
// Orange would refuse the call too and use up the order_id.
func (o *adapter) checkRequest(c operator.CollectRequest) error {
	if err := o.Limits.CheckSubmission(client.CollectSubmission(c)); err != nil {
		return err
	}
	addresses := []struct{ field, url string }{
		{"return_url", c.ReturnURL}, {"cancel_url", c.CancelURL}, {"notif_url", c.CallbackURL},
	}
	for _, a := range addresses {
		if n := utf8.RuneCountInString(a.url); n > maxURL {
			return pirogue.Errorf(operator.Unable, "not sent: %s has %d characters, Orange takes %d", a.field, n, maxURL)
		}
	}
	return nil
}

// sessionRequest returns the body of POST webpayment.
func (o *adapter) sessionRequest(c operator.CollectRequest) sessionRequest {
	currency := string(o.conf.Currency)
	if o.conf.Environment == environmentDev {
		currency = currencyDev
	}
	return sessionRequest{
		MerchantKey: o.conf.Credentials[credMerchantKey],
		Currency:    currency,
		OrderID:     string(c.Ref),
		Amount:      c.Amount.Minor,
		ReturnURL:   c.ReturnURL,
		CancelURL:   c.CancelURL,
		NotifURL:    c.CallbackURL,
		Lang:        lang,
		Reference:   client.Truncate(c.Payee, maxReference),
	}
}

// readSession reads the response to webpayment. A session needs all three values. Without them
// it is Unknown whether the session exists. The result then holds the tokens in the
// response: a pay_token makes the status readable.
func (o *adapter) readSession(body []byte, expires time.Time) (operator.OperatorResult, error) {
	var got sessionResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "session: not the JSON of the guide: %w", err)
	}
	if got.PayToken == "" {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "session without pay_token")
	}
	if got.NotifToken == "" {
		named := operator.OperatorResult{Handle: pirogue.Handle{keyPayToken: got.PayToken}}
		return named, pirogue.Errorf(operator.Unknown, "session without notif_token")
	}
	named := operator.OperatorResult{Handle: pirogue.Handle{keyPayToken: got.PayToken, keyNotifToken: got.NotifToken}}
	if !client.IsPageURL(got.PaymentURL, o.conf.Simulator) {
		return named, pirogue.Errorf(operator.Unknown, "session whose payment_url is not an https address")
	}
	named.Outcome = pirogue.OutcomePending
	named.NextAction = pirogue.NextAction{Type: pirogue.ActionRedirect, URL: got.PaymentURL, ExpiresAt: expires}
	named.Message = o.Redact(got.Message, got.PayToken, got.NotifToken)
	return named, nil
}
