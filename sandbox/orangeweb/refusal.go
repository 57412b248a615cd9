package orangeweb

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// refusal is an error in the form of Orange's gateway: {code, message, description}.
type refusal struct {
	status      int
	Code        int    `json:"code"`
	Message     string `json:"message"`
	Description string `json:"description"`
}

// The refusals. Codes are those of Orange's public list of gateway errors, where the list
// has one. No document tells which of them the real webpayment uses.
var (
	internal           = refusal{500, 1, "Internal error", "The service failed."}
	unavailable        = refusal{503, 5, "The service is temporarily unavailable", "Try again later."}
	invalidBody        = refusal{400, 22, "Invalid body", "The body is not the JSON object this resource expects."}
	missingField       = refusal{400, 23, "Missing body field", ""}
	invalidField       = refusal{400, 24, "Invalid body field", ""}
	invalidHeader      = refusal{400, 26, "Invalid header value", ""}
	missingCredentials = refusal{401, 40, "Missing credentials", "The call needs an Authorization: Bearer header."}
	invalidCredentials = refusal{401, 41, "Invalid credentials", "The access token is unknown or revoked."}
	expiredCredentials = refusal{401, 42, "Expired credentials", "The access token has expired."}
	forbiddenMerchant  = refusal{403, 50, "Access denied", "The merchant_key is not the one of this account."}
	notFound           = refusal{404, 60, "Resource not found", "No such resource."}
	methodNotAllowed   = refusal{405, 61, "Method not allowed", "Use POST."}
	tooLarge           = refusal{413, 66, "Request entity too large", "The body is larger than 64 KiB."}
)

// Error implements error.
func (r refusal) Error() string { return r.Message + ": " + r.Description }

// because returns the refusal with another description.
func (r refusal) because(description string) refusal {
	r.Description = description
	return r
}

// ServeHTTP sends the same refusal to every caller.
func (r refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	switch r.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	engine.WriteJSON(w, r.status, r)
}

// refusals maps other errors to Orange's refusals.
var refusals = map[error]engine.Refusal{
	engine.ErrInternal: internal,
	engine.ErrDown:     unavailable,
	engine.ErrFull:     unavailable.because(engine.ErrFull.Error()),
	engine.ErrUsed:     invalidField.because("order_id was used before; it must be unique for ever."),
}

// refuseMethod refuses every method that a path does not serve.
func refuseMethod(http.ResponseWriter, *http.Request) error { return methodNotAllowed }
