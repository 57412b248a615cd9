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
)

// reply is an answer in Digitalpaye's envelope, {code_status, status, message, data} in
// snake_case and {statusCode, message, data} or {statusCode, message, reason} in
// camelCase. Tokens and customers come in the second one everywhere, so both are read.
type reply struct {
	http       int
	readable   bool // it is a JSON object
	CodeStatus text `json:"code_status"`
	StatusCode text `json:"statusCode"`
	Status     text `json:"status"`
	Message    text `json:"message"`
	Reason     text `json:"reason"` // for people, in French

	Data json.RawMessage `json:"data"`
}

// readReply reads an answer. A page of some proxy on the way becomes a reply without
// words, which says nothing.
func readReply(a outbound.Answer) reply {
	r := reply{http: a.Status}
	if err := json.Unmarshal(a.Body, &r); err != nil {
		return reply{http: a.Status}
	}
	r.readable = true
	return r
}

// private is a telephone number of Côte d'Ivoire with gaps, which Digitalpaye's words may
// repeat and nobody here need read.
var private = regexp.MustCompile(`(?:\+|\b)(?:225[ .-]?)?0\d(?:[ .-]?\d){8}\b`)

// code returns the status of a reply: the envelope's, which must agree with that of
// HTTP when that one is an error. It is 0 when they disagree or there is no envelope.
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

// good reports whether Digitalpaye took the request: 200 is done, 202 is being done.
func (r reply) good() bool {
	code := r.code()
	return (code == http.StatusOK || code == http.StatusAccepted) && r.Status != wordError
}

// ended reports whether an answer to a question says that the transaction in it failed:
// the SDK reads every code but 200 and 202 as an end, whose message it shows [our reading
// of the word beside it]. A refusal's word is ERROR, and so is that of a time-out.
func (r reply) ended() bool {
	return r.http < http.StatusMultipleChoices && r.Status == wordFailed && r.code() == http.StatusBadRequest
}

// unheardOf reports whether Digitalpaye says that it does not have what was asked for.
func (r reply) unheardOf() bool { return r.code() == http.StatusNotFound }

// class returns what a reply that is not good says became of its request. no is the most
// that a clear no comes to: Unknown of a question, Refused where it is the customer who
// pays, Unable where it is us, and then the table decides. ref is our reference, "" where
// there was none: an error that names it may mean that Digitalpaye has it.
func (r reply) class(no pirogue.Code, ref pirogue.OperatorRef) pirogue.Code {
	code := r.code()
	if cmp.Or(code, r.http) == http.StatusTooManyRequests {
		return pirogue.NotSent
	}
	said := string(r.Message + " " + r.Reason)
	if repeated.MatchString(said) || (ref != "" && strings.Contains(said, string(ref))) {
		return pirogue.Unknown
	}
	for _, word := range []text{r.Message, r.Reason} {
		switch class := verdicts[verdict{code, string(word)}]; class {
		case "":
		case pirogue.Refused, pirogue.Unable:
			if no == pirogue.Unable {
				return class
			}
			return no
		default:
			return class
		}
	}
	return pirogue.Unknown
}

// failure turns a reply that is not good into an error.
func (o *operator) failure(r reply, no pirogue.Code, ref pirogue.OperatorRef, secrets ...string) error {
	class := r.class(no, ref)
	if !r.readable {
		return pirogue.Errorf(class, "Digitalpaye answered %d: not a body of its own", r.http)
	}
	said := o.Words(string(r.Message+" "+r.Reason), secrets...)
	return pirogue.Errorf(class, "Digitalpaye answered %d: %s", cmp.Or(r.code(), r.http), said)
}
