package novasend

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The paths of both ways to collect.
const (
	sessionPath     = "/v1/payin/sessions"
	directPayinPath = "/v1/direct/payin"
)

// walletRequest is the body of POST payin/sessions and of POST payout.
type walletRequest struct {
	Reference    string  `json:"reference"`           // ours
	AccountID    string  `json:"accountId,omitempty"` // in the seed's shape
	Amount       int64   `json:"amount"`              // francs
	MSISDN       string  `json:"msisdn"`              // E.164
	CustomerName string  `json:"customerName"`
	Country      string  `json:"country"`
	Action       *action `json:"action,omitempty"` // of a session, in the current shape
}

// action holds the pages to which the customer's browser goes afterwards.
type action struct {
	SuccessURL string `json:"successUrl"`
	FailureURL string `json:"failureUrl"`
}

// directPayinRequest is the body of POST direct/payin.
type directPayinRequest struct {
	Reference    string `json:"reference"`
	CustomerName string `json:"customerName"`
	Payin        leg    `json:"payin"`
	Action       action `json:"action"`
}

// leg is the money that moves between Novasend and a wallet of a named network.
type leg struct {
	Amount   int64  `json:"amount"`
	MSISDN   string `json:"msisdn"`
	Provider string `json:"provider"`
	Country  string `json:"country"`
	OTP      string `json:"otp,omitempty"` // required for ORANGE
}

// Collect implements pirogue.Collector. It collects directly in shape "direct", and for a
// customer with a one-time password, which only the direct API accepts. Otherwise it opens
// a session. In a country without a direct API the password stays unused.
//
// A collection that Novasend can never accept is Unable and not sent. An Orange customer
// without the password that the direct API requires is Refused.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if _, err := o.Limits.LocalNumber(outbound.CollectSubmission(c)); err != nil {
		return operator.OperatorResult{}, err
	}
	if o.conf.Shape == shapeDirect || (c.OTP != "" && direct[o.conf.Country]) {
		return o.collectDirect(ctx, c)
	}
	w := write{path: sessionPath, body: o.session(c), kind: pirogue.CashIn, ref: c.Ref}
	got, receipt, err := o.submit(ctx, w, order{kind: typePayin, ref: c.Ref, amount: c.Amount})
	if receipt.Outcome == pirogue.OutcomePending {
		receipt.NextAction = o.confirmation(got)
	}
	return receipt, err
}

// session returns the body of POST payin/sessions.
func (o *adapter) session(c operator.CollectRequest) walletRequest {
	body := walletRequest{
		Reference: string(c.Ref), Amount: c.Amount.Minor, MSISDN: string(c.MSISDN),
		CustomerName: nameOf(c.Payer), Country: string(o.conf.Country),
	}
	if o.conf.Shape == shapeSeed {
		body.AccountID = o.conf.Credentials[credAccountID]
	} else {
		body.Action = &action{SuccessURL: c.ReturnURL, FailureURL: c.CancelURL}
	}
	return body
}

// collectDirect collects from a named network. The attempt uses up a one-time password once
// Novasend responds. Until then the attempt may be sent again unchanged, so the handle
// keeps the password.
func (o *adapter) collectDirect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	network := cmp.Or(c.Network, o.conf.Network)
	provider, known := providers[network]
	switch {
	case !known:
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unable, "not sent: no direct payin from network %q", network)
	case network == pirogue.Orange && c.OTP == "":
		return operator.OperatorResult{}, pirogue.Errorf(operator.Refused, "not sent: Orange wants a one-time password beforehand")
	}
	body := directPayinRequest{
		Reference: string(c.Ref), CustomerName: nameOf(c.Payer),
		Payin:  o.leg(c.Amount, c.MSISDN, provider),
		Action: action{SuccessURL: c.ReturnURL, FailureURL: c.CancelURL},
	}
	body.Payin.OTP = c.OTP
	w := write{path: directPayinPath, body: body, kind: pirogue.CashIn, ref: c.Ref, secret: c.OTP}
	got, receipt, err := o.submit(ctx, w, order{kind: typePayin, ref: c.Ref, amount: c.Amount})
	switch {
	case err != nil && receipt.Handle != nil && c.OTP != "":
		// The same request may be sent again under its key, and it must carry the same password.
		receipt.Handle[pirogue.HandleOTP] = c.OTP
	case receipt.Outcome == pirogue.OutcomePending:
		receipt.NextAction = o.push(got, network, c.OTP)
	}
	return receipt, err
}

// leg returns the money that moves, in the form of the direct API.
func (o *adapter) leg(amount pirogue.Money, number pirogue.MSISDN, provider string) leg {
	return leg{Amount: amount.Minor, MSISDN: string(number), Provider: provider, Country: string(o.conf.Country)}
}

// confirmation returns the next action of a session's customer: to open its page. Without a
// usable page it is to confirm the message that Novasend sends to the phone.
func (o *adapter) confirmation(r record) pirogue.NextAction {
	switch {
	case !r.ConfirmationRequired:
		return pirogue.NextAction{}
	case o.isPage(r.PaymentURL):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: r.PaymentURL}
	default:
		return pirogue.NextAction{Type: pirogue.ActionPush}
	}
}

// push returns the next action of a direct payin's customer. It is to open the page that
// Wave requires, or to confirm on the phone. A customer who gave a password has none.
func (o *adapter) push(r record, network pirogue.Network, otp string) pirogue.NextAction {
	switch {
	case r.ConfirmationRequired && o.isPage(r.PaymentURL):
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: r.PaymentURL}
	case otp != "":
		return pirogue.NextAction{}
	}
	next := pirogue.NextAction{Type: pirogue.ActionPush}
	if menu := menus[network]; o.conf.Country == "CI" && menu != "" {
		next.USSDCode, next.Vendor = menu, providers[network]
	}
	return next
}

// isPage reports whether a customer may be sent to an address.
func (o *adapter) isPage(address string) bool { return outbound.IsPage(address, o.conf.Simulator) }
