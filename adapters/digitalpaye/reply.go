package digitalpaye

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
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
func readReply(a outbound.Response) reply {
	r := reply{http: a.Status}
	if err := json.Unmarshal(a.Body, &r); err != nil {
		return reply{http: a.Status}
	}
	r.readable = true
	return r
}

// private matches a telephone number of Côte d'Ivoire with gaps. Digitalpaye's messages may
// repeat one, and nobody at Pirogue needs to read it.
var private = regexp.MustCompile(`(?:\+|\b)(?:225[ .-]?)?0\d(?:[ .-]?\d){8}\b`)

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

// good reports whether Digitalpaye accepted the request: 200 is done, 202 is under way.
func (r reply) good() bool {
	code := r.code()
	return (code == http.StatusOK || code == http.StatusAccepted) && r.Status != wordError
}

// ended reports whether the response to a status call states that its transaction failed.
// The SDK reads every code but 200 and 202 as an end and shows its message. The word beside
// it is [our reading]. The word of a refusal is ERROR, and so is that of a time-out.
func (r reply) ended() bool {
	return r.http < http.StatusMultipleChoices && r.Status == wordFailed && r.code() == http.StatusBadRequest
}

// unheardOf reports whether Digitalpaye does not know the transaction asked for.
func (r reply) unheardOf() bool { return r.code() == http.StatusNotFound }

// class returns the error code of a reply that is not good. no is the code of a clear
// refusal. It is Unknown for a status call, Refused where the customer pays, Unable where
// we pay. With Unable the table decides. ref is our reference, "" for none: an error that
// names it may mean that Digitalpaye has the order.
func (r reply) class(no pirogue.Code, ref pirogue.OperatorRef) pirogue.Code {
	code := r.code()
	if cmp.Or(code, r.http) == http.StatusTooManyRequests {
		return operator.NotSent
	}
	said := string(r.Message + " " + r.Reason)
	// An error about our own reference may mean that an earlier call was executed.
	if repeated.MatchString(said) || (ref != "" && strings.Contains(said, string(ref))) {
		return operator.Unknown
	}
	for _, word := range []text{r.Message, r.Reason} {
		switch class := verdicts[verdict{code, string(word)}]; class {
		case "":
		case operator.Refused, operator.Unable:
			if no == operator.Unable {
				return class
			}
			return no
		default:
			return class
		}
	}
	return operator.Unknown
}

// failure returns the error for a reply that is not good.
func (o *adapter) failure(r reply, no pirogue.Code, ref pirogue.OperatorRef, secrets ...string) error {
	class := r.class(no, ref)
	if !r.readable {
		return pirogue.Errorf(class, "Digitalpaye answered %d: not a body of its own", r.http)
	}
	said := o.Redact(string(r.Message+" "+r.Reason), secrets...)
	return pirogue.Errorf(class, "Digitalpaye answered %d: %s", cmp.Or(r.code(), r.http), said)
}
