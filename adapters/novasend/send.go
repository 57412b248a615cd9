package novasend

import (
	"encoding/json"
	"regexp"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The headers of this API's writes. The client adds those of every call.
const (
	headerIdempotency = "X-Idempotency-Key"
	language          = "fr" // of Novasend's messages
)

// write is one call that may move money.
type write struct {
	path   string
	body   any
	kind   pirogue.PaymentKind
	ref    pirogue.OperatorRef
	secret string // a value of the body that Novasend might repeat; "" for none
}

// problem is the body of an error. Novasend's statusCode repeats the HTTP status.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"` // for people, in the language of the request
}

// problemOf returns the content of an error body. A page of some proxy on the way does not
// speak for Novasend and has no code. A message of an undocumented form loses only the
// message.
func problemOf(body []byte) problem {
	var got problem
	if err := json.Unmarshal(body, &got); err != nil {
		return problem{Code: got.Code}
	}
	return got
}

// codeOf returns a problem's key in the table of errors: its code. Without one it is the
// message, spelt as a code.
func (p problem) codeOf() string {
	said := p.Code
	if said == "" {
		said = p.Message
	}
	return strings.ReplaceAll(strings.ToLower(said), " ", "_")
}

// said returns the code of a problem and its text for people.
func said(a outbound.Response) (code, words string) {
	p := problemOf(a.Body)
	if p == (problem{}) {
		return "", ""
	}
	return p.codeOf(), p.Code + " " + p.Message
}

// private matches a telephone number with gaps, of any country: eight digits or more.
// Novasend's messages may repeat one, and nobody at Pirogue needs to read it.
var private = regexp.MustCompile(`(?:\+|\b)\d(?:[ .-]?\d){7,}\b`)

// secrets returns the values that no stored text of Novasend may contain.
func (o *adapter) secrets() []string {
	all := []string{strings.TrimPrefix(o.auth, "Basic ")}
	for _, name := range []string{credAPIKey, credAPIClient, credWebhookSecret} {
		all = append(all, o.conf.Credentials[name])
	}
	return all
}
