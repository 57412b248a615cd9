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

// SendResult holds the result of a request to mark an attempt SENT.
type SendResult string

// The results of marking an attempt. The caller may send bytes after SendMarked only.
const (
	SendMarked       SendResult = "MARKED"
	SendOvertaken    SendResult = "OVERTAKEN"     // another run has it, or its payment is terminal
	SendPastDeadline SendResult = "PAST_DEADLINE" // its payment is still CREATED past its start deadline
	SendPastWindow   SendResult = "PAST_WINDOW"   // it was accepted too long ago: see SendLimits.Accepted
	SendSuspended    SendResult = "SUSPENDED"     // its merchant is suspended
	SendCancelled    SendResult = "CANCELLED"     // its bulk is being cancelled
	SendAskFirst     SendResult = "ASK_FIRST"     // the database was restored, and operators are asked first
)

// SendLimits bounds the time in which an attempt may be marked SENT. Its zero value allows a first
// sending at any time, and no second one.
type SendLimits struct {
	Accepted time.Duration // how long after the payment was accepted; 0: any time
	Again    time.Duration // how long after its first sending a lost attempt may be sent again; 0: never
}

// Sending is one request to mark an attempt SENT, with its result. Its number fences the operator's
// response: the result of an earlier sending proves nothing about a later one.
type Sending struct {
	Result SendResult
	Number int  // from 1; 0 unless Result is SendMarked
	Repeat bool // an earlier sending of the attempt is not proven "not sent"
}

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
	Polls           int    // number of status calls made for it
	Evidence        Evidence
	PolledAt        time.Time
	SentAt          time.Time // when its bytes left; of several sendings, the latest
	FirstSent       time.Time // when the first of its sendings left
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

// Poll is one status question to an operator and its result. Sendings and Polls fence it. The store
// ignores a result that is older than the latest sending. It also ignores one that arrives after a
// later poll's result.
type Poll struct {
	AttemptID AttemptID
	Sendings  int     // of the attempt when the question was put
	Polls     int     // likewise
	Outcome   Outcome // "" when the operator gave none
	Message   string  // the operator's message, redacted
	At        time.Time
	Next      time.Time // about when the next poll follows; the zero value keeps the stored time
}
