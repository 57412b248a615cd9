package pirogue

import "time"

// Verb is something support can do about a payment.
type Verb string

// The verbs. Each but VerbResend is carried out by the payment's own workflow, one
// after the other, so that pressing a button twice has one effect.
const (
	VerbRecheck Verb = "recheck" // ask the operator at once
	VerbRedrive Verb = "redrive" // ask, and submit anew if that can pay nobody twice
	VerbResolve Verb = "resolve" // settle with evidence what the operator cannot tell
	VerbResend  Verb = "resend"  // tell the merchant again
	VerbCancel  Verb = "cancel"  // a Temporal client's cancel request, which is recorded and ignored
)

// Resolution is what a person says became of a payment.
type Resolution string

// The resolutions. A case of late or wrong money that came in is closed by giving it back or by
// having placed it by hand; an unknown outcome, and money that left otherwise than ordered, by
// saying what was paid.
const (
	ResolvedPaid   Resolution = "paid"   // the operator executed it
	ResolvedUnpaid Resolution = "unpaid" // it did not and will not
	// ResolvedInPart says that what the operator confirmed moved, and no more will.
	ResolvedInPart Resolution = "paid_in_part"
	ResolvedReturn Resolution = "return" // give the stray money back to its payer
	ResolvedPlaced Resolution = "placed" // the stray money was placed outside Pirogue
)

// Remedy is a verb that a person applies to a payment.
type Remedy struct {
	Act        string     `json:"act"` // the act's ID: the same act twice is one
	Verb       Verb       `json:"verb"`
	Actor      string     `json:"actor"`
	Resolution Resolution `json:"resolution,omitempty"` // of VerbResolve
	Evidence   string     `json:"evidence,omitempty"`   // of VerbResolve: where it can be seen
	Case       CaseID     `json:"case,omitempty"`       // of VerbResolve: the case that it is about; "" for none
}

// Decision is what became of a remedy.
type Decision string

// The decisions.
const (
	DecisionSettled     Decision = "SETTLED"     // the payment is terminal, or its case closed
	DecisionResubmitted Decision = "RESUBMITTED" // a new attempt was made
	DecisionWaiting     Decision = "WAITING"     // the operator was asked and has not decided
	DecisionProposed    Decision = "PROPOSED"    // another person must confirm it
	DecisionRefused     Decision = "REFUSED"     // it would not be safe; Reason says why
)

// Verdict is what a workflow answers to a remedy, with what it rests on.
type Verdict struct {
	Decision Decision `json:"decision"`
	Reason   string   `json:"reason"`
	Evidence string   `json:"evidence,omitempty"` // the operator's words, redacted
	Status   Status   `json:"status"`             // of the payment, afterwards
}

// Act is one thing a person did or tried to do: a row of the audit log, written
// before it is carried out and completed with the verdict afterwards.
type Act struct {
	ID        string
	At        time.Time
	Actor     string
	Role      Role
	Verb      Verb
	PaymentID PaymentID // "" when the act concerns none
	Subject   string    // what else it concerns, such as a merchant or an event
	Reason    string    // why, in the actor's words
	// Resolution, Evidence and Case are those of VerbResolve: what became of the payment, where
	// that can be seen, and the case that it settles, "" for none.
	Resolution Resolution
	Evidence   string
	Case       CaseID
	Verdict    Verdict // zero: under way, or cut off
	EndedAt    time.Time
}

// Needs returns the role that a verb needs.
func (v Verb) Needs() Role {
	if v == VerbResolve {
		return RoleFinance
	}
	return RoleSupport
}

// Role is what a holder of an admin token may do.
type Role string

// The roles, each with all that the one before may do.
const (
	RoleReader  Role = "reader"  // find, list, read
	RoleSupport Role = "support" // recheck, redrive, resend
	RoleFinance Role = "finance" // resolve, settle merchants, change fees
)

// May reports whether r may do what needs other.
func (r Role) May(other Role) bool {
	rank := map[Role]int{RoleReader: 1, RoleSupport: 2, RoleFinance: 3}
	return rank[r] > 0 && rank[r] >= rank[other]
}

// StuckCause is why an open payment has not ended.
type StuckCause string

// Why a payment is stuck, each a row of the list that support works through.
const (
	StuckUnstarted  StuckCause = "NOT_STARTED"        // accepted, and no workflow took it up
	StuckUnsent     StuckCause = "OPERATOR_DOWN"      // the operator cannot be reached
	StuckSuspended  StuckCause = "MERCHANT_SUSPENDED" // it is sent when its merchant's suspension ends
	StuckUnknown    StuckCause = "ANSWER_UNKNOWN"     // sent, and the outcome is not known
	StuckUndecided  StuckCause = "OPERATOR_SLOW"      // the operator has it and does not decide
	StuckCase       StuckCause = "CASE_OPEN"          // a person must settle a case
	StuckUnreported StuckCause = "WEBHOOK_FAILING"    // it ended, and the merchant could not be told
)

// Stuck is a payment that needs a look.
type Stuck struct {
	Payment Payment
	Cause   StuckCause
	Since   time.Time
	Words   string // the operator's last, redacted
	Allowed []Verb
	// Unreadable says why a part of the payment's row, such as its number, does not open; ""
	// when all of it does.
	Unreadable string
}

// Verbs returns what support can do about a payment of one kind that is stuck for this
// cause. For StuckCase it is Cause.Verbs. A payment that is not started has no workflow to
// ask; the sweep starts it or ends it. Only money that leaves us can be settled by a
// person's word: what a customer paid is the operator's to say. Another attempt is offered
// only while nobody knows whether the last one arrived.
func (c StuckCause) Verbs(k Kind) []Verb {
	switch {
	case c == StuckUnknown && k.MoneyOut():
		return []Verb{VerbRecheck, VerbRedrive, VerbResolve}
	case c == StuckUndecided && k.MoneyOut():
		return []Verb{VerbRecheck, VerbResolve}
	case c == StuckUnknown, c == StuckUndecided, c == StuckUnsent, c == StuckSuspended:
		return []Verb{VerbRecheck}
	case c == StuckUnreported:
		return []Verb{VerbResend}
	default:
		return []Verb{}
	}
}

// Verbs returns what support can do about a payment with an open case of this cause. Past
// the horizon the operator is asked, and people settle what it cannot say. Of
// CauseNotBooked it is nothing: the payment's workflow waits for its own write and would
// answer no action before that.
func (c Cause) Verbs() []Verb {
	switch c {
	case CauseUnknown:
		return []Verb{VerbRecheck, VerbResolve}
	case CauseWorkflowLost: // started by hand, should its rows be readable again
		return []Verb{VerbRecheck}
	case CauseLineNotStarted, CauseNotBooked: // a line's operator is configured again, or its bulk is cancelled
		return []Verb{}
	default:
		return []Verb{VerbResolve}
	}
}

// CaseView is an open case with the payment it is about and what can be done.
type CaseView struct {
	Case

	Payment    Payment
	Allowed    []Verb
	Unreadable string // as in Stuck
}

// PaymentView is a payment of whoever it is, for support.
type PaymentView struct {
	Payment

	Unreadable string // as in Stuck
}

// AdminToken is a person's admission to the admin API. Its secret is shown once, when
// it is made, and kept nowhere.
type AdminToken struct {
	Name      string // who acts with it, as the audit log names them
	Role      Role
	CreatedAt time.Time
	RevokedAt time.Time // zero: in force
}
