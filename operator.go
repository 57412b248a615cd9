package pirogue

import (
	"context"
	"net/http"
	"time"
)

// OperatorCode names one configured instance of an adapter, such as
// "orange-web-ml": a system, a country and one set of credentials.
type OperatorCode string

// Operator is one system we call. An implementation translates between these types and the
// operator's wire format. It keeps no state but its access token, never retries and never decides.
// Retries and decisions belong to the workflow, which reads Capability. Every further call is an
// optional interface, and an operator without the call lacks the method. The interfaces are
// Collector, Disburser, BulkDisburser, Refunder, StatusReader, BalanceReader, StatementReader,
// CallbackReader, CallbackRegistrar, CallbackResender, CustomerDirectory.
//
// A call has one of five outcomes. Accepted is a Receipt and no error. The others are errors with a
// code:
//   - NotSent: the operator did not take the request. No byte reached it, or its gateway turned it
//     away unread.
//   - Refused: the operator refuses this payment.
//   - Unable: the operator refuses for a reason of its own, such as an empty float. Another operator
//     may take the payment.
//   - Unknown: nothing is promised, for a timeout is never a failure.
//
// An Unknown error may come with a Receipt. The caller keeps its Handle and ProviderTxID, and
// ignores its other fields.
type Operator interface {
	Capability() Capability
}

// Collector asks a customer to pay.
type Collector interface {
	Collect(ctx context.Context, c CollectRequest) (OperatorResult, error)
}

// Disburser pays into a wallet.
type Disburser interface {
	Disburse(ctx context.Context, d DisburseRequest) (OperatorResult, error)
}

// Refunder gives a payment that it collected, or part of it, back to its payer.
type Refunder interface {
	Refund(ctx context.Context, r RefundRequest) (OperatorResult, error)
}

// BalanceReader returns the money left for disbursements.
type BalanceReader interface {
	Balance(ctx context.Context) (Money, error)
}

// StatusReader returns the operator's result for an attempt. It returns OutcomeAbsent when the
// operator has no disbursement or refund of that reference. A collection that the operator cannot
// show before it is paid is OutcomePending.
type StatusReader interface {
	Status(ctx context.Context, q StatusQuery) (OperatorResult, error)
}

// CallbackReader reads the operator's callbacks. Callback authenticates first: it fails with
// SignatureInvalid when the operator's proof is missing or wrong. It fails with InvalidJSON when
// the body cannot be read. The result is a hint, never a fact: the workflow asks Status before it
// believes it.
type CallbackReader interface {
	Callback(a Attempt, header http.Header, body []byte) (OperatorResult, error)
}

// CallbackRegistrar registers one address for callbacks about payments that name no address of
// their own. The latest registration counts.
type CallbackRegistrar interface {
	RegisterCallback(ctx context.Context, address string) error
}

// CallbackResender asks the operator to send its latest callback about an attempt again.
type CallbackResender interface {
	ResendCallback(ctx context.Context, q StatusQuery) error
}

// BulkDisburser pays into many wallets by one call. BulkDisburse submits up to MaxBulk
// disbursements and returns the operator's identifier of the bulk. An error concerns all lines.
// NotSent, Refused and Unable promise that none was executed. After Unknown the caller must ask for
// each line by its own reference.
type BulkDisburser interface {
	Disburser
	MaxBulk() int
	BulkDisburse(ctx context.Context, all []DisburseRequest, callbackURL string) (string, error)
}

// CollectRequest is the request to collect a cash-in.
type CollectRequest struct {
	Ref         OperatorRef
	Amount      Money
	MSISDN      MSISDN
	Network     Network // the payer's
	Payer       string  // the customer's name from the merchant; "" when not given
	Payee       string  // the merchant's name, for the customer to read
	ReturnURL   string
	CancelURL   string
	CallbackURL string // at most 120 characters, carries the attempt's token
	OTP         string // one-time password the customer obtained beforehand; "" when the network needs none
	Window      time.Duration
}

// DisburseRequest is the request to pay into a wallet.
type DisburseRequest struct {
	Ref         OperatorRef
	Amount      Money
	MSISDN      MSISDN
	Network     Network // the beneficiary's
	Beneficiary string  // the customer's name from the merchant; "" when not given
	Payer       string  // the merchant's name, for the customer to read
	CallbackURL string  // as in Collection
}

