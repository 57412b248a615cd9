package pirogue

import (
	"context"
	"net/http"
	"time"
)

// OperatorCode names one configured instance of an adapter, such as
// "orange-web-ml": a system, a country and one set of credentials.
type OperatorCode string

// Operator is one system we call. An implementation translates between these
// types and the operator's wire format; it keeps no state but its access token,
// never retries and never decides: those belong to the workflow, which reads
// Capability. What else it can do is an optional interface (Collector, Disburser,
// BulkDisburser, Refunder, StatusReader, BalanceReader, StatementReader,
// CallbackReader, CallbackRegistrar, CallbackResender, CustomerDirectory): an
// operator that cannot simply lacks the method.
//
// A call ends in one of five classes. Accepted is a Receipt and no error. The
// others are errors with a code: NotSent promises that the operator did not take
// the request (no byte reached it, or its gateway turned it away unread), Refused
// that it said no to this payment, Unable that it said no for a reason of its own, such
// as an empty float, so that another operator may take it. Unknown promises nothing, for
// a timeout is never a failure. What the
// operator named in an answer that is Unknown comes beside the error: the Handle and
// ProviderTxID of that Receipt are kept, and nothing else of it.
type Operator interface {
	Capability() Capability
}

// Collector can ask a customer to pay.
type Collector interface {
	Collect(ctx context.Context, c Collection) (Receipt, error)
}

// Disburser can pay into a wallet.
type Disburser interface {
	Disburse(ctx context.Context, d Disbursement) (Receipt, error)
}

// Refunder can give a payment it collected, or part of it, back to its payer.
type Refunder interface {
	Refund(ctx context.Context, r Reversal) (Receipt, error)
}

// BalanceReader can say how much money is left for disbursements.
type BalanceReader interface {
	Balance(ctx context.Context) (Money, error)
}

// StatusReader can say what became of an attempt. It answers OutcomeAbsent when
// the operator knows no disbursement or refund of that reference; a collection that
// the operator cannot show before it is paid is OutcomePending.
type StatusReader interface {
	Status(ctx context.Context, q StatusQuery) (Receipt, error)
}

// CallbackReader can read the operator's own messages. Callback authenticates
// first: SignatureInvalid when the operator's proof is missing or wrong,
// InvalidJSON when the body cannot be read. What it returns is a hint, never a
// fact: the workflow asks Status before it believes it.
type CallbackReader interface {
	Callback(a Attempt, header http.Header, body []byte) (Receipt, error)
}

// CallbackRegistrar can be told one address for what it has to say about payments that
// name none of their own. The latest registration counts.
type CallbackRegistrar interface {
	RegisterCallback(ctx context.Context, address string) error
}

// CallbackResender can be asked to send what it last said of an attempt once more.
type CallbackResender interface {
	ResendCallback(ctx context.Context, q StatusQuery) error
}

// BulkDisburser can pay into many wallets by one call. BulkDisburse hands over up to
// MaxBulk disbursements and returns the operator's identifier of the bulk. It fails for all
// lines together: NotSent, Refused and Unable promise that none was executed, and after
// Unknown each has to be asked for by its own reference.
type BulkDisburser interface {
	Disburser
	MaxBulk() int
	BulkDisburse(ctx context.Context, all []Disbursement, callbackURL string) (string, error)
}

// Collection is what an operator needs to collect a cash-in.
type Collection struct {
	Ref         OperatorRef
	Amount      Money
	MSISDN      MSISDN
	Network     Network // the payer's
	Payer       string  // the customer's name as the merchant gave it; "" when not
	Payee       string  // the merchant's name, as the customer should read it
	ReturnURL   string
	CancelURL   string
	CallbackURL string // at most 120 characters, carries the attempt's token
	OTP         string // one-time password the customer obtained beforehand; "" when the network needs none
	Window      time.Duration
}

// Disbursement is what an operator needs to pay into a wallet.
type Disbursement struct {
	Ref         OperatorRef
	Amount      Money
	MSISDN      MSISDN
	Network     Network // the beneficiary's
	Beneficiary string  // the customer's name as the merchant gave it; "" when not
	Payer       string  // the merchant's name, as the customer should read it
	CallbackURL string  // as in Collection
}

// Reversal is what an operator needs to give back what it collected.
type Reversal struct {
	Ref         OperatorRef
	Amount      Money       // to give back: all of the collected amount, or less
	Collected   StatusQuery // the attempt that collected it
	CallbackURL string      // as in Collection
}

