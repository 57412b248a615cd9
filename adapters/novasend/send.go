package novasend

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The headers of this API. Those of every call are set by headers.
const (
	headerIdempotency = "X-Idempotency-Key"
	language          = "fr" // of Novasend's messages
)

// write is one call that may move money.
type write struct {
	path    string
	body    any
	purpose purpose
	ref     pirogue.OperatorRef
	secret  string // what the body carries and Novasend might repeat; "" for nothing
}

// headers sets what every call carries.
func (o *operator) headers(req outbound.Request) outbound.Request {
	req.Header.Set("Authorization", o.auth)
	req.Header.Set("Accept-Language", language)
	return req
}

// post makes a call that a good answer ends and Novasend may refuse. The answer is
// returned beside the error too: it may name what it fails about.
func (o *operator) post(ctx context.Context, w write) (outbound.Answer, error) {
	req, err := outbound.PostJSON(w.path, w.body)
	if err != nil {
		return outbound.Answer{}, err
	}
	req.Header.Set(headerIdempotency, idempotencyKey(w.purpose, w.ref))
	answer, err := o.client.Send(ctx, o.headers(req))
	if err == nil && !good(answer) {
		err = o.refusal(answer, w.purpose, w.secret)
	}
	return answer, err
}

// ask makes a call that moves no money. It never fails with a refusal: a question that
// Novasend will not answer says nothing about the money. An answer that is no success
// is returned beside the error.
func (o *operator) ask(ctx context.Context, path string) (outbound.Answer, error) {
	req := outbound.Request{Method: http.MethodGet, Path: path, Header: http.Header{"Accept": {"application/json"}}}
	answer, err := o.client.Send(ctx, o.headers(req))
	if err == nil && !good(answer) {
		err = o.refusal(answer, toAsk)
	}
	return answer, err
}

// good reports whether Novasend accepted the request. outbound lets nothing through
// between 300 and 399.
func good(a outbound.Answer) bool { return a.Status < http.StatusMultipleChoices }

// problem is the body of an error. Novasend's statusCode repeats the HTTP status.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"` // for people, in the language of the request
}

// problemOf returns what an error body says. A page of some proxy on the way does not
// speak for Novasend and has no code; a message of an undocumented form costs nothing
// but the message.
func problemOf(body []byte) problem {
	var got problem
	if err := json.Unmarshal(body, &got); err != nil {
		return problem{Code: got.Code}
	}
	return got
}

// codeOf returns the row of the table of errors that a problem means: its code, or
// where it has none its message, spelt as a code.
func (p problem) codeOf() string {
	said := p.Code
	if said == "" {
		said = p.Message
	}
	return strings.ReplaceAll(strings.ToLower(said), " ", "_")
}

// refusal turns an answer that is no success into an error. secrets are what the call
// carried and Novasend might repeat.
func (o *operator) refusal(a outbound.Answer, p purpose, secrets ...string) error {
	said := problemOf(a.Body)
	class := classOf(a.Status, said.codeOf(), p)
	if said == (problem{}) {
		return pirogue.Errorf(class, "Novasend answered %d: not an error body of its own", a.Status)
	}
	return pirogue.Errorf(class, "Novasend answered %d: %s", a.Status, o.words(said.Code+" "+said.Message, secrets...))
}

// classOf returns the class of an error in the answer to a call. A question that is
// refused stays one.
func classOf(status int, code string, p purpose) pirogue.Code {
	if class, listed := classes[status]; listed {
		return class
	}
	class, listed := codes[code]
	if !listed || status >= http.StatusInternalServerError {
		return pirogue.Unknown
	}
	switch ours, isOurs := leaving[code]; {
	case class != pirogue.Refused && class != pirogue.Unable:
		return class
	case p == toAsk:
		return pirogue.Unknown
	case p != forPayin && isOurs:
		return ours
	default:
		return class
	}
}

// absent reports whether Novasend answered that it does not know what was asked for.
func absent(a outbound.Answer) bool {
	return a.Status == http.StatusNotFound && absences[problemOf(a.Body).codeOf()]
}

// private is what Novasend's words may repeat and nobody here need read: numbers of
// eight digits or more, which are telephone numbers. No amount is that long.
var private = regexp.MustCompile(`\+?[0-9]{8,}`)

// words makes Novasend's text fit to keep: without our credentials and the given
// secrets, without telephone numbers.
func (o *operator) words(said string, secrets ...string) string {
	for _, name := range []string{credAPIKey, credAPIClient, credWebhookSecret} {
		secrets = append(secrets, o.conf.Credentials[name])
	}
	secrets = append(secrets, strings.TrimPrefix(o.auth, "Basic "))
	return outbound.Words(private.ReplaceAllString(said, "[secret]"), secrets...)
}
