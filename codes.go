package pirogue

// Code classifies an error for programs, which may branch on it. Codes are never translated and
// never reused for another meaning.
type Code string

// The codes of the merchant API. The table Codes gives each its HTTP status and texts;
// docs/errors.md is generated from it.
const (
	InvalidJSON          Code = "INVALID_JSON"
	UnknownField         Code = "UNKNOWN_FIELD"
	SignatureInvalid     Code = "SIGNATURE_INVALID"
	TimestampOutOfRange  Code = "TIMESTAMP_OUT_OF_RANGE"
	SignatureReplayed    Code = "SIGNATURE_REPLAYED"
	MerchantSuspended    Code = "MERCHANT_SUSPENDED"
	IPNotAllowed         Code = "IP_NOT_ALLOWED"
	TransactionNotFound  Code = "TRANSACTION_NOT_FOUND"
	NotFound             Code = "NOT_FOUND"
	MethodNotAllowed     Code = "METHOD_NOT_ALLOWED"
	PayloadTooLarge      Code = "PAYLOAD_TOO_LARGE"
	UnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"
	DuplicateOrder       Code = "DUPLICATE_ORDER"
	IdempotencyMismatch  Code = "IDEMPOTENCY_MISMATCH"
	RefundInProgress     Code = "REFUND_IN_PROGRESS"
	MissingField         Code = "MISSING_FIELD"
	InvalidAmount        Code = "INVALID_AMOUNT"
	InvalidMSISDN        Code = "INVALID_MSISDN"
	InvalidCurrency      Code = "INVALID_CURRENCY"
	CountryNotSupported  Code = "COUNTRY_NOT_SUPPORTED"
	InvalidOrderID       Code = "INVALID_ORDER_ID"
	InvalidURL           Code = "INVALID_URL"
	InvalidParameter     Code = "INVALID_PARAMETER"
	InsufficientBalance  Code = "INSUFFICIENT_BALANCE"
	RefundNotAllowed     Code = "REFUND_NOT_ALLOWED"
	RefundExceedsPayment Code = "REFUND_EXCEEDS_PAYMENT"
	RateLimited          Code = "RATE_LIMITED"
	Internal             Code = "INTERNAL_ERROR"
	OperatorUnavailable  Code = "OPERATOR_UNAVAILABLE"
	ServiceUnavailable   Code = "SERVICE_UNAVAILABLE"
)

// The outcomes of a call to an operator that did not end in a Receipt. They stay inside Pirogue:
// the workflow decides from them and no merchant ever sees one.
const (
	NotSent Code = "NOT_SENT" // no byte reached the operator, or its gateway turned it away unread: safe to retry
	Refused Code = "REFUSED"  // the operator refused the payment: final for the attempt
	Unable  Code = "UNABLE"   // refused for a reason of the operator's own: final too, and failover is allowed
	Unknown Code = "UNKNOWN"  // the operator may have executed it: ask for its status before anything else
)

// LocalizedText is one sentence in the two languages of the API, French and English.
type LocalizedText struct{ FR, EN string }

// CodeInfo is one row of the error table.
type CodeInfo struct {
	Code Code
	HTTP int // status of the response
	Text LocalizedText
}