// StatusQuery is what an operator needs to find an attempt again.
type StatusQuery struct {
	Kind   Kind
	Ref    OperatorRef
	Handle Handle
	Amount Money     // as we ordered it
	MSISDN MSISDN    // of the wallet that pays or is paid
	SentAt time.Time // when the attempt first left us, so that nothing older is searched
	// Reversed is the attempt whose collection this one gives back by Refunder; nil of one
	// that is no refund, and of a refund by Disburser.
	Reversed *StatusQuery
}

// Outcome is what an operator says became of an attempt.
type Outcome string

// The outcomes an operator can report. A word that an adapter does not know is no
// outcome: it is an error with code Unknown.
const (
	OutcomePending  Outcome = "PENDING"  // accepted, not decided
	OutcomePaid     Outcome = "PAID"     // money moved
	OutcomeDeclined Outcome = "DECLINED" // money did not move and will not
	OutcomeExpired  Outcome = "EXPIRED"  // the operator closed it unpaid
	OutcomeAbsent   Outcome = "ABSENT"   // the operator knows nothing of the reference; not yet evidence
	// OutcomeNotSent is no operator's word: our own rows prove that nothing was sent.
	OutcomeNotSent Outcome = "NOT_SENT"
)

// Receipt is an operator's word about one attempt at one moment.
type Receipt struct {
	Outcome      Outcome    `json:"outcome"`
	ProviderTxID string     `json:"provider_tx_id,omitempty"`
	NextAction   NextAction `json:"next_action,omitzero"`
	Handle       Handle     `json:"-"`
	// Amount is the principal the operator confirmed; the zero value when it does
	// not say. One that differs from the order never becomes a success.
	Amount Money `json:"amount,omitzero"`
	// Extra holds what moved under the same reference beside Amount, by transactions of their own;
	// the zero value for nothing. Amount is the order's then.
	Extra Money `json:"extra,omitzero"`
	// Mismatch is what else than the amount differs from the order: "currency" or
	// "counterparty"; "" when nothing. A receipt that has one never becomes a success.
	Mismatch string `json:"mismatch,omitempty"`
	Words    string `json:"words,omitempty"` // the operator's own, redacted, for support
	// UnderWay says that the operator itself called the attempt pending: it is neither
	// lost nor silent about it.
	UnderWay bool `json:"under_way,omitempty"`
	// Unclear says that nobody can tell from the answer whether money moved, or how much: the call
	// failed, its word is in no table, it says "paid" without an amount that the operator states
	// elsewhere, or a proven callback contradicts it. Words says which.
	Unclear bool `json:"unclear,omitempty"`
	// Contradicted says that it is unclear because a proven callback says that money moved.
	Contradicted bool `json:"contradicted,omitempty"`
	// Absent says that the operator answered, and does not know the attempt.
	Absent bool `json:"absent,omitempty"`
	// KeptOpen says that the payment does not end by this answer, because operators are asked first.
	KeptOpen bool `json:"kept_open,omitempty"`
}

// Moved returns all that moved under a reference according to a receipt that is PAID, in minor
// units. An operator that names no amount has moved the ordered one.
func (r Receipt) Moved(ordered Money) int64 {
	if r.Amount == (Money{}) {
		return ordered.Minor + r.Extra.Minor
	}
	return r.Amount.Minor + r.Extra.Minor
}

// MismatchUnstated is the Mismatch of a callback that says that money moved, but not how
// much, from an operator that cannot be asked.
const MismatchUnstated = "amount_unstated"

// Capability is what an adapter promises about its operator. Workflows decide from
// it, so a weak operator automatically gets less automation.
type Capability struct {
	Reference ReferencePower
	Unheard   RepeatRule    // what a collection whose answer was lost allows
	Window    time.Duration // how long the operator itself waits for the customer
	// CallTimeout is how long one call of this instance may take, all of it.
	CallTimeout time.Duration
	Horizon     time.Duration // after it the operator's word does not change any more
	// AbsenceProves says that after the horizon a reference the operator does not know
	// was never executed. Where it is false, only a person can say so.
	AbsenceProves bool
	// ResendWithin says how long after its first sending a reference is still executed once when it
	// is sent again, of an operator that is IdempotentByReference; 0 promises nothing.
	ResendWithin time.Duration
	// StatementNames says that every line of Statement bears our reference: a list that names an
	// attempt nowhere says that nothing new is known of it, which proves nothing.
	StatementNames bool
	Proof          CallbackProof
	// RefusalSpan is how far apart two equal refusals of money that leaves us must lie
	// before they are believed; 0 means a few seconds. It is long where the operator is
	// known to call an outcome a failure that it does not know yet, and where its not knowing
	// an attempt that it refused says little.
	RefusalSpan time.Duration
	// WholeRefunds says that Refunder gives back all of a payment or nothing: a part is
	// paid out instead.
	WholeRefunds bool
	CashIn       Limits // of one collection
	CashOut      Limits // of one disbursement
	Refund       Limits // of one refund by Refunder; one that is paid out is a disbursement
}

