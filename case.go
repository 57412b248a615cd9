package pirogue

import "time"

// CaseID identifies a case. It is derived from its payment and cause, so one cause
// opens one case however often it is seen.
type CaseID string

// NewCaseID returns the ID of a payment's case of one cause.
func NewCaseID(p PaymentID, c Cause) CaseID { return CaseID(string(p) + "/" + string(c)) }

// Cause is why a payment needs a person.
type Cause string

// The causes of a case.
const (
	CauseLateSuccess    Cause = "LATE_SUCCESS"     // money arrived after EXPIRED or FAILED
	CauseAmountMismatch Cause = "AMOUNT_MISMATCH"  // the operator confirmed another amount or currency
	CauseMismatch       Cause = "PARTY_MISMATCH"   // the operator names another counterparty
	CausePaidAfterAll   Cause = "PAID_AFTER_FAIL"  // a cash-out or refund that had failed was executed
	CauseUnknown        Cause = "UNKNOWN_OUTCOME"  // unknown past the operator's horizon
	CauseLineNotStarted Cause = "LINE_NOT_STARTED" // the workflow of a bulk's line cannot be started
)

// CauseNotBooked is a case that no person settles: what Pirogue itself must write about the
// payment fails again and again. It closes by itself once the write has succeeded.
const CauseNotBooked Cause = "NOT_BOOKED"

// Case is something only a person can settle.
type Case struct {
	ID        CaseID
	PaymentID PaymentID
	Cause     Cause
	Note      string // the evidence, redacted
	Paid      int64  // minor units that wait in suspense; 0 for none
	OpenedAt  time.Time
	ClosedAt  time.Time // zero: open
}
