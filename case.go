package pirogue

import (
	"strconv"
	"strings"
	"time"
)

// CaseID identifies a case. It is derived from its payment and cause, so one cause
// opens one case however often it is seen. Further money of the same cause has a further
// case.
type CaseID string

// NewCaseID returns the ID of a payment's first case of one cause.
func NewCaseID(p PaymentID, c Cause) CaseID { return CaseID(string(p) + "/" + string(c)) }

// Further returns the ID of the n-th case of the same payment and cause, n from 2.
func (id CaseID) Further(n int) CaseID { return CaseID(string(id) + "/" + strconv.Itoa(n)) }

// NewReturnID returns the reference of the n-th refund that gives the money of a case back, n
// from 1: a refund that failed is followed by another one.
func NewReturnID(c CaseID, n int) string {
	if n <= 1 {
		return string(c)
	}
	return string(c) + "#" + strconv.Itoa(n)
}

// CaseOfReturn returns the case whose money the refund of a reference gives back.
func CaseOfReturn(orderID string) CaseID {
	id, _, _ := strings.Cut(orderID, "#")
	return CaseID(id)
}

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
	CauseWorkflowLost   Cause = "WORKFLOW_LOST"    // its workflow is gone and cannot be started from its rows
	// CauseSecondPayment is more money under one attempt than its payment expects.
	CauseSecondPayment Cause = "SECOND_PAYMENT"
	// CauseEarlierPaid is money under an attempt that another one has followed.
	CauseEarlierPaid Cause = "EARLIER_ATTEMPT_PAID"
	// CauseEarlierUnknown is an attempt that another one has followed and that nobody can ask about:
	// its operator left the configuration.
	CauseEarlierUnknown Cause = "EARLIER_ATTEMPT_UNKNOWN"
	// CauseReversed is a success that its operator takes back. No money is moved for it.
	CauseReversed Cause = "OPERATOR_REVERSED"
)

// CauseNotBooked is a case that no person settles: what Pirogue itself must write about the
// payment fails again and again. It closes by itself once the write has succeeded.
const CauseNotBooked Cause = "NOT_BOOKED"

// SettledByWorkflow reports whether a payment's own workflow takes care of its cases of a cause.
// The others close when what they are about works again.
func (c Cause) SettledByWorkflow() bool {
	switch c {
	case CauseWorkflowLost, CauseLineNotStarted, CauseNotBooked:
		return false
	default:
		return true
	}
}

// Case is something only a person can settle.
type Case struct {
	ID        CaseID
	PaymentID PaymentID
	Cause     Cause
	Attempt   int    // number of the attempt that it is about; 0 for the latest
	Note      string // the evidence, redacted
	Paid      int64  // minor units that wait in suspense; 0 for none
	OpenedAt  time.Time
	ClosedAt  time.Time // zero: open
}
