package novasend

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// refusal is a response that refuses a call. Novasend uses 403 for what its business
// forbids, not only for missing rights.
type refusal struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	StatusCode int    `json:"statusCode"`
}

// The refusals of Novasend's error page.
var (
	invalidAmount    = refusal{"invalid_amount", "The amount is not valid.", 400}
	unauthorized     = refusal{"unauthorized", "Authentication is required.", 401}
	tokenInvalid     = refusal{"api_token_invalid", "The API token is not valid.", 403}
	tokenNotFound    = refusal{"api_token_not_found", "There is no such API token.", 404}
	otpRequired      = refusal{"transaction_otp_required", "A valid OTP is required.", 403}
	aboveZero        = refusal{"transaction_greater_than_zero", "The amount must be greater than zero.", 403}
	kycNotApproved   = refusal{"client_kyc_not_approved", "The client cannot receive this amount.", 403}
	walletPoor       = refusal{"wallet_not_enough_cash", "The wallet does not hold enough.", 403}
	notRefundable    = refusal{"transaction_not_refundable", "The transaction cannot be refunded.", 403}
	notProcessed     = refusal{"transaction_not_processed", "The transaction is not processed yet.", 403}
	walletNotFound   = refusal{"wallet_not_found", "There is no such wallet.", 404}
	countryNotFound  = refusal{"country_not_found", "The country is not served.", 404}
	providerNotFound = refusal{"provider_not_found", "The provider is not served.", 404}
	doesNotExist     = refusal{"transaction_does_not_exist", "The transaction does not exist.", 404}
	alreadyProcessed = refusal{"transaction_is_already_processed", "The reference was used already.", 409}
	alreadyRefunded  = refusal{"transaction_already_refunded", "The transaction was refunded already.", 409}
)

// Further refusals that the page does not list; the codes are our reading.
var (
	invalidRequest  = refusal{"invalid_request", "The request is not valid.", 400}
	invalidNumber   = refusal{"invalid_phone_number", "The number is none of the country's.", 400}
	duplicateRefund = refusal{"duplicate_refund", "The external reference was used already.", 409}
	keyTaken        = refusal{"idempotency_key_already_used", "The key was used for another request.", 409}
	notFound        = refusal{"not_found", "There is nothing at this address.", 404}
	internal        = refusal{"internal_server_error", "Something went wrong.", 500}
	unavailable     = refusal{"service_unavailable", "The service is unavailable. Try again later.", 503}
)

// Error implements error.
func (f refusal) Error() string { return f.Code + ": " + f.Message }

// because returns the refusal with another message.
func (f refusal) because(message string) refusal {
	f.Message = message
	return f
}

// engineRefusals maps errors of the engine to Novasend's refusals. A beneficiary's ceiling depends
// on how well Novasend knows them, hence the word for that; our reading.
var engineRefusals = map[error]refusal{
	engine.ErrCeiling: kycNotApproved, engine.ErrFloat: walletPoor, engine.ErrReturned: alreadyRefunded,
	engine.ErrNoOrder: doesNotExist, engine.ErrDown: unavailable,
	engine.ErrFull:     unavailable.because(engine.ErrFull.Error()),
	engine.ErrInternal: internal,
}

// refusals is the same table in the type of engine.
var refusals = engine.Refusals(engineRefusals)

// ServeHTTP sends the same refusal to every caller.
func (f refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if f.StatusCode == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Basic")
	}
	engine.WriteJSON(w, f.StatusCode, f)
}
