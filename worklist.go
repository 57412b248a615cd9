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

// WorkTally is how much waits for one cause in one currency: of all that the filter selects,
// whatever the page and the cause it is asked for.
type WorkTally struct {
	Cause    string
	Currency Currency
	Payments int
	Amount   int64 // minor units at stake
}
