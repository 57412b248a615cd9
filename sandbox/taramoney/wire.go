package taramoney

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"pirogue/sandbox/stage"
)

// Limits of the wire. Tara publishes none; these are ours.
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

// accepted is the message of a collection that was accepted, in Tara's own spelling.
const accepted = "API_ORDER_SUCESSFULL"

// refusal is why Tara does not do what it was asked.
type refusal struct {
	http    int
	Status  string `json:"status"`
	Message string `json:"message"`
}

// The refusals. The words of notFound were seen; Tara's page gives FAILURE for an
// initiation that did not succeed. Everything else is [our reading]: 4xx for what never
// was a payment, 200 for what was understood and refused.
var (
	notFound       = refusal{http: 200, Status: problem, Message: "PAYMENT_FOR_TRANSACTION_NOT_FOUND"}
	noStatusForYou = refusal{http: 200, Status: problem, Message: "BUSINESS_NOT_ACTIVATED_FOR_STATUS"}
	notFinal       = refusal{http: 200, Status: failure, Message: "PAYMENT_NOT_FINAL"}
	ceilingReached = refusal{http: 200, Status: failure, Message: "RECEIVER_LIMIT_REACHED"}
	floatTooLow    = refusal{http: 200, Status: failure, Message: "BUSINESS_BALANCE_INSUFFICIENT"}
	badBody        = refusal{http: 400, Status: failure, Message: "INVALID_BODY"}
	badCredentials = refusal{http: 401, Status: problem, Message: "INVALID_API_KEY_OR_BUSINESS_ID"}
	notAllowed     = refusal{http: 405, Status: problem, Message: "METHOD_NOT_ALLOWED"}
	internal       = refusal{http: 500, Status: problem, Message: "INTERNAL_ERROR"}
	unavailable    = refusal{http: 503, Status: problem, Message: "SERVICE_UNAVAILABLE"}
)

// Error implements error.
func (f refusal) Error() string { return f.Status + ": " + f.Message }

// ServeHTTP implements http.Handler: the same refusal for everybody.
func (f refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) { stage.WriteJSON(w, f.http, f) }

// invalid refuses one parameter.
func invalid(name string) error {
	return refusal{http: http.StatusBadRequest, Status: failure, Message: "INVALID_PARAMETER " + name}
}

// call is one call of the API with the body it brought. It answers, or returns why not.
type call func(w http.ResponseWriter, r *http.Request, body []byte) error

// admit serves a call to those who may make it. Tara has neither tokens nor signatures:
// the key and the business stand in every body.
func (s *Simulator) admit(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(w, r)
		if err == nil {
			err = s.authenticate(body)
		}
		if err == nil {
			err = serve(w, r, body)
		}
		if err != nil {
			s.refuse(w, err)
		}
	})
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, badBody
	}
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return nil, badBody
	}
	return raw.Bytes(), nil
}

func (s *Simulator) authenticate(body []byte) error {
	var given struct {
		APIKey     string `json:"apiKey"`
		BusinessID string `json:"businessId"`
	}
	if err := decode(body, &given); err != nil {
		return err
	}
	if s.till.Board().Read().KeysChanged || !same(given.APIKey, APIKey) || !same(given.BusinessID, BusinessID) {
		return badCredentials
	}
	return nil
}

// decode reads the JSON object of a body into v. Fields we do not know are ignored, as
// Tara ignores them; a price that is text or has a fraction is refused.
func decode(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return invalid(wrong.Field)
	case err != nil:
		return badBody
	}
	return nil
}

// rule is one thing that must hold of a parameter.
type rule struct {
	parameter string
	holds     bool
}

// check refuses the first parameter whose rule does not hold.
func check(rules ...rule) error {
	for _, one := range rules {
		if !one.holds {
			return invalid(one.parameter)
		}
	}
	return nil
}

func isText(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= maxText }

func isAmount(n int64) bool { return n > 0 && n <= maxAmount }

// isURL takes http as well as the https of production, since a sandbox runs on laptops.
func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// same compares secrets in a time that does not depend on where they differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// identifierLength is about that of the identifiers in Tara's samples, in characters.
const identifierLength = 16

// newIdentifier is one that was never given out.
func newIdentifier() string { return rand.Text()[:identifierLength] }
