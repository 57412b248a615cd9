package pirogue

import (
	"maps"
	"time"
)

// PaymentID identifies a payment for ever: a UUIDv7 in lower case. The merchant API calls it
// transaction_id.
type PaymentID string

// PaymentKind is the direction of a payment's money. The merchant API calls it type.
type PaymentKind string

// The kinds of payment. Orange Sonatel's "Cash In" is our CashOut: a deposit into
// the customer's wallet.
const (
	CashIn  PaymentKind = "CASHIN"  // from a customer to a merchant
	CashOut PaymentKind = "CASHOUT" // from a merchant to a wallet
	Refund  PaymentKind = "REFUND"  // a cash-in, or part of it, given back
)

// Network is the wallet behind an operator, such as "orange".
type Network string

// The networks Pirogue routes to.
const (
	Orange Network = "orange"
	MTN    Network = "mtn"
	Moov   Network = "moov"
	Wave   Network = "wave"
)

// Payment is one movement of money between a customer's wallet and a merchant.
type Payment struct {
	ID         PaymentID
	MerchantID MerchantID
	Mode       Mode
	Kind       PaymentKind
	OrderID    string    // the merchant's own reference, unique for ever per merchant and mode
	ParentID   PaymentID // of a refund: the cash-in that is given back; "" otherwise
	Late       bool      // of a refund: it gives back late money from suspense, not the merchant's
	Status     Status
	Amount     Money
	Fee        Money // Pirogue's fee, frozen when the payment was accepted
	FeePayer   FeePayer
	FeeReturns bool // a refund gives the fee back in proportion
	Country    CountryCode
	MSISDN     MSISDN // in full; API responses and logs carry MSISDN.Masked
	Network    Network
	Operator   OperatorCode // of the latest attempt
	BulkID     BulkID       // of a line of a bulk; "" otherwise
	Quiet      bool         // no webhook of its own: its bulk's webhook reports its end

	CustomerName string
	Description  string // of a refund: its reason
	ReturnURL    string // the operator's page sends the customer there after paying
	CancelURL    string // and there after giving up
	NotifyURL    string // overrides the merchant's
	Metadata     map[string]string

	NextAction   NextAction
	ProviderTxID string // the operator's own reference, once known
	Failure      Failure
	Refunded     int64 // minor units given back so far
	// Moved holds the minor units that left us in a payment that FAILED as FailedInPart; 0
	// otherwise.
	Moved         int64
	RefundHeld    int64 // minor units reserved for refunds that are under way
	Sequence      int   // number of terminal events of the payment
	StartDeadline time.Time
	ExpiresAt     time.Time // when the customer's window closes; zero before the operator accepted
	CreatedAt     time.Time
	UpdatedAt     time.Time
	SettledAt     time.Time // zero until SUCCESS
	FinishedAt    time.Time // zero while its workflow has work: the payment is open, watched, or has a case
}

// Refundable returns the part of a successful cash-in that can still be given back, in minor units.
func (p Payment) Refundable() int64 {
	if p.Kind != CashIn || p.Status != StatusSuccess {
		return 0
	}
	return p.Amount.Minor - p.Refunded - p.RefundHeld
}

// AtOperator returns the sum that moves between the operator and the customer's wallet. It is the
// amount, with the fee added or taken off where the customer bears it.
func (p Payment) AtOperator() Money {
	moved := p.Amount
	switch {
	case p.FeePayer != PaidByCustomer:
	case p.Kind == CashIn:
		moved.Minor += p.Fee.Minor
	default:
		moved.Minor -= p.Fee.Minor
	}
	return moved
}

// Net returns the change of the merchant's balance by a successful payment, in minor units. A
// cash-in adds it; a cash-out or refund takes it. It is never negative. It leaves out the part of
// the cash-in's fee that a refund gives back: see ExportRow.
func (p Payment) Net() int64 {
	switch {
	case p.Late:
		return 0
	case p.Moved > 0:
		return p.Moved
	case p.FeePayer == PaidByCustomer:
		return p.Amount.Minor
	case p.Kind == CashIn:
		return p.Amount.Minor - p.Fee.Minor
	default:
		return p.Amount.Minor + p.Fee.Minor
	}
}

