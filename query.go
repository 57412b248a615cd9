package pirogue

import "time"

// Owner is the merchant and the mode a request speaks for. Everything read or
// written for a merchant is inside one Owner.
type Owner struct {
	MerchantID MerchantID
	Mode       Mode
}

// PaymentFilter selects payments of one owner, newest first. Zero fields do not
// select.
type PaymentFilter struct {
	OrderID     string
	Status      Status
	Kind        Kind
	Country     CountryCode
	Operator    OperatorCode
	CreatedFrom time.Time // inclusive
	CreatedTo   time.Time // exclusive
	Before      PaymentID // the page starts after this payment; "" for the first page
	Limit       int       // 1 to MaxPage
}

// MaxPage is the most payments one page of a list holds.
const MaxPage = 100

// ExportFilter selects what an accountant takes home, oldest first. Zero fields do not
// select.
type ExportFilter struct {
	From    time.Time // created then or later
	To      time.Time // created before
	Kind    Kind
	Status  Status
	Country CountryCode
	After   PaymentID // continues after this payment
	Limit   int       // 0: no limit
}

// ExportRow is a payment with what it has done to its merchant's balance so far, in minor
// units: positive for what the balance gained, negative for what it lost, 0 while nothing
// moved and when nothing will. All rows of a merchant add up to what is available and
// reserved, and what was paid out to its bank.
type ExportRow struct {
	Payment

	Net int64
}

// MaxReports says how many exports and lists of a bulk's lines one process reads at a moment.
const MaxReports = 8

// Balance is a merchant's money in one subsidiary, in minor units of Currency.
type Balance struct {
	Country   CountryCode
	Currency  Currency
	Available int64 // may be spent
	Pending   int64 // cash-ins that are under way
	Reserved  int64 // held for cash-outs and refunds under way, and for lines of bulks that wait for their turn
	UpdatedAt time.Time
}

// Spent is where and when a signature may be used: once it has been seen on one
// method and path it is good for that one only.
type Spent struct {
	Signature [32]byte // decoded, so that the case of its hex text cannot matter
	KeyID     string
	Method    string
	Path      string
	At        time.Time
}

// SignatureLife is how long a signature is remembered: its timestamp may lie 300 s
// ahead and 300 s behind, and a little more for slow clocks.
const SignatureLife = 600*time.Second + 60*time.Second

// FirstAnswer is what the API hears from a payment's workflow after the operator
// was first called.
type FirstAnswer struct {
	Unavailable bool `json:"unavailable,omitempty"` // the operator is down; Pirogue goes on trying
}

// Waiting is what an open payment waits for, as its workflow tells it.
type Waiting struct {
	For      string    `json:"for"`                // in words, such as "customer"
	NextPoll time.Time `json:"next_poll,omitzero"` // approximately
	Deadline time.Time `json:"deadline,omitzero"`
}

// PolledAt returns w with the moment of the next poll as the attempt's row tells it: where many
// payments share a contract, polls lie further apart than a workflow reckons. The zero value
// changes nothing. No poll comes later than the last one, at the deadline.
func (w Waiting) PolledAt(next time.Time) Waiting {
	if w.NextPoll.IsZero() || next.IsZero() {
		return w
	}
	w.NextPoll = next
	if !w.Deadline.IsZero() && w.Deadline.Before(next) {
		w.NextPoll = w.Deadline
	}
	return w
}

// StartPatience is how long after its acceptance a payment may still be started. Later
// it expires: the merchant may have asked again under another reference.
const StartPatience = 90 * time.Second
