package support

import (
	"time"

	"pirogue"
)

// WorkFilter selects rows of support's lists. Zero fields do not select.
type WorkFilter struct {
	Cause    string // a StuckCause, or a Cause in the list of cases
	Operator pirogue.OperatorCode
	Merchant pirogue.MerchantID
	Country  pirogue.CountryCode
	Kind     pirogue.PaymentKind
	Before   time.Time // waiting since before this moment
	After    string    // the Next of the page before
	Limit    int       // rows of a page
}

// WorkPage is one page of a list of support.
type WorkPage[T any] struct {
	Rows    []T
	Next    string // the cursor of the next page; "" when no row is left
	Tallies []WorkTally
}

// WorkTally counts the payments that wait for one cause in one currency. It covers all that the
// filter selects, whatever its page and its cause.
type WorkTally struct {
	Cause    string
	Currency pirogue.Currency
	Payments int
	Amount   int64 // minor units at stake
}

// Figures counts the work that waits at one moment, of every merchant and mode, for monitoring. A
// zero time means that nothing waits.
type Figures struct {
	Open           []OpenFigure
	OldestHold     time.Time   // when the oldest cash-out or refund under way set its money aside
	Stuck          []WorkTally // by StuckCause, of each at most MaxCounted payments
	Cases          []WorkTally // open, by Cause
	Suspense       []SuspenseFigure
	Unrouted       int // callbacks whose workflow was never told
	OldestUnrouted time.Time
	OverdueEvents  int // webhooks whose next attempt was due before EventOverdue
}

// MaxCounted limits how many stuck payments of one cause the figures count.
const MaxCounted = 10_000

// EventOverdue is the delay of a webhook's next attempt from which it counts as overdue.
const EventOverdue = 10 * time.Minute

// OpenFigure counts the open payments of one kind and status.
type OpenFigure struct {
	Kind     pirogue.PaymentKind
	Status   pirogue.Status
	Payments int
}

// SuspenseFigure holds the money in suspense in one currency, in minor units. In came in and
// belongs to no payment yet; Out left and no payment explains it. The two are never netted.
type SuspenseFigure struct {
	Currency pirogue.Currency
	In, Out  int64
}
