package api

import (
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/support"
	"pirogue/webhook"
)

// paymentView is a payment in the merchant API: Neka Paie's fields under their names, then
// Pirogue's. A field that does not apply is left out, never null.
type paymentView struct {
	ID               pirogue.PaymentID    `json:"transaction_id"`
	Original         pirogue.PaymentID    `json:"original_transaction_id,omitempty"` // of a refund
	OrderID          string               `json:"merchant_order_id"`
	Type             pirogue.PaymentKind  `json:"type"`
	Status           pirogue.Status       `json:"status"`
	Amount           int64                `json:"amount"` // minor units, as the merchant asked for
	Fee              int64                `json:"fee"`    // minor units, frozen at acceptance
	Currency         pirogue.Currency     `json:"currency"`
	CountryCode      pirogue.CountryCode  `json:"country_code"`
	MSISDN           string               `json:"msisdn"`   // masked
	Operator         pirogue.OperatorCode `json:"operator"` // of the latest attempt
	Network          pirogue.Network      `json:"network"`
	PaymentURL       string               `json:"payment_url,omitempty"`
	NextAction       *actionView          `json:"next_action,omitempty"`
	RefundedAmount   int64                `json:"refunded_amount"`   // minor units given back so far
	RefundableAmount int64                `json:"refundable_amount"` // minor units that can still be given back
	ProviderTxID     string               `json:"provider_tx_id,omitempty"`
	Failure          *failureView         `json:"failure,omitempty"`
	WaitingFor       string               `json:"waiting_for,omitempty"`   // absent when the workflow does not respond
	PollAfter        *int64               `json:"poll_after_ms,omitempty"` // 0: poll at once
	ExpiresAt        string               `json:"expires_at,omitempty"`
	CreatedAt        string               `json:"created_at"`
	UpdatedAt        string               `json:"updated_at"`
	Metadata         map[string]string    `json:"metadata"`
	Livemode         bool                 `json:"livemode"` // false: test money
}

// actionView is the customer's next step.
type actionView struct {
	Type      pirogue.ActionType `json:"type"`
	URL       string             `json:"url,omitempty"`
	QR        string             `json:"qr,omitempty"`
	USSDCode  string             `json:"ussd_code,omitempty"`
	Vendor    string             `json:"vendor,omitempty"` // the network whose menu the code opens
	ExpiresAt string             `json:"expires_at,omitempty"`
}

// failureView is the reason why a payment did not succeed.
type failureView struct {
	Code    pirogue.FailureCode `json:"code"`
	Message string              `json:"message"`
	Moved   int64               `json:"moved_amount,omitempty"` // of a payment that was paid in part, in minor units
}

// viewOf returns a payment's view, with its texts in t.
func viewOf(p pirogue.Payment, t uiLanguage) paymentView {
	view := paymentView{
		ID: p.ID, Original: p.ParentID, OrderID: p.OrderID, Type: p.Kind, Status: p.Status,
		Amount: p.Amount.Minor, Fee: p.Fee.Minor, Currency: p.Amount.Currency,
		CountryCode: p.Country, MSISDN: p.MSISDN.Masked(), Operator: p.Operator, Network: p.Network,
		RefundedAmount: p.Refunded, RefundableAmount: p.Refundable(), ProviderTxID: p.ProviderTxID,
		CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
		Metadata: p.Metadata, Livemode: p.Mode == pirogue.Live,
	}
	if view.Metadata == nil {
		view.Metadata = map[string]string{}
	}
	// The page stays in the view of an ended payment. A shop that redirects to payment_url must find
	// it, even when the customer pays before the shop has our response.
	if p.NextAction.Type == pirogue.ActionRedirect {
		view.PaymentURL = p.NextAction.URL
	}
	if p.Failure.Code != "" {
		view.Failure = &failureView{Code: p.Failure.Code, Message: reason(p.Failure.Code, t), Moved: p.Moved}
	}
	if !p.Status.Terminal() {
		view.NextAction = actionOf(p.NextAction)
		view.ExpiresAt = moment(p.ExpiresAt)
	}
	return view
}

