package support

import (
	"strconv"
	"strings"
	"time"

	"pirogue"
)

// CaseID identifies a case. It is derived from its payment and cause, so one cause opens one case
// however often it is detected. Further money of the same cause opens a further case: see Further.
type CaseID string

// NewCaseID returns the ID of a payment's first case of one cause.
func NewCaseID(p pirogue.PaymentID, c Cause) CaseID { return CaseID(string(p) + "/" + string(c)) }

// Further returns the ID of the n-th case of the same payment and cause, n from 2.
func (id CaseID) Further(n int) CaseID { return CaseID(string(id) + "/" + strconv.Itoa(n)) }

// NewReturnID returns the reference of the n-th refund that gives the money of a case back, n from
// 1. Another refund follows one that failed.
func NewReturnID(c CaseID, n int) string {
	if n <= 1 {
		return string(c)
	}
	return string(c) + "#" + strconv.Itoa(n)
}

// CaseOfReturn returns the case whose money the refund with this reference gives back.
func CaseOfReturn(orderID string) CaseID {
	id, _, _ := strings.Cut(orderID, "#")
	return CaseID(id)
}

// Cause is the reason why a payment needs a person.
type Cause string

// The causes of a case.
const (
	CauseLateSuccess    Cause = "LATE_SUCCESS"     // money arrived after EXPIRED or FAILED
	CauseAmountMismatch Cause = "AMOUNT_MISMATCH"  // the operator confirmed another amount or currency
	CauseMismatch       Cause = "PARTY_MISMATCH"   // the operator names another counterparty
	CausePaidAfterAll   Cause = "PAID_AFTER_FAIL"  // a cash-out or refund that had failed was executed
	CauseUnknown        Cause = "UNKNOWN_OUTCOME"  // unknown past the operator's finality window
	CauseLineNotStarted Cause = "LINE_NOT_STARTED" // the workflow of a bulk's line cannot be started
	CauseWorkflowLost   Cause = "WORKFLOW_LOST"    // its workflow is gone and cannot be started from its rows
	// CauseSecondPayment means more money under one attempt than its payment expects.
	CauseSecondPayment Cause = "SECOND_PAYMENT"
	// CauseEarlierPaid means money under an attempt that another attempt followed.
	CauseEarlierPaid Cause = "EARLIER_ATTEMPT_PAID"
	// CauseEarlierUnknown means that an attempt followed by another one cannot be asked about: its
	// operator left the configuration.
	CauseEarlierUnknown Cause = "EARLIER_ATTEMPT_UNKNOWN"
	// CauseReversed means that the operator takes a success back. Pirogue moves no money for it.
	CauseReversed Cause = "OPERATOR_REVERSED"
)

// CauseNotBooked is the cause of a case that no person settles: Pirogue's own write about the
// payment keeps failing. The case closes by itself once the write succeeds.
const CauseNotBooked Cause = "NOT_BOOKED"

// SettledByWorkflow reports whether the payment's own workflow closes its cases of this cause. The
// other cases close when the fault that opened them is over.
func (c Cause) SettledByWorkflow() bool {
	switch c {
	case CauseWorkflowLost, CauseLineNotStarted, CauseNotBooked:
		return false
	default:
		return true
	}
}

// CausesThatKeepOpen lists the causes of the cases for whose end an open payment waits. The cases of the
// other causes are about money beside it.
var CausesThatKeepOpen = []Cause{
	CauseUnknown, CauseAmountMismatch, CauseMismatch, CauseWorkflowLost, CauseLineNotStarted,
}

// Case is a question about a payment that only a person can settle, such as where late money
// belongs.
type Case struct {
	ID        CaseID
	PaymentID pirogue.PaymentID
	Cause     Cause
	Attempt   int    // number of the attempt that it is about; 0 for the latest
	Note      string // the evidence, redacted
	Paid      int64  // minor units that wait in suspense; 0 for none
	OpenedAt  time.Time
	ClosedAt  time.Time // zero: open
}

// Open reports whether nobody has settled the case yet.
func (c Case) Open() bool { return c.ClosedAt.IsZero() }

// AllowedActions returns the actions of support on a payment with an open case of this cause. After the
// FinalityWindow the operator is asked, and people decide what it cannot report. CauseNotBooked has
// none: the payment's workflow waits for its own write and answers no action before that.
func (c Cause) AllowedActions() []SupportActionKind {
	switch c {
	case CauseUnknown:
		return []SupportActionKind{ActionRecheck, ActionResolve}
	case CauseWorkflowLost: // support starts it by hand once its rows are readable again
		return []SupportActionKind{ActionRecheck}
	case CauseLineNotStarted, CauseNotBooked: // a line's operator is configured again, or its bulk is cancelled
		return []SupportActionKind{}
	default:
		return []SupportActionKind{ActionResolve}
	}
}
