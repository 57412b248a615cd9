package pirogue

import (
	"errors"
	"time"
)

// AskFirst is the mode of a service whose database was restored to an earlier moment. Until it
// ends nothing is sent and nothing ends without money: each operator is asked first what it did
// since that moment.
type AskFirst struct {
	ID     string
	Since  time.Time // the moment to which the database was restored
	Begun  time.Time
	Actor  string
	Reason string
}

// ErrAskFirst is in the chain of a ServiceUnavailable of our database while it is in ask-first
// mode. Nothing was written.
var ErrAskFirst = errors.New("the database was restored: every operator is asked before anything is sent or ends")

// AskFirstMargin is how long before the restore point operators' lists and Temporal's workflows
// are read from: clocks differ, and a transaction may have committed after its time was taken.
const AskFirstMargin = time.Hour

// AskFirstReport says how far an ask-first mode has come.
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

// AskedOperator says what an operator was asked in an ask-first mode.
type AskedOperator struct {
	Operator   OperatorCode
	ListedTo   time.Time // until when its own list was read; zero: never
	Unanswered int       // attempts of open payments of which it has not said anything since the mode began
	Evidence   string    // where a person looked instead; "": nobody did
	EvidenceBy string
}

// Asked reports whether an operator was asked about everything, or a person looked instead.
func (o AskedOperator) Asked(begun time.Time) bool {
	return o.Evidence != "" || o.Unanswered == 0 && !o.ListedTo.Before(begun)
}

// UnmatchedLine is a transaction in an operator's own list that no attempt of ours matches.
type UnmatchedLine struct {
	Operator OperatorCode
	TxID     string
	Ref      OperatorRef
	Kind     Kind // "" for a type that we never ask for
	Outcome  Outcome
	Amount   Money
	At       time.Time
}

// UnmatchedSum counts the unmatched lines of one operator, kind and currency.
type UnmatchedSum struct {
	Operator OperatorCode
	Kind     Kind
	Currency Currency
	Lines    int
	Amount   int64 // minor units
}

// MayHavePaid reports whether money may have left us by the lines of a sum.
func (s UnmatchedSum) MayHavePaid() bool { return s.Kind != CashIn }

// LostRow names a workflow whose row a restored database does not have.
type LostRow struct {
	WorkflowID string
	What       FollowedKind
	ID         string
	Kind       Kind // of a payment
	MerchantID MerchantID
	Mode       Mode
	Reference  string // the merchant's; "" where it is not known
	State      string // of the workflow
	StartedAt  time.Time
}

// ErrLostReference is in the chain of a DuplicateOrder: a payment was accepted under the
// reference, and its row was lost when the database was restored.
var ErrLostReference = errors.New("the reference belongs to a payment whose row was lost in a restore")
