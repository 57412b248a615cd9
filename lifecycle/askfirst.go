package lifecycle

import (
	"errors"
	"time"

	"pirogue"
)

// AskFirst is the mode of a service whose database was restored to an earlier moment. Until it
// ends, Pirogue sends nothing and ends no payment as unpaid. Each operator is first asked what it
// executed since Since.
type AskFirst struct {
	ID     string
	Since  time.Time // the moment to which the database was restored
	Begun  time.Time
	Actor  string
	Reason string
}

// ErrAskFirst is in the chain of a ServiceUnavailable that the store returns while the mode lasts.
// Nothing was written.
var ErrAskFirst = errors.New("the database was restored: every operator is asked before anything is sent or ends")

// AskFirstMargin sets how long before the restore point operators' lists and Temporal's workflows
// are read from. Clocks differ, and a transaction may commit after it took its time.
const AskFirstMargin = time.Hour

// AskFirstReport shows the progress of an ask-first mode: which operators were asked, and what the
// restored database lacks.
type AskFirstReport struct {
	AskFirst

	TemporalAsked time.Time // when Temporal's workflows were last compared with our rows; zero: never
	ProposedBy    string    // who proposed to end it; "": nobody
	Outdated      int       // payments and bulks whose workflow is older than the mode
	Operators     []AskedOperator
	Sums          []UnmatchedSum
	Lines         []UnmatchedLine // the oldest ones, at most MaxPage
	Lost          []LostRow       // the oldest ones, at most MaxPage
	LostCount     int             // of all
}

// AskedOperator shows how far one operator was asked since an ask-first mode began.
type AskedOperator struct {
	Operator   pirogue.OperatorCode
	ListedTo   time.Time // its own list is read up to then; zero: never
	Unanswered int       // attempts of open payments on which it has given no result since the mode began
	Evidence   string    // where a person looked instead; "": nobody did
	EvidenceBy string
}

// Asked reports whether the operator was asked about everything since begun, or a person looked
// instead.
func (o AskedOperator) Asked(begun time.Time) bool {
	return o.Evidence != "" || o.Unanswered == 0 && !o.ListedTo.Before(begun)
}

// UnmatchedLine is a transaction in an operator's own list that no attempt of ours matches.
type UnmatchedLine struct {
	Operator pirogue.OperatorCode
	TxID     string
	Ref      pirogue.OperatorRef
	Kind     pirogue.PaymentKind // "" for a type that we never ask for
	Outcome  pirogue.Outcome
	Amount   pirogue.Money
	At       time.Time
}

// UnmatchedSum counts the unmatched lines of one operator, kind and currency.
type UnmatchedSum struct {
	Operator pirogue.OperatorCode
	Kind     pirogue.PaymentKind
	Currency pirogue.Currency
	Lines    int
	Amount   int64 // minor units
}

// MayHavePaid reports whether money may have left us by the lines of a sum.
func (s UnmatchedSum) MayHavePaid() bool { return s.Kind != pirogue.CashIn }

// LostRow names a workflow whose row a restored database does not have.
type LostRow struct {
	WorkflowID string
	What       FollowedKind
	ID         string
	Kind       pirogue.PaymentKind // of a payment
	MerchantID pirogue.MerchantID
	Mode       pirogue.Mode
	Reference  string // the merchant's; "" where it is not known
	State      string // of the workflow
	StartedAt  time.Time
}

// ErrLostReference is in the chain of a DuplicateOrder. A payment was accepted under the reference,
// and its row was lost when the database was restored.
var ErrLostReference = errors.New("the reference belongs to a payment whose row was lost in a restore")
