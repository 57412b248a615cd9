package pirogue

import "time"

// AttemptID identifies an attempt: a UUIDv7.
type AttemptID string

// OperatorRef identifies one attempt at its operator; we choose it. It has at most 20 characters,
// the shortest limit of all operators (Digitalpaye's transaction_id).
type OperatorRef string

// AttemptState holds the last proven step of one submission.
type AttemptState string

// The states of an attempt. It becomes AttemptSent before the first byte leaves, so after a crash
// in between its outcome counts as unknown. A call proven not sent goes back from AttemptSent to
// AttemptPrepared.
const (
	AttemptPrepared AttemptState = "PREPARED"
	AttemptSent     AttemptState = "SENT"
	AttemptAccepted AttemptState = "ACCEPTED"
	AttemptRefused  AttemptState = "REFUSED"
	AttemptUnknown  AttemptState = "UNKNOWN"
)

// Attempt is one submission of a payment to one operator under one reference.
type Attempt struct {
	ID              AttemptID
	PaymentID       PaymentID
	Number          int // 1 for the first
	Operator        OperatorCode
	Ref             OperatorRef
	State           AttemptState
	Unable          bool   // refused for a reason of the operator's own: failover is allowed
	Handle          Handle // the operator's identifiers for status calls
	OperatorMessage string // the operator's latest message, redacted
	Sendings        int    // number of times it was marked SENT; the latest sending has this number
	Polls           int    // number of status calls recorded for it
	Evidence        Evidence
	PolledAt        time.Time     // the latest recorded one
	NextPoll        time.Time     // about when the one after it follows; zero before the first
	PollEvery       time.Duration // time between later ones, if they are not recorded; 0: each is recorded
	CallbackAskedAt time.Time     // when the operator was asked to send its callback again; zero: never
	SentAt          time.Time     // when its bytes left; of several sendings, the latest
	FirstSent       time.Time     // when the first of its sendings left
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Handle holds values that an operator returned at submission and wants back on a status call, such
// as Orange's pay_token. It is secret: stored sealed, never logged. Before the submission it holds
// secrets that only the submission may read.
type Handle map[string]string

// HandleOTP is the key of the customer's one-time password in the handle of a first attempt. It
// stays there until the operator's handle replaces it or the payment ends. The password is good for
// one submission.
const HandleOTP = "otp"

// Evidence counts equal, consecutive results of an operator for one attempt. One result is not
// enough to call a payment failed that takes money from us.
type Evidence struct {
	Outcome Outcome   // "" before the first answer
	Times   int       // equal answers in a row
	Since   time.Time // when the first of them came
}

// OperatorCode names one configured instance of an adapter, such as
// "orange-web-ml": a system, a country and one set of credentials.
type OperatorCode string

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