// refundView is a refund in the responses of POST /refunds. Its transaction_id is the cash-in that
// it gives back, and the refund has fields of its own. Elsewhere, in lists and webhooks, a refund's
// transaction_id is its own.
type refundView struct {
	ID        pirogue.PaymentID `json:"refund_id"`
	Original  pirogue.PaymentID `json:"transaction_id"`
	Reference string            `json:"merchant_refund_id"`
	paymentView
}

// refundOf returns a refund's view, with its texts in t.
func refundOf(p pirogue.Payment, t uiLanguage) refundView {
	view := refundView{ID: p.ID, Original: p.ParentID, Reference: p.OrderID, paymentView: viewOf(p, t)}
	view.paymentView.Original = "" // it is transaction_id
	return view
}

// shown returns the view of a payment in the form of the request that created it.
func shown(p pirogue.Payment, t uiLanguage) any {
	if p.Kind == pirogue.Refund {
		return refundOf(p, t)
	}
	return viewOf(p, t)
}

// actionOf returns the view of the customer's next step, nil when there is none.
func actionOf(a pirogue.NextAction) *actionView {
	if a.Type == "" {
		return nil
	}
	return &actionView{
		Type: a.Type, URL: a.URL, QR: a.QR, USSDCode: a.USSDCode, Vendor: a.Vendor, ExpiresAt: moment(a.ExpiresAt),
	}
}

// reason returns a failure's text in t, or the code itself when it has no text.
func reason(code pirogue.FailureCode, t uiLanguage) string {
	if text := t.of(webhook.FailureTexts[code]); text != "" {
		return text
	}
	return string(code)
}

// wait adds what the payment's workflow waits on.
func (view *paymentView) wait(w lifecycle.WaitState, now time.Time) {
	view.WaitingFor = w.For
	if !w.NextPoll.IsZero() {
		after := max(0, w.NextPoll.Sub(now).Milliseconds())
		view.PollAfter = &after
	}
	if !w.Deadline.IsZero() {
		view.ExpiresAt = moment(w.Deadline)
	}
}

// moment formats a time as Neka Paie does: RFC 3339 in UTC, to the whole second. It cuts fractions
// off, so that it never promises a customer more time than is left. The zero time is "".
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// eventView is one line of a payment's timeline in the merchant API.
type eventView struct {
	At      string                    `json:"at"`
	Type    support.TimelineEntryType `json:"type"`
	Source  support.Source            `json:"source"`
	Message string                    `json:"message"`
	Details map[string]any            `json:"details"`
}

// eventOf returns the view of one line of a timeline, with its text in t.
func eventOf(m support.TimelineEntry, t uiLanguage) eventView {
	view := eventView{
		At: moment(m.At), Type: m.Type, Source: m.Source, Message: t.of(support.TimelineTexts[m.Type]), Details: m.Details,
	}
	if view.Message == "" {
		view.Message = string(m.Type)
	}
	if view.Details == nil {
		view.Details = map[string]any{}
	}
	return view
}

// balanceView is a merchant's balance in one country.
type balanceView struct {
	CountryCode pirogue.CountryCode `json:"country_code"`
	Currency    pirogue.Currency    `json:"currency"`
	Available   int64               `json:"available"` // minor units that may be spent
	Pending     int64               `json:"pending"`   // of cash-ins under way
	Reserved    int64               `json:"reserved"`  // of cash-outs, refunds and waiting bulk lines
	UpdatedAt   string              `json:"updated_at"`
}

// balanceOf returns the view of one balance.
func balanceOf(b listing.Balance) balanceView {
	return balanceView{
		CountryCode: b.Country, Currency: b.Currency, Available: b.Available, Pending: b.Pending, Reserved: b.Reserved,
		UpdatedAt: moment(b.UpdatedAt),
	}
}
