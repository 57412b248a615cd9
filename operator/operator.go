package operator

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"pirogue"
)

// Automation describes the workflows' steps with this instance. It reads the Leg that workflows
// decide from, so that the table cannot promise more than they do.
func (i Instance) Automation() Automation {
	in, out := NewRouteCandidate(pirogue.CashIn, i), NewRouteCandidate(pirogue.CashOut, i)
	a := Automation{
		LostCashIn: lostResponseTexts[in.OnLostResponse], LostCashOut: lostResponseTexts[out.OnLostResponse],
		Proves:  "two equal refusals by status",
		Redrive: "refused: absence proves nothing, two people resolve",
		Settles: "its status call; a callback makes the question come sooner", FirstPoll: i.DecidesAtOnce.firstPoll(),
	}
	if out.AbsenceProves {
		after := "after " + inWords(out.FinalityWindow)
		a.Proves += ", or 'not known' three times " + after
		a.Redrive = after + " of 'not known': another attempt"
	}
	if out.OnLostResponse == ResendSameReference {
		a.Redrive = "for " + inWords(cmp.Or(out.ResendWithin, resendWithin)) +
			", if the operator says 'not known': the same reference; then " + a.Redrive
	}
	if !hasAbility[Disburser](i.Operator) {
		a.LostCashOut, a.Proves, a.Redrive = "", "", ""
	}
	if !hasAbility[StatusReader](i.Operator) {
		a.Proves, a.Redrive = "nothing it can say: two people resolve", "refused: it cannot be asked"
		a.Settles = "a proven callback with the order's amount; everything else is a case"
		a.LostCashIn, a.LostCashOut, a.FirstPoll = waitsOnly, waitsOnly, ""
	}
	if !hasAbility[StatusReader](i.Operator) && i.Operator.Capability().Proof == ProofNone {
		a.Settles = "nobody's but a person's"
	}
	return a
}

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
	Balance(ctx context.Context) (pirogue.Money, error)
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
	Callback(a pirogue.Attempt, header http.Header, body []byte) (OperatorResult, error)
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
	Ref         pirogue.OperatorRef
	Amount      pirogue.Money
	MSISDN      pirogue.MSISDN
	Network     pirogue.Network // the payer's
	Payer       string          // the customer's name from the merchant; "" when not given
	Payee       string          // the merchant's name, for the customer to read
	ReturnURL   string
	CancelURL   string
	CallbackURL string // at most 120 characters, carries the attempt's token
	OTP         string // one-time password the customer obtained beforehand; "" when the network needs none
	Window      time.Duration
}

// DisburseRequest is the request to pay into a wallet.
type DisburseRequest struct {
	Ref         pirogue.OperatorRef
	Amount      pirogue.Money
	MSISDN      pirogue.MSISDN
	Network     pirogue.Network // the beneficiary's
	Beneficiary string          // the customer's name from the merchant; "" when not given
	Payer       string          // the merchant's name, for the customer to read
	CallbackURL string          // as in Collection
}

// RefundRequest is the request to give back a collected payment.
type RefundRequest struct {
	Ref          pirogue.OperatorRef
	Amount       pirogue.Money // to give back: all of the collected amount, or less
	CollectQuery StatusQuery   // the attempt that collected it
	CallbackURL  string        // as in Collection
}

// StatusQuery identifies an attempt for a status call.
type StatusQuery struct {
	Kind   pirogue.PaymentKind
	Ref    pirogue.OperatorRef
	Handle pirogue.Handle
	Amount pirogue.Money  // as we sent it
	MSISDN pirogue.MSISDN // of the wallet that pays or is paid
	SentAt time.Time      // when the attempt first left us: adapters search no older transactions
	// RefundedCollect is the attempt whose collection this refund gives back by Refunder. It is nil for a
	// refund by Disburser, and for every other kind.
	RefundedCollect *StatusQuery
}

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
	// DecidesAtOnce says whose result the operator knows when it answers the submission.
	DecidesAtOnce AtOnce
	// WholeRefunds promises that Refunder gives back all of a payment or nothing. A partial refund
	// is paid out by Disburser instead.
	WholeRefunds bool
	CashIn       Limits // of one collection
	CashOut      Limits // of one disbursement
	Refund       Limits // of one refund by Refunder; a refund that is paid out is a disbursement
}

// AtOnce says which payments an operator decides in the call that submits them. They are polled at once.
// The first poll of the others comes a step after their acceptance, for before it the operator knows no
// result.
type AtOnce struct {
	CashIn   bool `json:"cash_in"`   // every collection
	OneStep  bool `json:"one_step"`  // a collection that leaves its customer nothing to do: it had a one-time password
	MoneyOut bool `json:"money_out"` // disbursements and refunds
}

// Covers reports whether a payment that the operator has accepted is decided.
func (a AtOnce) Covers(p pirogue.Payment) bool {
	if p.Kind.MoneyOut() {
		return a.MoneyOut
	}
	return a.CashIn || a.OneStep && p.NextAction.Type == ""
}

// Limits bounds the amount of one payment at an operator, in minor units.
type Limits struct {
	Min int64 `json:"min"` // 0 means the operator states none
	Max int64 `json:"max"` // 0 means the operator states none
}

// Allow reports whether an amount, in minor units, is within the limits and MaxAmount.
func (l Limits) Allow(minor int64) bool {
	return pirogue.IsAmount(minor) && minor >= l.Min && (l.Max == 0 || minor <= l.Max)
}

// Validate names the bound that is impossible: below 0, above MaxAmount, or a maximum below the
// minimum.
func (l Limits) Validate() error {
	switch {
	case l.Min < 0 || l.Min > pirogue.MaxAmount:
		return pirogue.FieldError(pirogue.InvalidParameter, "min")
	case l.Max < 0 || l.Max > pirogue.MaxAmount || (l.Max > 0 && l.Max < l.Min):
		return pirogue.FieldError(pirogue.InvalidParameter, "max")
	default:
		return nil
	}
}

// Limits returns the limits for payments of kind k.
func (c Capability) Limits(k pirogue.PaymentKind) Limits {
	if k == pirogue.CashIn {
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
	Code           pirogue.OperatorCode
	Mode           pirogue.Mode
	Country        pirogue.CountryCode
	Network        pirogue.Network
	CallsPerSecond float64       // the contract's limit; 0 means none
	Window         time.Duration // the customer's time to confirm
	CallTimeout    time.Duration // the capability's
	FinalityWindow time.Duration // instead of the capability's; 0 keeps that one
	AbsenceProves  bool          // in addition to the capability's
	RefusalSpan    time.Duration // instead of the capability's; 0 keeps that one
	DecidesAtOnce  AtOnce        // the capability's, or the configuration's instead
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
func (i Instance) Limits(k pirogue.PaymentKind) Limits {
	operators, contracts := i.Operator.Capability().Limits(k), i.CashOut
	if k == pirogue.CashIn {
		contracts = i.CashIn
	}
	limits := Limits{Min: max(operators.Min, contracts.Min), Max: operators.Max}
	if contracts.Max > 0 && (limits.Max == 0 || contracts.Max < limits.Max) {
		limits.Max = contracts.Max
	}
	return limits
}

// onLostResponse returns the rule for a lost response. For outgoing money, only an operator that executes a
// reference once may receive it twice.
func (c Capability) onLostResponse(k pirogue.PaymentKind) OnLostResponse {
	switch {
	case !k.MoneyOut():
		return c.OnLostResponse
	case c.Reference == IdempotentByReference:
		return ResendSameReference
	default:
		return ResendNever
	}
}