// Codes is the error table, in the order in which the documentation prints it.
var Codes = []CodeInfo{
	{InvalidJSON, 400, LocalizedText{"Le corps de la requête n'est pas un JSON valide.", "The request body is not valid JSON."}},
	{UnknownField, 400, LocalizedText{"Le corps contient un champ inconnu.", "The body contains an unknown field."}},
	{SignatureInvalid, 401, LocalizedText{
		"Clé ou signature incorrecte : HMAC-SHA256 de l'horodatage suivi du corps brut, en hexadécimal minuscule.",
		"Wrong key or signature: HMAC-SHA256 of the timestamp followed by the raw body, in lower-case hexadecimal.",
	}},
	{TimestampOutOfRange, 401, LocalizedText{
		"Horodatage absent, mal formé ou décalé de plus de 300 s : vérifiez l'horloge (NTP).",
		"Timestamp missing, malformed or more than 300 s away: check your clock (NTP).",
	}},
	{SignatureReplayed, 401, LocalizedText{
		"Cette signature a déjà servi pour une autre requête.", "This signature was already used for another request.",
	}},
	{MerchantSuspended, 403, LocalizedText{"Le compte marchand est suspendu.", "The merchant account is suspended."}},
	{IPNotAllowed, 403, LocalizedText{
		"Cette adresse IP n'est pas autorisée pour cette clé.", "This IP address is not allowed for this key.",
	}},
	{TransactionNotFound, 404, LocalizedText{"Transaction introuvable.", "Transaction not found."}},
	{NotFound, 404, LocalizedText{"Ressource introuvable.", "Not found."}},
	{MethodNotAllowed, 405, LocalizedText{"Méthode non autorisée sur cette route.", "Method not allowed on this route."}},
	{PayloadTooLarge, 413, LocalizedText{
		"Le corps dépasse 64 Kio (8 Mio pour un envoi groupé).", "The body is larger than 64 KiB (8 MiB for a bulk).",
	}},
	{UnsupportedMediaType, 415, LocalizedText{
		"Type de contenu attendu : application/json (ou text/csv pour un envoi groupé) en UTF-8, sans compression.",
		"Expected content type: application/json (or text/csv for a bulk) in UTF-8, uncompressed.",
	}},
	{DuplicateOrder, 409, LocalizedText{
		"Cette référence existe déjà ; l'opération d'origine est renvoyée.",
		"This reference already exists; the original is returned.",
	}},
	{IdempotencyMismatch, 409, LocalizedText{
		"Cette référence existe déjà avec un autre contenu ; rien n'a été créé.",
		"This reference already exists with other content; nothing was created.",
	}},
	{RefundInProgress, 409, LocalizedText{"Un remboursement est déjà en cours.", "A refund is already in progress."}},
	{MissingField, 422, LocalizedText{"Un champ obligatoire manque.", "A required field is missing."}},
	{InvalidAmount, 422, LocalizedText{
		"Montant invalide : un entier de 1 à 1000000000000, dans les limites de l'opérateur.",
		"Invalid amount: an integer from 1 to 1000000000000 within the operator's limits.",
	}},
	{InvalidMSISDN, 422, LocalizedText{
		"Numéro invalide : format E.164 attendu (+22376…).", "Invalid number: E.164 expected (+22376…).",
	}},
	{InvalidCurrency, 422, LocalizedText{
		"Devise invalide ou différente de celle du pays.", "Currency invalid or not the country's.",
	}},
	{CountryNotSupported, 422, LocalizedText{"Ce pays n'est pas desservi.", "This country is not served."}},
	{InvalidOrderID, 422, LocalizedText{
		"Référence invalide : 1 à 64 caractères ASCII visibles.", "Invalid reference: 1 to 64 visible ASCII characters.",
	}},
	{InvalidURL, 422, LocalizedText{"URL invalide.", "Invalid URL."}},
	{InvalidParameter, 422, LocalizedText{"Paramètre invalide.", "Invalid parameter."}},
	{InsufficientBalance, 422, LocalizedText{"Solde marchand insuffisant.", "Insufficient merchant balance."}},
	{RefundNotAllowed, 422, LocalizedText{
		"Cette transaction ne peut pas être remboursée.", "This transaction cannot be refunded.",
	}},
	{RefundExceedsPayment, 422, LocalizedText{
		"Le remboursement dépasse le reste remboursable.", "The refund exceeds what can still be refunded.",
	}},
	{RateLimited, 429, LocalizedText{
		"Trop de requêtes : réessayez après le délai de Retry-After.", "Too many requests: retry after Retry-After.",
	}},
	{Internal, 500, LocalizedText{
		"Erreur interne. Donnez request_id au support.", "Internal error. Give request_id to support.",
	}},
	{OperatorUnavailable, 503, LocalizedText{
		"Opérateur indisponible : la transaction reste PENDING et Pirogue continue tant que c'est sûr.",
		"Operator unavailable: the transaction stays PENDING and Pirogue goes on while it is safe.",
	}},
	{ServiceUnavailable, 503, LocalizedText{
		"Service momentanément indisponible : réessayez avec la même référence.",
		"Service temporarily unavailable: retry with the same reference.",
	}},
}

// InfoOf returns the table's row for c. A code that no merchant may see gets the row of Internal.
func InfoOf(c Code) CodeInfo {
	for _, row := range Codes {
		if row.Code == c {
			return row
		}
	}
	return InfoOf(Internal)
}
