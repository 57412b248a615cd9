package pirogue

import "time"

// Owner is the merchant and the mode on whose behalf a request acts. Every read or write for a
// merchant stays inside one Owner.
type Owner struct {
	MerchantID MerchantID
	Mode       Mode
}

// PaymentFilter selects payments of one owner, newest first. Zero fields do not
// select.
type PaymentFilter struct {
	OrderID     string
	Status      Status
	Kind        PaymentKind
	Country     CountryCode
	Operator    OperatorCode
	CreatedFrom time.Time // inclusive
	CreatedTo   time.Time // exclusive
	Before      PaymentID // the page starts after this payment; "" for the first page
	Limit       int       // 1 to MaxPage
}

// MaxPage limits the payments on one page of a list.
const MaxPage = 100

// ExportFilter selects payments for a merchant's accounting export, oldest first. Zero fields do
// not select.
type ExportFilter struct {
	From    time.Time // inclusive: created then or later
	To      time.Time // exclusive: created before
	Kind    PaymentKind
	Status  Status
	Country CountryCode
	After   PaymentID // continues after this payment
	Limit   int       // 0: no limit
}

// ExportRow is a payment with its effect on its merchant's balance so far, in minor units. The
// effect is positive for a gain, negative for a loss, and 0 before money moves or where none will.
// All rows of a merchant add up to its available and reserved money plus the payouts to its bank.
type ExportRow struct {
	Payment

	Net int64
}

// MaxAuditReports limits the exports and lists of a bulk's lines that one process reads at the same
// time.
const MaxAuditReports = 8

// Balance is a merchant's money in one subsidiary, in minor units of Currency.
type Balance struct {
	Country   CountryCode
	Currency  Currency // the country's
	Available int64    // may be spent
	Pending   int64    // cash-ins that are under way
	Reserved  int64    // held for cash-outs and refunds under way, and for bulk lines that wait for their turn
	UpdatedAt time.Time
}

// UsedSignature records the use of a signature. A signature used on one method and path is good for that
// one only.
type UsedSignature struct {
	Signature [32]byte // decoded, so that upper and lower case of its hex text are one signature
	KeyID     string
	Method    string
	Path      string
	At        time.Time
}

// SignatureLife bounds how long a used signature is remembered. Its timestamp may lie 300 s ahead
// and 300 s behind; 60 s more allow for slow clocks.
const SignatureLife = 600*time.Second + 60*time.Second

// FirstResponse is the payment workflow's report to the API after the first call to the operator.
type FirstResponse struct {
	Unavailable bool `json:"unavailable,omitempty"` // the operator is out of service; Pirogue goes on trying
}

// WaitState describes the event that an open payment waits for. Its workflow reports it.
type WaitState struct {
	For      string    `json:"for"`                // in words, such as "customer"
	NextPoll time.Time `json:"next_poll,omitzero"` // approximately
	Deadline time.Time `json:"deadline,omitzero"`
}

// PolledAt returns w with the next poll that the attempt's row plans; zero changes nothing. Where
// many payments share a contract, polls lie further apart than a workflow computes. No poll comes
// later than the last one, at the deadline.
func (w WaitState) PolledAt(next time.Time) WaitState {
	if w.NextPoll.IsZero() || next.IsZero() {
		return w
	}
	w.NextPoll = next
	if !w.Deadline.IsZero() && w.Deadline.Before(next) {
		w.NextPoll = w.Deadline
	}
	return w
}

// StartDeadline bounds the time between a payment's acceptance and its start. Later the payment
// expires, for the merchant may have asked again under another reference.
const StartDeadline = 90 * time.Second
