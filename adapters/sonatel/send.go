package sonatel

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The headers of this API.
const (
	headerAPIKey      = "X-Api-Key" //nolint:gosec // a name, not a credential
	headerCallbackURL = "X-Callback-Url"
)

// headerSandboxMSISDN carries the customer's number in E.164 to a simulator, so
// that it can play the test numbers: a QR names no customer. It is sent only where
// the configuration says simulator.
const headerSandboxMSISDN = "X-Sandbox-Msisdn"

// get returns a question. Orange's gateway answers 415 to a GET without the content
// type of the body it does not have.
func get(path string, query url.Values) outbound.Request {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	return outbound.Request{Method: http.MethodGet, Path: path, Header: header}
}

// send makes one call under a token.
func (o *operator) send(ctx context.Context, req outbound.Request) (outbound.Answer, error) {
	if key := o.conf.Credentials[credAPIKey]; key != "" {
		req.Header.Set(headerAPIKey, key)
	}
	return o.tokens.Send(ctx, req)
}

// ask makes a call that moves no money and returns the body of a good answer. It
// never fails with a refusal: a question Orange will not answer says nothing about
// the money.
func (o *operator) ask(ctx context.Context, req outbound.Request) ([]byte, error) {
	answer, err := o.send(ctx, req)
	if err != nil {
		return nil, err
	}
	if !good(answer) {
		return nil, o.refusal(answer, "")
	}
	return answer.Body, nil
}

// order makes a call of the merchant's that a good answer ends and Orange may refuse.
func (o *operator) order(ctx context.Context, req outbound.Request, secrets ...string) ([]byte, error) {
	answer, err := o.send(ctx, req)
	if err != nil {
		return nil, err
	}
	if !good(answer) {
		return nil, o.refusal(answer, pirogue.CashIn, secrets...)
	}
	return answer.Body, nil
}

// good reports whether Orange accepted the request. outbound lets nothing through
// between 300 and 399.
func good(a outbound.Answer) bool { return a.Status < http.StatusMultipleChoices }

// text is a JSON string, or a number where Orange is not sure which it sends: codes
// and identifiers come as both.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(t))
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*t = text(number)
	return nil
}

// problem is the body of an error, problem+json with a status and a code that are
// strings.
type problem struct {
	Code       text   `json:"code"`
	Title      string `json:"title"`
	Detail     string `json:"detail"` // for people, often in French
	Violations []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"violations"`
}

// problemOf returns what an error body says. A page of some proxy on the way does not
// speak for Orange and has no code; words of an undocumented form cost nothing but the
// words.
func problemOf(body []byte) problem {
	var got problem
	if err := json.Unmarshal(body, &got); err != nil {
		return problem{Code: got.Code}
	}
	return got
}

// refusal turns an answer that is no success into an error. kind says whose the call
// was: the merchant's who collects, the retailer's who pays out with a PIN, or "" for a
// question. secrets are what the call carried and Orange might repeat.
func (o *operator) refusal(a outbound.Answer, kind pirogue.Kind, secrets ...string) error {
	said := problemOf(a.Body)
	class := classOf(a.Status, said.Code, kind)
	if said.Code == "" {
		return pirogue.Errorf(class, "Orange answered %d: not an error body of its own", a.Status)
	}
	return pirogue.Errorf(class, "Orange answered %d: code %s %s", a.Status,
		outbound.Words(string(said.Code)), o.words(said.String(), secrets...))
}

// classOf returns the class of an error in the answer to a call. A question that is
// refused stays one.
func classOf(status int, code text, kind pirogue.Kind) pirogue.Code {
	if class, listed := classes[status]; listed {
		return class
	}
	class, listed := codes[string(code)]
	if !listed || status >= http.StatusInternalServerError {
		return pirogue.Unknown
	}
	switch ours, isOurs := leaving[string(code)]; {
	case class != pirogue.Refused && class != pirogue.Unable:
		return class
	case kind == "":
		return pirogue.Unknown
	case kind.MoneyOut() && isOurs:
		return ours
	default:
		return class
	}
}

// String returns what the problem says to people.
func (p problem) String() string {
	parts := []string{p.Title, p.Detail}
	for _, v := range p.Violations {
		parts = append(parts, v.Field+" "+v.Message)
	}
	return strings.Join(parts, " ")
}

// private is what Orange's words may repeat and nobody here need read: anything as
// long as a sealed PIN or an access token, and numbers of eight digits or more,
// which are telephone numbers. Amounts are shorter, transaction numbers have dots.
var private = regexp.MustCompile(`[A-Za-z0-9+/=_.-]{64,}|\+?[0-9]{8,}`)

// words makes Orange's text fit to keep: without our credentials and the given
// secrets, without what is private by its look.
func (o *operator) words(said string, secrets ...string) string {
	for _, name := range []string{credClientSecret, credAPIKey, credCallbackKey} {
		secrets = append(secrets, o.conf.Credentials[name])
	}
	secrets = append(secrets, o.pin.current())
	return outbound.Words(private.ReplaceAllString(said, "[secret]"), secrets...)
}