// HasPart reports whether people may resolve the payment as paid in part by an amount in minor
// units. The part must be above 0 and below the outgoing sum. A refund that returns late money is
// whole or nothing.
func (p Payment) HasPart(amount int64) bool {
	return p.Kind.MoneyOut() && !p.Late && amount > 0 && amount < p.AtOperator().Minor
}

// GaveBack returns the minor units of its cash-in that an ended refund gave back.
func (p Payment) GaveBack() int64 {
	if p.Status == StatusSuccess {
		return p.Amount.Minor
	}
	return p.Moved
}

// MoneyOut reports whether payments of kind k take money from us. The outcome of such a payment
// must be known before it may be called failed.
func (k PaymentKind) MoneyOut() bool { return k == CashOut || k == Refund }

// Failure is the reason why a payment is FAILED or EXPIRED. Code is stable; FailureText gives the
// text for people.
type Failure struct {
	Code FailureCode `json:"code"`
	Note string      `json:"note,omitempty"` // the operator's message, redacted, for support
}

// FailureCode is the reason why a payment did not succeed.
type FailureCode string

// The reasons a payment can end without success.
const (
	FailedDeclined    FailureCode = "OPERATOR_DECLINED"
	FailedUnavailable FailureCode = "OPERATOR_UNAVAILABLE"
	FailedRefused     FailureCode = "OPERATOR_REFUSED"
	FailedNotPaid     FailureCode = "CUSTOMER_DID_NOT_PAY"
	FailedNotStarted  FailureCode = "NOT_STARTED"
	FailedBySupport   FailureCode = "SETTLED_BY_SUPPORT"
	FailedInPart      FailureCode = "PAID_IN_PART"   // Payment.Moved left us, and nothing else
	FailedOtherwise   FailureCode = "PAID_OTHERWISE" // the customer paid something else than the payment asked for
	FailedCancelled   FailureCode = "CANCELLED"
	// FailedUnconfirmed ends a cash-in whose operator never reported a result.
	FailedUnconfirmed FailureCode = "OUTCOME_NOT_CONFIRMED"
)

// ActionType names the payer's next step.
type ActionType string

// The steps that an operator may ask of the payer.
const (
	ActionRedirect ActionType = "redirect" // open URL
	ActionQR       ActionType = "qr"       // scan QR
	ActionUSSD     ActionType = "ussd"     // dial USSDCode
	ActionPush     ActionType = "push"     // confirm on the phone
	ActionOTP      ActionType = "otp"      // give a one-time password
)

// NextAction is the payer's next step. Its zero value means none.
type NextAction struct {
	Type      ActionType `json:"type,omitempty"`
	URL       string     `json:"url,omitempty"`
	QR        string     `json:"qr,omitempty"`
	USSDCode  string     `json:"ussd_code,omitempty"`
	Vendor    string     `json:"vendor,omitempty"` // the network whose menu USSDCode opens, as the operator names it
	ExpiresAt time.Time  `json:"expires_at,omitzero"`
}

// Differences names the request fields in which q differs from p. It tells a repeated request from
// a reused reference.
func (p Payment) Differences(q Payment) []string {
	rows := []struct {
		field string
		same  bool
	}{
		{"type", p.Kind == q.Kind},
		{"transaction_id", p.ParentID == q.ParentID},
		{"amount", p.Amount.Minor == q.Amount.Minor},
		{"currency", p.Amount.Currency == q.Amount.Currency},
		{"country_code", p.Country == q.Country},
		{"msisdn", p.MSISDN == q.MSISDN},
		{"network", p.Network == q.Network},
		{"customer_name", p.CustomerName == q.CustomerName},
		{"description", p.Description == q.Description},
		{"return_url", p.ReturnURL == q.ReturnURL},
		{"cancel_url", p.CancelURL == q.CancelURL},
		{"notify_url", p.NotifyURL == q.NotifyURL},
		{"metadata", maps.Equal(p.Metadata, q.Metadata)},
	}
	var fields []string
	for _, row := range rows {
		if !row.same {
			fields = append(fields, row.field)
		}
	}
	return fields
}

// BulkID identifies a bulk: a UUIDv7 in lower case.
type BulkID string
