package sonatel

import (
	"net/http"
	"strconv"
	"strings"

	"pirogue/sandbox/engine"
)

// problem is an error in Sonatel's form: problem+json, with status and code as text.
type problem struct {
	http       int
	code       int
	detail     string
	violations []violation
}

// violation is the mistake of one field.
type violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// The problems. Codes are those of Sonatel's list; the HTTP status is 400 unless another
// was seen.
var (
	tryAgain         = problem{http: 504, code: 1, detail: "Veuillez réessayer plus tard."}
	unavailable      = problem{http: 503, code: 5, detail: "The service is temporarily unavailable."}
	badCredentials   = problem{http: 401, code: 10, detail: "Bad credentials."}
	invalidInput     = problem{http: 400, code: 20, detail: "Invalid input."}
	invalidBody      = problem{http: 400, code: 22, detail: "The body is not the JSON this resource expects."}
	missingParameter = problem{http: 400, code: 23, detail: "A parameter is missing."}
	wrongOTP         = problem{http: 400, code: 24, detail: "The one-time password is wrong or was used."}
	unsupportedMedia = problem{http: 415, code: 25, detail: "Content-Type must be application/json."}
	tooLarge         = problem{http: 413, code: 22, detail: "The body is larger than 512 KiB."}
	internal         = problem{http: 500, code: 50, detail: "Internal error."}
	stillPending     = problem{http: 400, code: 51, detail: "The transaction is in a pending state."}
	notFound         = problem{http: 404, code: 60, detail: "Entity not found."}
	noSuchCustomer   = problem{http: 400, code: 2000, detail: "The customer account does not exist."}
	badMSISDN        = problem{http: 400, code: 2001, detail: "Bad MSISDN: 9 digits without the country code."}
	wrongPIN2Left    = problem{http: 400, code: 2011, detail: "Code PIN incorrect. Il vous reste 2 essais."}
	wrongPIN1Left    = problem{http: 400, code: 2012, detail: "Code PIN incorrect. Il vous reste 1 essai."}
	pinBlocked       = problem{http: 400, code: 2013, detail: "Code PIN bloqué."}
	balanceTooLow    = problem{http: 400, code: 2021, detail: "Le solde du compte payeur est insuffisant."}
	ceilingReached   = problem{http: 400, code: 2025, detail: "Le plafond mensuel du bénéficiaire est atteint."}
	merchantRefused  = problem{http: 400, code: 2042, detail: "The merchant is not allowed to do this."}
	badPublicKey     = problem{http: 400, code: 4003, detail: "The public key is invalid or revoked."}
	codeExpired      = problem{http: 400, code: 4004, detail: "The QR code has expired."}
	codeUsed         = problem{http: 400, code: 4004, detail: "The QR code was used."}
)

// Error implements error.
func (p problem) Error() string { return strconv.Itoa(p.code) + ": " + p.detail }

// withDetail returns the problem with another detail.
func (p problem) withDetail(detail string) problem {
	p.detail = detail
	return p
}

// invalid returns the invalid-input problem of these violations, or nil for none.
func invalid(found []violation) error {
	if len(found) == 0 {
		return nil
	}
	p := invalidInput
	p.detail, p.violations = "The request is not valid.", found
	return p
}

// problems maps other errors to Sonatel's problems.
var problems = map[error]engine.Refusal{
	engine.ErrInternal: internal, engine.ErrDown: unavailable, engine.ErrFloat: balanceTooLow,
	engine.ErrFull: unavailable.withDetail(engine.ErrFull.Error()),
}

// ServeHTTP sends the same problem to every caller.
func (p problem) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.http == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	title := http.StatusText(p.http)
	body := struct {
		Type       string      `json:"type"`
		Title      string      `json:"title"`
		Instance   string      `json:"instance"`
		Status     string      `json:"status"`
		Code       string      `json:"code"`
		Detail     string      `json:"detail"`
		Violations []violation `json:"violations,omitempty"`
	}{
		Type: strings.ToLower(strings.ReplaceAll(title, " ", "-")), Title: title, Instance: r.URL.Path,
		Status: strconv.Itoa(p.http), Code: strconv.Itoa(p.code), Detail: p.detail, Violations: p.violations,
	}
	engine.JSONResponse{Status: p.http, ContentType: "application/problem+json", Body: body}.ServeHTTP(w, r)
}
