package novasend

import (
	"encoding/json"
	"regexp"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The headers of this API. Those of every call are the client's.
const (
	headerIdempotency = "X-Idempotency-Key"
	language          = "fr" // of Novasend's messages
)

// write is one call that may move money.
type write struct {
	path   string
	body   any
	kind   pirogue.Kind
	ref    pirogue.OperatorRef
	secret string // what the body carries and Novasend might repeat; "" for nothing
}

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

// said returns the code of a problem, and what it says to people.
func said(a outbound.Answer) (code, words string) {
	p := problemOf(a.Body)
	if p == (problem{}) {
		return "", ""
	}
	return p.codeOf(), p.Code + " " + p.Message
}

// private is a telephone number with gaps, of any country: eight digits or more. Novasend's
// words may repeat one, and nobody here need read it.
var private = regexp.MustCompile(`(?:\+|\b)\d(?:[ .-]?\d){7,}\b`)

// secrets is what Novasend's words may not repeat.
func (o *operator) secrets() []string {
	all := []string{strings.TrimPrefix(o.auth, "Basic ")}
	for _, name := range []string{credAPIKey, credAPIClient, credWebhookSecret} {
		all = append(all, o.conf.Credentials[name])
	}
	return all
}
