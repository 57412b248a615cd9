package pirogue

import "time"

// AttemptID identifies an attempt: a UUIDv7.
type AttemptID string

// OperatorRef is our reference of one attempt at its operator: at most 20
// characters, the shortest limit of all operators (Digitalpaye's transaction_id).
type OperatorRef string

// AttemptState is what we know of one submission.
type AttemptState string

// The states of an attempt. It becomes AttemptSent before the first byte leaves,
// so a crash in between is found as "perhaps sent". A call proven not sent goes
// back from AttemptSent to AttemptPrepared.
const (
	AttemptPrepared AttemptState = "PREPARED"
	AttemptSent     AttemptState = "SENT"
	AttemptAccepted AttemptState = "ACCEPTED"
	AttemptRefused  AttemptState = "REFUSED"
	AttemptUnknown  AttemptState = "UNKNOWN"
)

// SendResult holds what came of asking for an attempt to be marked SENT.
type SendResult string

// The results of marking an attempt. Bytes may leave after SendMarked only.
const (
	SendMarked       SendResult = "MARKED"
	SendOvertaken    SendResult = "OVERTAKEN"     // another run has it, or its payment is terminal
	SendPastDeadline SendResult = "PAST_DEADLINE" // its payment is still CREATED past its start deadline
	SendSuspended    SendResult = "SUSPENDED"     // its merchant is suspended
	SendCancelled    SendResult = "CANCELLED"     // its bulk is being cancelled
	SendAskFirst     SendResult = "ASK_FIRST"     // the database was restored, and operators are asked first
)

// Sending is one time that an attempt was to be marked SENT. Its number fences the answer
// to it: what an earlier sending came to says nothing of a later one.
type Sending struct {
	Result SendResult
	Number int  // from 1; 0 unless Result is SendMarked
	Repeat bool // an earlier sending of the attempt is not proven "not sent"
}

// Attempt is one submission of a payment to one operator under one reference.
type Attempt struct {
	ID        AttemptID
	PaymentID PaymentID
	Number    int // 1 for the first
	Operator  OperatorCode
	Ref       OperatorRef
	State     AttemptState
	Unable    bool   // refused for a reason of the operator's own: another may be tried
	Handle    Handle // what the operator gave us to ask about it with
	Answer    string // its last words, redacted
	Sendings  int    // how often it was marked SENT; the latest sending has this number
	Polls     int    // how often its status was asked
	Evidence  Evidence
	PolledAt  time.Time
	SentAt    time.Time // when it left us; of one that left several times, the latest
	FirstSent time.Time // and the first of them
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Handle is what an operator returned at submission and wants back on a status
// call, such as Orange's pay_token. It is secret: stored sealed, never logged. Before
// the submission it holds what the submission needs and nobody else may read.
type Handle map[string]string

// HandleOTP is where the customer's one-time password waits in the handle of a first
// attempt, until the operator's handle takes its place or the payment ends. It is good for one
// submission.
const HandleOTP = "otp"

// Evidence is what an operator says of an attempt again and again: the same outcome,
// in answers that follow one another. Before a payment that takes money from us is
// called failed, one answer is not enough.
type Evidence struct {
	Outcome Outcome   // "" before the first answer
	Times   int       // equal answers in a row
	Since   time.Time // when the first of them came
}

// Poll is one status question that was put to an operator. How often the attempt was sent and asked
// about before fences it: an answer that comes after that of a later question is not counted, nor
// is one that is older than the latest sending.
type Poll struct {
	AttemptID AttemptID
	Sendings  int     // of the attempt when the question was put
	Polls     int     // likewise
	Outcome   Outcome // "" when the operator gave none
	Words     string  // its own, redacted
	At        time.Time
	Next      time.Time // about when the next question follows; the zero value keeps what is known
}
