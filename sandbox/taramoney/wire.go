package taramoney

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// The limits of requests. Tara publishes none; these are ours.
const (
	maxBody   = 1 << 16       // bytes
	maxText   = 255           // bytes of an identifier or a name
	maxURL    = 500           // bytes
	maxAmount = 1_000_000_000 // francs
)

// The status words of the API.
const (
	success = "SUCCESS"
	failure = "FAILURE"
	pending = "PENDING"
	problem = "ERROR"
)

// accepted is the message of an accepted collection, in Tara's own spelling.
const accepted = "API_ORDER_SUCESSFULL"

// statusMessage is the body of a refusal.
type statusMessage struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// The refusals. The words of notFound were seen. Tara's page has FAILURE for an initiation
// that did not succeed. Everything else is [our reading]: 4xx for a malformed call, 200 for
// one that was understood and refused.
var (
	notFound           = engine.RefusedWith{Status: 200, Body: statusMessage{problem, "PAYMENT_FOR_TRANSACTION_NOT_FOUND"}}
	statusNotActivated = engine.RefusedWith{Status: 200, Body: statusMessage{problem, "BUSINESS_NOT_ACTIVATED_FOR_STATUS"}}
	notFinal           = engine.RefusedWith{Status: 200, Body: statusMessage{failure, "PAYMENT_NOT_FINAL"}}
	ceilingReached     = engine.RefusedWith{Status: 200, Body: statusMessage{failure, "RECEIVER_LIMIT_REACHED"}}
	floatTooLow        = engine.RefusedWith{Status: 200, Body: statusMessage{failure, "BUSINESS_BALANCE_INSUFFICIENT"}}
	badBody            = engine.RefusedWith{Status: 400, Body: statusMessage{failure, "INVALID_BODY"}}
	badCredentials     = engine.RefusedWith{Status: 401, Body: statusMessage{problem, "INVALID_API_KEY_OR_BUSINESS_ID"}}
	notAllowed         = engine.RefusedWith{Status: 405, Body: statusMessage{problem, "METHOD_NOT_ALLOWED"}}
	internal           = engine.RefusedWith{Status: 500, Body: statusMessage{problem, "INTERNAL_ERROR"}}
	unavailable        = engine.RefusedWith{Status: 503, Body: statusMessage{problem, "SERVICE_UNAVAILABLE"}}
)

// refusals maps errors of the engine to Tara's refusals.
var refusals = map[error]engine.Refusal{
	engine.ErrCeiling: ceilingReached, engine.ErrFloat: floatTooLow, engine.ErrNoOrder: notFound,
	engine.ErrDown: unavailable, engine.ErrFull: unavailable, engine.ErrInternal: internal,
}

// invalid returns the refusal of one parameter.
func invalid(name string) error {
	return engine.RefusedWith{Status: http.StatusBadRequest, Body: statusMessage{failure, "INVALID_PARAMETER " + name}}
}

// call is one call of the API with its body. It writes the response, or returns the reason
// why it did not.
type call func(w http.ResponseWriter, r *http.Request, body []byte) error

// readAuthenticated returns the body of an authenticated call. Tara has neither tokens nor signatures:
// every body holds the key and the business.
func (s *Simulator) readAuthenticated(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := engine.ReadBody(w, r, maxBody)
	if err != nil || !engine.IsJSON(r) {
		return nil, badBody
	}
	return body, s.authenticate(body)
}

// authenticate refuses a body without the right key and business.
func (s *Simulator) authenticate(body []byte) error {
	var given struct {
		APIKey     string `json:"apiKey"`
		BusinessID string `json:"businessId"`
	}
	if err := decode(body, &given); err != nil {
		return err
	}
	if !s.Authenticate(given.APIKey, APIKey) || !s.Authenticate(given.BusinessID, BusinessID) {
		return badCredentials
	}
	return nil
}

// decode reads the JSON object of a body into v. It ignores unknown fields, as Tara does.
// It refuses a price that is text or has a fraction.
func decode(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if wrong, found := errors.AsType[*json.UnmarshalTypeError](err); found && wrong.Field != "" {
		return invalid(wrong.Field)
	}
	if err != nil {
		return badBody
	}
	return nil
}

// rule is one condition on a parameter.
type rule struct {
	parameter string
	holds     bool
}

// check returns the refusal of the first parameter whose rule does not hold.
func check(rules ...rule) error {
	for _, one := range rules {
		if !one.holds {
			return invalid(one.parameter)
		}
	}
	return nil
}

// isText reports whether an identifier or a name is present and short enough.
func isText(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= maxText }

// isAmount reports whether an amount is positive and within maxAmount.
func isAmount(n int64) bool { return n > 0 && n <= maxAmount }

// isURL reports whether a text is an http address of an accepted length.
func isURL(s string) bool { return len(s) <= maxURL && engine.IsAddress(s) }

// identifierLength is about that of the identifiers in Tara's samples, in characters.
const identifierLength = 16

// newIdentifier returns an identifier that was never used.
func newIdentifier() string { return rand.Text()[:identifierLength] }