// RefundRequest is the request to give back a collected payment.
type RefundRequest struct {
	Ref          OperatorRef
	Amount       Money       // to give back: all of the collected amount, or less
	CollectQuery StatusQuery // the attempt that collected it
	CallbackURL  string      // as in Collection
}

// StatusQuery identifies an attempt for a status call.
type StatusQuery struct {
	Kind   PaymentKind
	Ref    OperatorRef
	Handle Handle
	Amount Money     // as we sent it
	MSISDN MSISDN    // of the wallet that pays or is paid
	SentAt time.Time // when the attempt first left us: adapters search no older transactions
	// RefundedCollect is the attempt whose collection this refund gives back by Refunder. It is nil for a
	// refund by Disburser, and for every other kind.
	RefundedCollect *StatusQuery
}

// Outcome is the operator's result for an attempt.
type Outcome string

// The outcomes an operator can report. A status word that an adapter does not know gets no outcome:
// the adapter returns an error with code Unknown.
const (
	OutcomePending  Outcome = "PENDING"  // accepted, not decided
	OutcomePaid     Outcome = "PAID"     // money moved
	OutcomeDeclined Outcome = "DECLINED" // money did not move and will not
	OutcomeExpired  Outcome = "EXPIRED"  // the operator closed it unpaid
	OutcomeAbsent   Outcome = "ABSENT"   // the operator does not know the reference; not yet evidence
	// OutcomeNotSent never comes from an operator: our own rows prove that nothing was sent.
	OutcomeNotSent Outcome = "NOT_SENT"
)

// OperatorResult is an operator's result for one attempt at one moment.
type OperatorResult struct {
	Outcome      Outcome    `json:"outcome"`
	ProviderTxID string     `json:"provider_tx_id,omitempty"`
	NextAction   NextAction `json:"next_action,omitzero"`
	Handle       Handle     `json:"-"`
	// Amount is the principal that the operator confirmed; zero when it names none. A Receipt with
	// another amount than the payment's never becomes a success.
	Amount Money `json:"amount,omitzero"`
	// Extra holds the money that other transactions moved under the same reference; zero for
	// nothing. Amount equals the payment's amount then.
	Extra Money `json:"extra,omitzero"`
	// Mismatch names a fact besides the amount that differs from the request: "currency" or
	// "counterparty"; "" for none. A Receipt with a Mismatch never becomes a success.
	Mismatch string `json:"mismatch,omitempty"`
	Message  string `json:"words,omitempty"` // the operator's message, redacted, for support
	// UnderWay means that the operator itself reports the attempt as pending. It has neither lost
	// the attempt nor failed to respond.
	UnderWay bool `json:"under_way,omitempty"`
	// Unreadable means that the response does not prove whether money moved, or how much. The call
	// failed, or its status word is in no table. It may report "paid" without an amount that the
	// operator states elsewhere, or a proven callback contradicts it. Words holds the reason.
	Unreadable bool `json:"unclear,omitempty"`
	// Contradicted means that it is Unclear because a proven callback reports that money moved.
	Contradicted bool `json:"contradicted,omitempty"`
	// Absent means that the operator responded and does not know the attempt.
	Absent bool `json:"absent,omitempty"`
	// KeptOpen means that the payment stays open in spite of this result, because the service is in
	// ask-first mode.
	KeptOpen bool `json:"kept_open,omitempty"`
}

// Moved returns the total moved under the reference of a PAID receipt, in minor units. An operator
// that names no amount moved the ordered one.
func (r OperatorResult) Moved(ordered Money) int64 {
	if r.Amount == (Money{}) {
		return ordered.Minor + r.Extra.Minor
	}
	return r.Amount.Minor + r.Extra.Minor
}

// MismatchUnstated is the Mismatch of a callback that reports a payment without its amount. It
// occurs only with an operator that has no status call.
const MismatchUnstated = "amount_unstated"

