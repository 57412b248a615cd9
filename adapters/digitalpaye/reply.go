package digitalpaye

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// reply is a response in Digitalpaye's envelope. It is {code_status, status, message, data}
// in snake_case, and {statusCode, message, data} or {statusCode, message, reason} in
// camelCase. Tokens and customers use the second form in every shape, so reply reads both.
type reply struct {
	http       int
	readable   bool // the body is a JSON object
	CodeStatus text `json:"code_status"`
	StatusCode text `json:"statusCode"`
	Status     text `json:"status"`
	Message    text `json:"message"`
	Reason     text `json:"reason"` // for people, in French

	Data json.RawMessage `json:"data"`
}

// readReply reads a response. A page of some proxy on the way becomes a reply without
// words, from which nothing follows.
func readReply(a client.Response) reply {
	r := reply{http: a.Status}
	if err := json.Unmarshal(a.Body, &r); err != nil {
		return reply{http: a.Status}
	}
	r.readable = true
	return r
}

// code returns the status in the envelope of a reply. It must agree with the HTTP status if
// that is an error. code returns 0 if they disagree or there is no envelope.
func (r reply) code() int {
	stated, err := strconv.Atoi(string(cmp.Or(r.CodeStatus, r.StatusCode)))
	switch {
	case err != nil:
		return 0
	case r.http >= http.StatusBadRequest && stated != r.http:
		return 0
	default:
		return stated
	}
}

// isAccepted reports whether Digitalpaye accepted the request: 200 is done, 202 is under way.
func (r reply) isAccepted() bool {
	code := r.code()
	return (code == http.StatusOK || code == http.StatusAccepted) && r.Status != wordError
}

// isFailedTransaction reports whether the response to a status call states that its transaction failed.
// The SDK reads every code but 200 and 202 as an end and shows its message. The word beside
// it is [our reading]. The word of a refusal is ERROR, and so is that of a time-out.
func (r reply) isFailedTransaction() bool {
	return r.http < http.StatusMultipleChoices && r.Status == wordFailed && r.code() == http.StatusBadRequest
}

// isNotFound reports whether Digitalpaye does not know the transaction asked for.
func (r reply) isNotFound() bool { return r.code() == http.StatusNotFound }

// errorCode returns the error code of a reply that is not accepted. refusal is the code of a
// clear refusal. It is Unknown for a status call, Refused where the customer pays, Unable where
// we pay. With Unable the table decides. ref is our reference, "" for none: an error that
// names it may mean that Digitalpaye has the transaction.
func (r reply) errorCode(refusal pirogue.Code, ref pirogue.OperatorRef) pirogue.Code {
	status := r.code()
	if cmp.Or(status, r.http) == http.StatusTooManyRequests {
		return operator.NotSent
	}
	text := r.errorText()
	// An error about our own reference may mean that an earlier call was executed.
	if repeatedReference.MatchString(text) || (ref != "" && strings.Contains(text, string(ref))) {
		return operator.Unknown
	}
	listed := cmp.Or(errorTable[errorKey{status, string(r.Message)}], errorTable[errorKey{status, string(r.Reason)}])
	switch {
	case listed != operator.Refused && listed != operator.Unable:
		return cmp.Or(listed, operator.Unknown)
	case refusal == operator.Unable:
		return listed
	default:
		return refusal
	}
}

// errorText returns the error words of a reply, which are for people too.
func (r reply) errorText() string { return string(r.Message + " " + r.Reason) }

// replyError returns the error for a reply that is not accepted.
func (o *adapter) replyError(r reply, want expected, secrets ...string) error {
	code := r.errorCode(want.refusal, want.Ref)
	if !r.readable {
		return pirogue.Errorf(code, "Digitalpaye answered %d: not a body of its own", r.http)
	}
	text := o.Redact(r.errorText(), secrets...)
	return pirogue.Errorf(code, "Digitalpaye answered %d: %s", cmp.Or(r.code(), r.http), text)
}

// readTransaction reads a reply about an attempt. It returns an error for a reply that is not
// accepted. The error is Unknown if the reply does not clearly state a result of the attempt. An
// Unknown error comes with Digitalpaye's name of the transaction, if the reply holds it.
func (o *adapter) readTransaction(
	r reply, want expected, secrets ...string,
) (operator.OperatorResult, transaction, error) {
	row, err := o.shape.read(r.Data)
	if err == nil {
		err = row.checkAttempt(want)
	}
	named := operator.OperatorResult{}
	if err == nil {
		named = row.named()
	}
	states := r.isAccepted() || (want.isStatusCall() && r.isFailedTransaction())
	switch {
	case !states:
		refused := o.replyError(r, want, secrets...)
		if pirogue.CodeOf(refused) != operator.Unknown {
			// A clear refusal leaves no transaction to look for.
			return operator.OperatorResult{}, row, refused
		}
		return named, row, refused
	case err != nil:
		return named, row, pirogue.Errorf(operator.Unknown, "no transaction of the documents: %w", err)
	}
	result, err := o.transactionResult(row, want)
	if err == nil {
		err = r.checkOutcome(row.status, result.Outcome)
	}
	if err != nil {
		return named, row, err
	}
	result.Message = o.Redact(row.status+" "+row.text()+" "+r.errorText(), secrets...)
	return result, row, nil
}

// checkOutcome returns Unknown if the envelope contradicts the final outcome of the
// transaction's status word. A guess between the two could pay twice, or never.
func (r reply) checkOutcome(word string, outcome pirogue.Outcome) error {
	envelopeOutcome, listed := statusTable[string(r.Status)]
	switch {
	case outcome == pirogue.OutcomePending:
		return nil
	case r.code() == http.StatusAccepted:
		return pirogue.Errorf(operator.Unknown, "%s under 202, which is for what is not decided", word)
	case listed && envelopeOutcome != outcome:
		return pirogue.Errorf(operator.Unknown, "%s in an envelope that says %s", word, r.Status)
	default:
		return nil
	}
}

// transactionResult returns the operator result that a transaction states for an attempt.
func (o *adapter) transactionResult(row transaction, want expected) (operator.OperatorResult, error) {
	stated := client.StatusFields{ID: row.ref, Key: keyRef, Status: row.status, Text: row.text()}
	result, err := o.ResultWithAmount(stated, row.amount, pirogue.Currency(row.currency))
	if err == nil && result.Outcome == pirogue.OutcomePaid {
		result.Mismatch = row.mismatch(want)
	}
	return result, err
}
