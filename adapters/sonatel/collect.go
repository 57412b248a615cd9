package sonatel

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The paths of both ways to collect.
const (
	qrPath      = "/api/eWallet/v4/qrcode"
	oneStepPath = "/api/eWallet/v1/payments/onestep"
)

// keyQR is the handle's key for a QR's identifier.
const keyQR = "qr_id"

// qrRequest is the body of POST qrcode. It names no customer.
type qrRequest struct {
	Code               string       `json:"code"` // the merchant's
	Name               string       `json:"name"`
	Amount             money        `json:"amount"`
	Reference          string       `json:"reference"`
	Validity           int64        `json:"validity"` // seconds
	CallbackSuccessURL string       `json:"callbackSuccessUrl,omitempty"`
	CallbackCancelURL  string       `json:"callbackCancelUrl,omitempty"`
	Restrictions       restrictions `json:"restrictions"`
}

// restrictions let a QR be paid once only. Otherwise two phones could pay one order.
type restrictions struct {
	IsSingleUse bool `json:"isSingleUse"`
}

// qrResponse is the body of its response. QRCode is the bare base64 of a PNG.
type qrResponse struct {
	QRID      client.Text `json:"qrId"`
	DeepLink  string      `json:"deepLink"`
	ShortLink string      `json:"shortLink"`
	QRCode    string      `json:"qrCode"`
	ValidFor  struct {
		EndDateTime string `json:"endDateTime"`
	} `json:"validFor"`
}

// oneStepRequest is the body of POST payments/onestep.
type oneStepRequest struct {
	Customer  side   `json:"customer"`
	Partner   side   `json:"partner"`
	Amount    money  `json:"amount"`
	Reference string `json:"reference"`
}

// Collect implements operator.Collector. It collects in one step if the request carries a
// one-time password. Otherwise it creates a QR that can be paid once, within the
// collection's window and at most a day. A collection that Orange can never accept is
// Unable and not sent.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if err := o.Limits.CheckSubmission(client.CollectSubmission(c)); err != nil {
		return operator.OperatorResult{}, err
	}
	if c.OTP != "" {
		return o.collectOneStep(ctx, c)
	}
	return o.openQR(ctx, c)
}

// openQR creates a QR.
func (o *adapter) openQR(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	window := min(c.Window, maxValidity)
	if window < time.Second {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unable, "not sent: a QR cannot be valid for %v", c.Window)
	}
	req, err := o.post(qrPath, o.qrRequest(c, window))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if c.CallbackURL != "" {
		req.Header.Set(headerCallbackURL, c.CallbackURL)
	}
	if o.conf.Simulator {
		req.Header.Set(headerSandboxMSISDN, string(c.MSISDN))
	}
	sentAt := o.clock.Now()
	resp, err := o.Submit(ctx, req, pirogue.CashIn)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return o.readQR(resp.Body, sentAt.Add(window))
}

// qrRequest returns the body of POST qrcode.
func (o *adapter) qrRequest(c operator.CollectRequest, window time.Duration) qrRequest {
	return qrRequest{
		Code:               o.conf.Credentials[credMerchantCode],
		Name:               client.Truncate(cmp.Or(c.Payee, o.conf.Credentials[credMerchantName]), maxName),
		Amount:             money{c.Amount.Minor, unit},
		Reference:          string(c.Ref),
		Validity:           int64(window / time.Second),
		CallbackSuccessURL: c.ReturnURL,
		CallbackCancelURL:  c.CancelURL,
		Restrictions:       restrictions{IsSingleUse: true},
	}
}

// readQR reads the response to qrcode. A QR needs an identifier and a usable link or
// picture. Without them it is Unknown whether the QR exists.
func (o *adapter) readQR(body []byte, expires time.Time) (operator.OperatorResult, error) {
	var got qrResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "QR: not the JSON of the specification: %w", err)
	}
	link := o.link(got.DeepLink, got.ShortLink)
	if got.QRID == "" || (got.QRCode == "" && link == "") {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "QR without qrId, or without anything to show")
	}
	if until, ok := readTime(got.ValidFor.EndDateTime); ok {
		expires = until
	}
	return operator.OperatorResult{
		Outcome:    pirogue.OutcomePending,
		NextAction: pirogue.NextAction{Type: pirogue.ActionQR, QR: got.QRCode, URL: link, ExpiresAt: expires},
		Handle:     pirogue.Handle{keyQR: string(got.QRID)},
	}, nil
}

// collectOneStep collects with the customer's one-time password. Orange responds when the payment
// is over. The attempt uses up the password, whatever its result.
func (o *adapter) collectOneStep(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	number, err := o.Limits.LocalNumber(client.CollectSubmission(c))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	req, err := o.post(oneStepPath, oneStepRequest{
		Customer:  side{IDType: idMSISDN, ID: number, OTP: c.OTP},
		Partner:   side{IDType: idCode, ID: o.conf.Credentials[credMerchantCode]},
		Amount:    money{c.Amount.Minor, unit},
		Reference: string(c.Ref),
	})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	req.Secrets = []string{c.OTP}
	resp, err := o.Submit(ctx, req, pirogue.CashIn)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return o.readExecuted(resp.Body, c.Ref, c.OTP)
}
