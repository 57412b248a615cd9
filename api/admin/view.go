package admin

import (
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// Payment is a payment in support's view. The number is masked; amounts are minor units of
// Currency.
type Payment struct {
	ID           pirogue.PaymentID    `json:"transaction_id"`
	MerchantID   pirogue.MerchantID   `json:"merchant_id"`
	Mode         pirogue.Mode         `json:"mode"`
	Kind         pirogue.PaymentKind  `json:"type"`
	OrderID      string               `json:"merchant_order_id"`
	ParentID     pirogue.PaymentID    `json:"original_transaction_id,omitempty"`
	Late         bool                 `json:"late,omitempty"` // a refund of late money from suspense
	Status       pirogue.Status       `json:"status"`
	Amount       int64                `json:"amount"`
	Fee          int64                `json:"fee"` // frozen at acceptance
	FeePayer     pirogue.FeePayer     `json:"fee_payer,omitempty"`
	Currency     pirogue.Currency     `json:"currency"`
	Country      pirogue.CountryCode  `json:"country_code"`
	MSISDN       string               `json:"msisdn"` // masked
	Network      pirogue.Network      `json:"network"`
	Operator     pirogue.OperatorCode `json:"operator"` // of the latest attempt
	ProviderTxID string               `json:"provider_tx_id,omitempty"`
	Refunded     int64                `json:"refunded_amount"` // given back so far
	RefundHeld   int64                `json:"refund_held"`     // reserved for refunds under way
	Failure      *pirogue.Failure     `json:"failure,omitempty"`
	CreatedAt    time.Time            `json:"created_at"`
	UpdatedAt    time.Time            `json:"updated_at"`
	ExpiresAt    time.Time            `json:"expires_at,omitzero"`
	SettledAt    time.Time            `json:"settled_at,omitzero"` // zero until SUCCESS
}

// Details holds the facts about a payment, except its timeline.
type Details struct {
	Payment

	WorkflowID   string                      `json:"workflow_id"`       // its ID in the Temporal Web UI
	Waiting      *lifecycle.WaitState        `json:"waiting,omitempty"` // nil: ended, or its workflow does not respond
	Cases        []Case                      `json:"cases"`
	Allowed      []support.SupportActionKind `json:"allowed"` // offered actions; the workflow decides
	CustomerName string                      `json:"customer_name,omitempty"`
	Description  string                      `json:"description,omitempty"`
	Metadata     map[string]string           `json:"metadata,omitempty"`
	ReturnURL    string                      `json:"return_url,omitempty"`
	CancelURL    string                      `json:"cancel_url,omitempty"`
	NotifyURL    string                      `json:"notify_url,omitempty"`
	Unreadable   string                      `json:"unreadable,omitempty"` // reason why a part of the payment is missing here
}

// paymentOf returns support's view of a payment.
func paymentOf(p pirogue.Payment) Payment {
	view := Payment{
		ID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Kind: p.Kind, OrderID: p.OrderID, ParentID: p.ParentID,
		Late: p.Late, Status: p.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor, FeePayer: p.FeePayer,
		Currency: p.Amount.Currency, Country: p.Country, MSISDN: p.MSISDN.Masked(), Network: p.Network,
		Operator: p.Operator, ProviderTxID: p.ProviderTxID, Refunded: p.Refunded, RefundHeld: p.RefundHeld,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, ExpiresAt: p.ExpiresAt, SettledAt: p.SettledAt,
	}
	if p.Failure.Code != "" {
		view.Failure = &p.Failure
	}
	return view
}

// TimelineEntry is one line of a payment's timeline.
type TimelineEntry struct {
	At      time.Time                 `json:"at"`
	Type    support.TimelineEntryType `json:"type"`
	Source  support.Source            `json:"source"`
	Message string                    `json:"message"`
	Details map[string]any            `json:"details,omitempty"`
}

// timelineEntryOf returns support's view of a timeline's line, with its English text.
func timelineEntryOf(m support.TimelineEntry) TimelineEntry {
	return TimelineEntry{
		At: m.At, Type: m.Type, Source: m.Source, Message: support.TimelineTexts[m.Type].EN, Details: m.Details,
	}
}

// Case is a question about a payment that only a person can settle.
type Case struct {
	ID       support.CaseID `json:"case_id"`
	Cause    support.Cause  `json:"cause"`
	Note     string         `json:"note"`           // the evidence, redacted
	Paid     int64          `json:"paid,omitempty"` // minor units that wait in suspense
	OpenedAt time.Time      `json:"opened_at"`
	ClosedAt time.Time      `json:"closed_at,omitzero"` // zero: open
}

// caseOf returns support's view of a case.
func caseOf(c support.Case) Case {
	return Case{ID: c.ID, Cause: c.Cause, Note: c.Note, Paid: c.Paid, OpenedAt: c.OpenedAt, ClosedAt: c.ClosedAt}
}

// OpenCase is a case with its payment and the allowed actions.
type OpenCase struct {
	Case

	Payment    Payment                     `json:"payment"`
	Allowed    []support.SupportActionKind `json:"allowed"`
	Unreadable string                      `json:"unreadable,omitempty"` // reason why a part of the payment is missing here
}

// openCaseOf returns support's view of an open case. Allowed is an empty list for no action, never
// null.
func openCaseOf(c support.CaseView) OpenCase {
	return OpenCase{Case: caseOf(c.Case), Payment: paymentOf(c.Payment), Allowed: c.Allowed, Unreadable: c.Unreadable}
}

// Stuck is a payment that support should look at, with its cause.
type Stuck struct {
	Cause   support.StuckCause          `json:"cause"`
	Since   time.Time                   `json:"since"`
	Words   string                      `json:"words,omitempty"` // the operator's latest message, redacted
	Payment Payment                     `json:"payment"`
	Allowed []support.SupportActionKind `json:"allowed"`
	// Unreadable holds the reason why a part of the payment, such as its number, is missing here.
	Unreadable string `json:"unreadable,omitempty"`
}

// stuckOf returns support's view of a stuck payment.
func stuckOf(s support.Stuck) Stuck {
	return Stuck{
		Cause: s.Cause, Since: s.Since, Words: s.OperatorMessage, Payment: paymentOf(s.Payment), Allowed: s.Allowed,
		Unreadable: s.Unreadable,
	}
}

// Tally counts the payments that wait for one cause in one currency, with their amount at stake.
type Tally struct {
	Cause    string           `json:"cause"`
	Currency pirogue.Currency `json:"currency"`
	Payments int              `json:"payments"`
	Amount   int64            `json:"amount"` // minor units
}

// tallyOf returns support's view of a tally.
func tallyOf(t support.WorkTally) Tally { return Tally(t) }

// worklist is the body of one page of a list that support works through.
type worklist[T any] struct {
	Data    []T     `json:"data"`
	Next    string  `json:"next_cursor,omitempty"` // absent: no row is left
	Tallies []Tally `json:"tallies"`               // of all rows, by cause
}

// AuditEntry is a row of the audit log.
type AuditEntry struct {
	ID        string                    `json:"act_id"`
	At        time.Time                 `json:"at"`
	Actor     string                    `json:"actor"` // the token's name
	Role      support.Role              `json:"role"`
	Verb      support.SupportActionKind `json:"verb"`
	PaymentID pirogue.PaymentID         `json:"transaction_id,omitempty"` // "" when the action concerns none
	Subject   string                    `json:"subject,omitempty"`        // another object of the action, such as a merchant
	Reason    string                    `json:"reason"`
	Verdict   *support.ActionResult     `json:"verdict,omitempty"` // absent: under way, or interrupted
	EndedAt   time.Time                 `json:"ended_at,omitzero"` // zero: under way, or interrupted
}

// auditEntryOf returns support's view of an audit entry. Its verdict is absent while the action is under
// way.
func auditEntryOf(a support.AuditEntry) AuditEntry {
	view := AuditEntry{
		ID: a.ID, At: a.At, Actor: a.Actor, Role: a.Role, Verb: a.Action, PaymentID: a.PaymentID, Subject: a.Subject,
		Reason: a.Reason, EndedAt: a.EndedAt,
	}
	if a.Result.Decision != "" {
		view.Verdict = &a.Result
	}
	return view
}

// Settlement is a transfer of a merchant's money to its bank. Amount is minor units of Currency, which
// must be the country's.
type Settlement struct {
	ID       string              `json:"id"` // unique for ever: the bank's reference
	Mode     pirogue.Mode        `json:"mode"`
	Country  pirogue.CountryCode `json:"country_code"`
	Amount   int64               `json:"amount"`
	Currency pirogue.Currency    `json:"currency"`
	Note     string              `json:"note,omitempty"`
	PaidAt   time.Time           `json:"paid_at,omitzero"` // zero in a request: at this moment
}

// payout returns p as the domain's payout of a merchant.
func (p Settlement) payout(id pirogue.MerchantID) support.Settlement {
	return support.Settlement{
		ID: p.ID, MerchantID: id, Mode: p.Mode, Country: p.Country, Note: p.Note, PaidAt: p.PaidAt,
		Amount: pirogue.Money{Minor: p.Amount, Currency: p.Currency},
	}
}

// settlementOf returns support's view of a payout.
func settlementOf(p support.Settlement) Settlement {
	return Settlement{
		ID: p.ID, Mode: p.Mode, Country: p.Country, Amount: p.Amount.Minor, Currency: p.Amount.Currency, Note: p.Note,
		PaidAt: p.PaidAt,
	}
}

// Fee is a rule of a merchant's contract, like pirogue.FeeRule. Amounts are minor units of the
// country's currency, basis points hundredths of a per cent.
type Fee struct {
	Kind        pirogue.PaymentKind `json:"type"`
	Country     pirogue.CountryCode `json:"country_code,omitempty"` // "": every country
	Network     pirogue.Network     `json:"network,omitempty"`      // "": every network
	Fixed       int64               `json:"fixed"`
	BasisPoints int64               `json:"basis_points"`
	Min         int64               `json:"min"`
	Max         int64               `json:"max"` // 0: no upper bound
	Payer       pirogue.FeePayer    `json:"payer"`
	Returned    bool                `json:"returned"` // a refund gives the fee back in proportion
}

// feeRule returns f as the domain's rule.
func (f Fee) feeRule() pirogue.FeeRule { return pirogue.FeeRule(f) }

// feeOf returns support's view of a fee's rule.
func feeOf(r pirogue.FeeRule) Fee { return Fee(r) }

// each returns the views of all rows: an empty list for no rows, never null.
func each[T, V any](rows []T, view func(T) V) []V {
	views := make([]V, len(rows))
	for i, row := range rows {
		views[i] = view(row)
	}
	return views
}
