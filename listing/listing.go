package listing

import (
	"time"

	"pirogue"
	"pirogue/webhook"
)

// EventLog is an event with its deliveries.
type EventLog struct {
	pirogue.Event
	Deliveries []webhook.Delivery
}

// EventFilter selects events of one owner, newest first. Zero fields do not select.
type EventFilter struct {
	PaymentID pirogue.PaymentID
	State     pirogue.EventState
	From      time.Time       // inclusive
	To        time.Time       // exclusive
	Before    pirogue.EventID // the page starts after this event
	Limit     int             // 1 to MaxPage
}

// PaymentFilter selects payments of one owner, newest first. Zero fields do not
// select.
type PaymentFilter struct {
	OrderID     string
	Status      pirogue.Status
	Kind        pirogue.PaymentKind
	Country     pirogue.CountryCode
	Operator    pirogue.OperatorCode
	CreatedFrom time.Time         // inclusive
	CreatedTo   time.Time         // exclusive
	Before      pirogue.PaymentID // the page starts after this payment; "" for the first page
	Limit       int               // 1 to MaxPage
}

// MaxPage limits the payments on one page of a list.
const MaxPage = 100

// ExportFilter selects payments for a merchant's accounting export, oldest first. Zero fields do
// not select.
type ExportFilter struct {
	From    time.Time // inclusive: created then or later
	To      time.Time // exclusive: created before
	Kind    pirogue.PaymentKind
	Status  pirogue.Status
	Country pirogue.CountryCode
	After   pirogue.PaymentID // continues after this payment
	Limit   int               // 0: no limit
}

// ExportRow is a payment with its effect on its merchant's balance so far, in minor units. The
// effect is positive for a gain, negative for a loss, and 0 before money moves or where none will.
// All rows of a merchant add up to its available and reserved money plus the payouts to its bank.
type ExportRow struct {
	pirogue.Payment

	Net int64
}

// MaxAuditReports limits the exports and lists of a bulk's lines that one process reads at the same
// time.
const MaxAuditReports = 8

// Balance is a merchant's money in one subsidiary, in minor units of Currency.
type Balance struct {
	Country   pirogue.CountryCode
	Currency  pirogue.Currency // the country's
	Available int64            // may be spent
	Pending   int64            // cash-ins that are under way
	Reserved  int64            // held for cash-outs and refunds under way, and for bulk lines that wait for their turn
	UpdatedAt time.Time
}
