package lifecycle

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

// Sending is one request to mark an attempt SENT, with its result. Its number fences the operator's
// response: the result of an earlier sending proves nothing about a later one.
type Sending struct {
	Result SendResult
	Number int  // from 1; 0 unless Result is SendMarked
	Repeat bool // an earlier sending of the attempt is not proven "not sent"
}
