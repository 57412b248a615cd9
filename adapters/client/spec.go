package client

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"pirogue"
	"pirogue/operator"
)

// Spec holds an operator's published facts: words, limits, credentials and proofs.
type Spec struct {
	Name string // for people
	// Capability is the operator's, without three parts: the limits, the time-out and the proof
	// of callbacks. Limits holds the limits, and CallbackSecret decides the proof.
	Capability     operator.Capability
	Limits         SubmissionLimits // empty fields come from the instance
	Credentials    Credentials      // nil where instances of one operator differ
	CallbackSecret CallbackSecret   // proves callbacks, where the proof is a credential of ours
	StatusTable    StatusTable
	StatusCodes    map[int]pirogue.Code // HTTP statuses that decide, whatever the body holds
	// ErrorTable maps the error words under other 4xx statuses to codes. A word not listed is
	// Unknown, and so is every word under 5xx. CashOutErrorTable overrides ErrorTable where money
	// leaves us: an insufficient balance is then ours, not the customer's.
	ErrorTable, CashOutErrorTable map[string]pirogue.Code
	// NotFoundErrors lists the error words that, with 404, mean that the operator does not know the
	// attempt.
	NotFoundErrors map[string]bool
	// ReadError returns the error word of a response and the operator's text. Both are "" for a
	// page of some proxy on the way, which does not speak for the operator.
	ReadError func(Response) (word, text string)
	// RejectsToken reports whether a response rejects the access token in another form than 401.
	// The next call then requests a token. nil means that the operator has no such form.
	RejectsToken func(Response) bool
	Private      *regexp.Regexp // text to remove besides what Redact removes; may be nil
}

// CallbackSecret describes the header by which a callback proves its origin: a secret that only the
// operator and we know.
type CallbackSecret struct{ Header, Scheme, Credential string } // Scheme precedes the secret, such as "Basic "

// StatusTable maps every status word of an operator's documents to its outcome. Any other
// word is Unknown, never a guess.
type StatusTable map[string]pirogue.Outcome

// Outcome returns the outcome of a word. It returns Unknown for a word that is not in the
// table; member names the JSON field in the error.
func (t StatusTable) Outcome(member, word string) (pirogue.Outcome, error) {
	outcome, ok := t[word]
	if !ok {
		return "", pirogue.Errorf(operator.Unknown, "%s %q is in no document of the operator", member, Redact(word))
	}
	return outcome, nil
}

// JSONErrors returns the ReadError of a Spec whose errors are JSON of type T. Any other body
// yields "", because it does not come from the operator.
func JSONErrors[T any](read func(status int, body T) (word, text string)) func(Response) (word, text string) {
	return func(r Response) (word, text string) {
		var body T
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return "", ""
		}
		return read(r.Status, body)
	}
}

// ErrorCode returns the error code for a response that is not good. kind is the payment whose
// money the call was to move. "" marks a call that moves none, such as a status call. The
// refusal of such a call tells nothing about the money, so it is Unknown.
func (s *Spec) ErrorCode(status int, word string, kind pirogue.PaymentKind) pirogue.Code {
	if code, listed := s.StatusCodes[status]; listed {
		return code
	}
	code, listed := s.ErrorTable[word]
	switch cashOutCode := s.CashOutErrorTable[word]; {
	case !listed, status < http.StatusBadRequest, status >= http.StatusInternalServerError:
		// A refusal needs a documented word under a 4xx. A server that fails may have executed
		// the request.
		return operator.Unknown
	case code != operator.Refused && code != operator.Unable:
		return code
	case kind == "":
		// The refusal of a status call refuses no payment.
		return operator.Unknown
	case kind.MoneyOut():
		return cmp.Or(cashOutCode, code)
	default:
		return code
	}
}

// defaultFinalityWindow is the finality window where no document states when a result is final.
const defaultFinalityWindow = 24 * time.Hour

// Capability implements operator.Operator. It completes the spec's capability by the
// instance's limits, time-out and proof.
func (c *Client) Capability() operator.Capability {
	full := c.spec.Capability
	full.CashIn, full.CashOut, full.CallTimeout = c.Limits.CashIn, c.Limits.CashOut, c.timeout
	full.FinalityWindow = cmp.Or(full.FinalityWindow, defaultFinalityWindow)
	if c.credentials[c.spec.CallbackSecret.Credential] != "" {
		full.Proof = operator.ProofToken
	}
	return full
}

// ResponseError returns the error for a response that is not good. The spec decides its code.
func (c *Client) ResponseError(r Response, kind pirogue.PaymentKind, secrets ...string) error {
	word, _ := c.spec.ReadError(r)
	return c.CodedError(c.spec.ErrorCode(r.Status, word, kind), r, secrets...)
}

// CodedError returns an error with the given code and the operator's text.
func (c *Client) CodedError(code pirogue.Code, r Response, secrets ...string) error {
	_, text := c.spec.ReadError(r)
	if text == "" {
		return pirogue.Errorf(code, "%s answered %d: not a body of its own", c.spec.Name, r.Status)
	}
	return pirogue.Errorf(code, "%s answered %d: %s", c.spec.Name, r.Status, c.Redact(text, secrets...))
}