// Capability holds an adapter's promises about its operator. Workflows decide from it, so a weak
// operator automatically gets less automation.
type Capability struct {
	Reference      ReferencePower
	OnLostResponse OnLostResponse // the resends that a lost response of a collection allows
	Window         time.Duration  // the operator's own limit for the customer to confirm
	// CallTimeout bounds one whole call of this instance.
	CallTimeout    time.Duration
	FinalityWindow time.Duration // after it the operator's "not found" or "failed" is final
	// AbsenceProves promises that a reference which the operator does not know after Horizon was
	// never executed. Where it is false, only a person can decide that.
	AbsenceProves bool
	// ResendWithin counts from the first sending of a reference. For so long an operator that is
	// IdempotentByReference executes a resent reference only once; 0 promises nothing.
	ResendWithin time.Duration
	// StatementNames promises that every line of Statement bears our reference. A list that lacks an
	// attempt then adds no fact about it and proves nothing.
	StatementNames bool
	Proof          CallbackProof
	// RefusalSpan is the least time between two equal refusals of outgoing money before Pirogue
	// believes them. 0 means a few seconds. It is long where an operator reports a failure before it
	// knows the outcome. There, an attempt that it refused and then does not know proves little as
	// well.
	RefusalSpan time.Duration
	// WholeRefunds promises that Refunder gives back all of a payment or nothing. A partial refund
	// is paid out by Disburser instead.
	WholeRefunds bool
	CashIn       Limits // of one collection
	CashOut      Limits // of one disbursement
	Refund       Limits // of one refund by Refunder; a refund that is paid out is a disbursement
}

// Limits bounds the amount of one payment at an operator, in minor units.
type Limits struct {
	Min int64 `json:"min"` // 0 means the operator states none
	Max int64 `json:"max"` // 0 means the operator states none
}

// Allow reports whether an amount, in minor units, is within the limits and MaxAmount.
func (l Limits) Allow(minor int64) bool {
	return IsAmount(minor) && minor >= l.Min && (l.Max == 0 || minor <= l.Max)
}

// Validate names the bound that is impossible: below 0, above MaxAmount, or a maximum below the
// minimum.
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
func (c Capability) Limits(k PaymentKind) Limits {
	if k == CashIn {
		return c.CashIn
	}
	return c.CashOut
}

// ReferencePower classifies the use of our own reference at an operator.
type ReferencePower string

// The uses of our reference at an operator.
const (
	IdempotentByReference ReferencePower = "idempotent" // the operator executes a repeated reference once
	StatusByReference     ReferencePower = "status"     // the status call accepts it
	NeitherByReference    ReferencePower = "neither"
)

// OnLostResponse allows or forbids to send a collection again whose response was lost.
type OnLostResponse string

// The rules for a collection whose response was lost.
const (
	ResendNever         OnLostResponse = "never"          // ask for the status, or wait for a callback or a person
	ResendSameReference OnLostResponse = "same_reference" // the operator removes duplicates
	ResendNewReference  OnLostResponse = "new_reference"  // the customer never saw the lost one, so it cannot be paid
)

// CallbackProof names the operator's proof that a callback is its own.
type CallbackProof string

// The proofs of a callback, beside the token in its URL.
const (
	ProofNone      CallbackProof = "none"
	ProofToken     CallbackProof = "token"     // a shared value from the submission
	ProofSignature CallbackProof = "signature" // a MAC over the body
)

// Instance is one configured operator with its place in the routes.
type Instance struct {
	Code           OperatorCode
	Mode           Mode
	Country        CountryCode
	Network        Network
	CallsPerSecond float64       // the contract's limit; 0 means none
	Window         time.Duration // the customer's time to confirm
	CallTimeout    time.Duration // the capability's
	FinalityWindow time.Duration // instead of the capability's; 0 keeps that one
	AbsenceProves  bool          // in addition to the capability's
	RefusalSpan    time.Duration // instead of the capability's; 0 keeps that one
	CashIn         Limits        // within the capability's; a zero bound keeps that one
	CashOut        Limits        // likewise
	Operator       Operator
	// PromisesLive reports whether a simulator promises no more than the live operator at this
	// moment. Instance.AbsenceProves has no effect then. nil means never.
	PromisesLive func() bool
}

// absenceProves reports whether the operator promises that a reference unknown to it, past its
// finality window, was never executed.
func (i Instance) absenceProves() bool {
	granted := i.AbsenceProves && (i.PromisesLive == nil || !i.PromisesLive())
	return i.Operator.Capability().AbsenceProves || granted
}

// Limits returns the amounts that the instance moves in payments of kind k: the operator's limits,
// narrowed by the contract's.
func (i Instance) Limits(k PaymentKind) Limits {
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