// Limits is which amounts an operator moves, in minor units.
type Limits struct {
	Min int64 `json:"min"` // 0 means the operator states none
	Max int64 `json:"max"` // 0 means the operator states none
}

// Allow reports whether an amount, in minor units, is within the limits and MaxAmount.
func (l Limits) Allow(minor int64) bool {
	return IsAmount(minor) && minor >= l.Min && (l.Max == 0 || minor <= l.Max)
}

// Validate names the bound that no limits can have: one below 0 or above MaxAmount, or a
// maximum below the minimum.
func (l Limits) Validate() error {
	switch {
	case l.Min < 0 || l.Min > MaxAmount:
		return FieldError(InvalidParameter, "min")
	case l.Max < 0 || l.Max > MaxAmount || (l.Max > 0 && l.Max < l.Min):
		return FieldError(InvalidParameter, "max")
	default:
		return nil
	}
}

// Limits returns the limits for payments of kind k.
func (c Capability) Limits(k Kind) Limits {
	if k == CashIn {
		return c.CashIn
	}
	return c.CashOut
}

// ReferencePower says what our own reference is good for at an operator.
type ReferencePower string

// How an operator treats our reference.
const (
	IdempotentByReference ReferencePower = "idempotent" // repeated, it executes once
	StatusByReference     ReferencePower = "status"     // status can be asked with it
	NeitherByReference    ReferencePower = "neither"
)

// RepeatRule says whether a collection whose answer was lost may be sent again.
type RepeatRule string

// The rules for a collection whose answer was lost.
const (
	RepeatNever   RepeatRule = "never"          // ask, or wait for a callback or a person
	RepeatSame    RepeatRule = "same_reference" // the operator removes duplicates
	RepeatRenewed RepeatRule = "new_reference"  // nobody saw the lost one, so it cannot be paid
)

// CallbackProof says how an operator proves that a callback is its own.
type CallbackProof string

// How callbacks are proven, beside the token in their URL.
const (
	ProofNone      CallbackProof = "none"
	ProofToken     CallbackProof = "token"     // a shared value from the submission
	ProofSignature CallbackProof = "signature" // a MAC over the body
)

// Instance is one configured operator together with its place in the routes.
type Instance struct {
	Code           OperatorCode
	Mode           Mode
	Country        CountryCode
	Network        Network
	CallsPerSecond float64       // the contract's limit; 0 means none
	Window         time.Duration // how long the customer may take
	CallTimeout    time.Duration // the capability's
	Horizon        time.Duration // instead of the capability's; 0 keeps that one
	AbsenceProves  bool          // in addition to the capability's
	RefusalSpan    time.Duration // instead of the capability's; 0 keeps that one
	CashIn         Limits        // within the capability's; a zero bound keeps that one
	CashOut        Limits        // likewise
	Operator       Operator
	// PromisesLive reports, of a simulator, whether it promises no more than the live operator
	// at this moment: AbsenceProves counts for nothing then. nil is never.
	PromisesLive func() bool
}

// absenceProves reports whether the operator promises that a reference unknown to it, past its
// finality window, was never executed.
func (i Instance) absenceProves() bool {
	granted := i.AbsenceProves && (i.PromisesLive == nil || !i.PromisesLive())
	return i.Operator.Capability().AbsenceProves || granted
}

// Limits returns which amounts of payments of kind k the instance moves: the operator's
// limits, narrowed by those of the contract.
func (i Instance) Limits(k Kind) Limits {
	operators, contracts := i.Operator.Capability().Limits(k), i.CashOut
	if k == CashIn {
		contracts = i.CashIn
	}
	limits := Limits{Min: max(operators.Min, contracts.Min), Max: operators.Max}
	if contracts.Max > 0 && (limits.Max == 0 || contracts.Max < limits.Max) {
		limits.Max = contracts.Max
	}
	return limits
}
