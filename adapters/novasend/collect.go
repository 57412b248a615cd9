package novasend

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The paths of both ways to collect.
const (
	sessionPath     = "/v1/payin/sessions"
	directPayinPath = "/v1/direct/payin"
)

// walletRequest is the body of POST payin/sessions and of POST payout.
type walletRequest struct {
	Reference    string       `json:"reference"`           // ours
	AccountID    string       `json:"accountId,omitempty"` // in the seed's shape
	Amount       int64        `json:"amount"`              // francs
	MSISDN       string       `json:"msisdn"`              // E.164
	CustomerName string       `json:"customerName"`
	Country      string       `json:"country"`
	Action       *returnPages `json:"action,omitempty"` // of a session, in the current shape
}

// directPayinRequest is the body of POST direct/payin.
type directPayinRequest struct {
	Reference    string         `json:"reference"`
	CustomerName string         `json:"customerName"`
	Payin        walletTransfer `json:"payin"`
	Action       returnPages    `json:"action"`
}

// Collect implements operator.Collector. It collects directly in shape "direct", and for a
// customer with a one-time password, which only the direct API accepts. Otherwise it opens
// a session. In a country without a direct API the password stays unused.
//
// A collection that Novasend can never accept is Unable and not sent. An Orange customer
// without the password that the direct API requires is Refused.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if _, err := o.Limits.LocalNumber(client.CollectSubmission(c)); err != nil {
		return operator.OperatorResult{}, err
	}
	if o.conf.Shape == shapeDirect || (c.OTP != "" && directCountries[o.conf.Country]) {
		return o.collectDirect(ctx, c)
	}
	s := submission{path: sessionPath, body: o.sessionRequest(c), kind: pirogue.CashIn, ref: c.Ref}
	got, result, err := o.submit(ctx, s, expected{kind: typePayin, ref: c.Ref, amount: c.Amount})
	if result.Outcome == pirogue.OutcomePending {
		result.NextAction = o.sessionAction(got)
	}
	return result, err
}

// sessionRequest returns the body of POST payin/sessions.
func (o *adapter) sessionRequest(c operator.CollectRequest) walletRequest {
	body := walletRequest{
		Reference: string(c.Ref), Amount: c.Amount.Minor, MSISDN: string(c.MSISDN),
		CustomerName: customerName(c.Payer), Country: string(o.conf.Country),
	}
	if o.conf.Shape == shapeSeed {
		body.AccountID = o.conf.Credentials[credAccountID]
	} else {
		body.Action = &returnPages{SuccessURL: c.ReturnURL, FailureURL: c.CancelURL}
	}
	return body
}

// collectDirect collects from a named network. The attempt uses up a one-time password once
// Novasend responds. Until then the attempt may be sent again unchanged, so the handle
// keeps the password.
func (o *adapter) collectDirect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	network := cmp.Or(c.Network, o.conf.Network)
	provider, known := providerNames[network]
	switch {
	case !known:
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unable,
			"not sent: no direct payin from network %q", network)
	case network == pirogue.Orange && c.OTP == "":
		return operator.OperatorResult{}, pirogue.Errorf(operator.Refused,
			"not sent: Orange wants a one-time password beforehand")
	}
	body := directPayinRequest{
		Reference: string(c.Ref), CustomerName: customerName(c.Payer),
		Payin:  o.newWalletTransfer(c.Amount, c.MSISDN, provider),
		Action: returnPages{SuccessURL: c.ReturnURL, FailureURL: c.CancelURL},
	}
	body.Payin.OTP = c.OTP
	s := submission{path: directPayinPath, body: body, kind: pirogue.CashIn, ref: c.Ref, secret: c.OTP}
	got, result, err := o.submit(ctx, s, expected{kind: typePayin, ref: c.Ref, amount: c.Amount})
	switch {
	case err != nil && result.Handle != nil && c.OTP != "":
		// The same request may be sent again under its key, and it must carry the same password.
		result.Handle[pirogue.HandleOTP] = c.OTP
	case result.Outcome == pirogue.OutcomePending:
		result.NextAction = o.directAction(got, network, c.OTP)
	}
	return result, err
}

// sessionAction returns the next action of a session's customer: to open its page. Without a
// usable page it is to confirm the message that Novasend sends to the phone.
func (o *adapter) sessionAction(r record) pirogue.NextAction {
	switch {
	case !r.ConfirmationRequired:
		return pirogue.NextAction{}
	case o.isPageURL(r.PaymentURL):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: r.PaymentURL}
	default:
		return pirogue.NextAction{Type: pirogue.ActionPush}
	}
}

// directAction returns the next action of a direct payin's customer. It is to open the page that
// Wave requires, or to confirm on the phone. A customer who gave a password has none.
func (o *adapter) directAction(r record, network pirogue.Network, otp string) pirogue.NextAction {
	switch {
	case r.ConfirmationRequired && o.isPageURL(r.PaymentURL):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: r.PaymentURL}
	case otp != "":
		return pirogue.NextAction{}
	}
	next := pirogue.NextAction{Type: pirogue.ActionPush}
	if menu := ussdCodes[network]; o.conf.Country == "CI" && menu != "" {
		next.USSDCode, next.Vendor = menu, providerNames[network]
	}
	return next
}

// isPageURL reports whether a customer may be sent to an address.
func (o *adapter) isPageURL(address string) bool { return client.IsPageURL(address, o.conf.Simulator) }
