package digitalpaye

import (
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// refusal is an error of the API in both vocabularies. Documents have three messages of v2
// (TOKEN_EXPIRED, AMOUNT_INSUFFISANT, PAYMENT_FAILED_TRY_AGAINST), and of v1 the four class
// names and some reasons. The other words are [our reading].
type refusal struct {
	http   int
	word   string // the message of v2 and sdk
	class  string // the message of v1
	reason string // only v1 has it
}

// The refusals. 401, 404, 412 and 500 are documented.
var (
	badRequest    = refusal{400, "BadRequestError", "BadRequestError", "La requête est invalide."}
	wrongOTP      = refusal{400, "INVALID_CODE_OTP", "BadRequestError", "Le code OTP est invalide."}
	ceiling       = refusal{400, "BadRequestError", "BadRequestError", "Le plafond du bénéficiaire est atteint."}
	wrongKeys     = refusal{401, "UNAUTHORIZED", "UnauthorizedError", "La clé API ou le secret est incorrect."}
	tokenExpired  = refusal{401, "TOKEN_EXPIRED", "UnauthorizedError", "Le token est invalide ou a expiré."}
	noTransaction = refusal{404, "NotFoundError", "NotFoundError", "Aucune transaction trouvée."}
	noCustomer    = refusal{404, "NotFoundError", "NotFoundError", "Aucun client trouvé."}
	noPath        = refusal{404, "RESOURCE_NOT_FOUND", "NotFoundError", "Ressource introuvable."}
	exists        = refusal{409, "TRANSACTION_ID_ALREADY_EXISTS", "", ""}
	existsV1      = refusal{
		400, "", "BadRequestError", "TRANSACTION_ID_ALREADY_EXISTS : ce transactionId a déjà été utilisé.",
	}
	floatTooLow = refusal{
		412, "AMOUNT_INSUFFISANT", "AMOUNT_INSUFFISANT", "Le solde de votre compte est insuffisant.",
	}
	internal = refusal{
		500, "INTERNAL_ERROR", "InternalServerError", "Une erreur est survenue. Veuillez réessayer",
	}
	unavailable = refusal{503, "SERVICE_UNAVAILABLE", "ServiceUnavailableError", "Le service est indisponible."}
)

// refusals maps errors of the engine to Digitalpaye's words.
var refusals = map[error]refusal{
	engine.ErrCeiling: ceiling, engine.ErrFloat: floatTooLow, engine.ErrNoOrder: noTransaction,
	engine.ErrDown: unavailable, engine.ErrFull: unavailable, engine.ErrInternal: internal,
}

// Error implements error.
func (f refusal) Error() string { return f.class + ": " + f.reason }

// invalid returns the refusal of a field, by its name in the caller's shape.
func invalid(field string) refusal {
	f := badRequest
	f.word = "INVALID_" + strings.ToUpper(field)
	f.reason = "Le champ " + field + " est invalide."
	return f
}

// duplicate returns the refusal of a repeated transaction id [our reading]. The documents
// call the id unique and do not show the response to a second use.
func (s *shape) duplicate() refusal {
	if s.camel {
		return existsV1
	}
	return exists
}

// ServeHTTP sends the refusal in the shape of the path.
func (f refusal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shapedRefusal{f, shapeOfPath(r)}.ServeHTTP(w, r)
}

// shapedRefusal is a refusal in the caller's shape.
type shapedRefusal struct {
	refusal
	in *shape
}

// ServeHTTP implements engine.Refusal.
func (f shapedRefusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	engine.WriteJSON(w, f.http, f.in.wrap(reply{
		code: f.http, status: "ERROR", snake: f.word, camel: f.class, reason: f.reason,
	}))
}

// refusal returns the refusal for an error, in the shape of its call.
func (s *Simulator) refusal(in *shape, err error) error {
	return shapedRefusal{engine.AsRefusal(s.Log, err, refusals), in}
}
