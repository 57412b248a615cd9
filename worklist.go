package pirogue

import "time"

// WorkFilter selects rows of the lists that support works through. Zero fields do not
// select.
type WorkFilter struct {
	Cause    string // a StuckCause, or a Cause in the list of cases
	Operator OperatorCode
	Merchant MerchantID
	Country  CountryCode
	Kind     Kind
	Before   time.Time // it has waited since before then
	After    string    // the cursor that the page before ended with
	Limit    int       // rows of a page
}

// WorkPage is one page of such a list.
type WorkPage[T any] struct {
	Rows    []T
	Next    string // the cursor of the next page; "" when no row is left
	Tallies []WorkTally
}

// WorkTally says how much waits for one cause in one currency: of all that the filter selects,
// whatever the page and the cause it is asked for.
type WorkTally struct {
	Cause    string
	Currency Currency
	Payments int
	Amount   int64 // minor units at stake
}

// Figures holds what waits at one moment, of every merchant and mode, for who watches over
// Pirogue. A zero time says that nothing waits.
type Figures struct {
	Open           []OpenFigure
	OldestHold     time.Time   // since when the oldest cash-out or refund under way holds its money
	Stuck          []WorkTally // by StuckCause, of each at most MaxCounted payments
	Cases          []WorkTally // open, by Cause
	Suspense       []SuspenseFigure
	Unrouted       int // callbacks of which no workflow was told
	OldestUnrouted time.Time
	OverdueEvents  int // webhooks whose next attempt was due before EventOverdue
}

// MaxCounted says how far the figures count the payments that are stuck of one cause.
const MaxCounted = 10_000

// EventOverdue says how late the next attempt of a webhook may be before it counts.
const EventOverdue = 10 * time.Minute

// OpenFigure says how many payments of one kind and status are under way.
type OpenFigure struct {
	Kind     Kind
	Status   Status
	Payments int
}

// SuspenseFigure holds what waits in suspense in one currency, in minor units: what came in and
// belongs to nobody yet, and what left and nobody has answered for. One does not hide the
// other.
type SuspenseFigure struct {
	Currency Currency
	In, Out  int64
}
