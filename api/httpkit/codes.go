package httpkit

import (
	"pirogue"
)

// CodeInfo is one row of the error table.
type CodeInfo struct {
	Code pirogue.Code
	HTTP int // status of the response
	Text pirogue.LocalizedText
}

// Codes is the error table, in the order in which the documentation prints it.
var Codes = []CodeInfo{
	{pirogue.InvalidJSON, 400, pirogue.LocalizedText{
		FR: "Le corps de la requête n'est pas un JSON valide.",
		EN: "The request body is not valid JSON.",
	}},
	{pirogue.UnknownField, 400, pirogue.LocalizedText{
		FR: "Le corps contient un champ inconnu.",
		EN: "The body contains an unknown field.",
	}},
	{pirogue.SignatureInvalid, 401, pirogue.LocalizedText{
		FR: "Clé ou signature incorrecte : HMAC-SHA256 de l'horodatage suivi du corps brut, en hexadécimal minuscule.",
		EN: "Wrong key or signature: HMAC-SHA256 of the timestamp followed by the raw body, in lower-case hexadecimal.",
	}},
	{pirogue.TimestampOutOfRange, 401, pirogue.LocalizedText{
		FR: "Horodatage absent, mal formé ou décalé de plus de 300 s : vérifiez l'horloge (NTP).",
		EN: "Timestamp missing, malformed or more than 300 s away: check your clock (NTP).",
	}},
	{pirogue.SignatureReplayed, 401, pirogue.LocalizedText{
		FR: "Cette signature a déjà servi pour une autre requête.",
		EN: "This signature was already used for another request.",
	}},
	{pirogue.MerchantSuspended, 403, pirogue.LocalizedText{
		FR: "Le compte marchand est suspendu.",
		EN: "The merchant account is suspended.",
	}},
	{pirogue.IPNotAllowed, 403, pirogue.LocalizedText{
		FR: "Cette adresse IP n'est pas autorisée pour cette clé.", EN: "This IP address is not allowed for this key.",
	}},
	{pirogue.TransactionNotFound, 404, pirogue.LocalizedText{
		FR: "Transaction introuvable.",
		EN: "Transaction not found.",
	}},
	{pirogue.NotFound, 404, pirogue.LocalizedText{FR: "Ressource introuvable.", EN: "Not found."}},
	{pirogue.MethodNotAllowed, 405, pirogue.LocalizedText{
		FR: "Méthode non autorisée sur cette route.",
		EN: "Method not allowed on this route.",
	}},
	{pirogue.PayloadTooLarge, 413, pirogue.LocalizedText{
		FR: "Le corps dépasse 64 Kio (8 Mio pour un envoi groupé).", EN: "The body is larger than 64 KiB (8 MiB for a bulk).",
	}},
	{pirogue.UnsupportedMediaType, 415, pirogue.LocalizedText{
		FR: "Type de contenu attendu : application/json (ou text/csv pour un envoi groupé) en UTF-8, sans compression.",
		EN: "Expected content type: application/json (or text/csv for a bulk) in UTF-8, uncompressed.",
	}},
	{pirogue.DuplicateOrder, 409, pirogue.LocalizedText{
		FR: "Cette référence existe déjà ; l'opération d'origine est renvoyée.",
		EN: "This reference already exists; the original is returned.",
	}},
	{pirogue.IdempotencyMismatch, 409, pirogue.LocalizedText{
		FR: "Cette référence existe déjà avec un autre contenu ; rien n'a été créé.",
		EN: "This reference already exists with other content; nothing was created.",
	}},
	{pirogue.RefundInProgress, 409, pirogue.LocalizedText{
		FR: "Un remboursement est déjà en cours.",
		EN: "A refund is already in progress.",
	}},
	{pirogue.MissingField, 422, pirogue.LocalizedText{
		FR: "Un champ obligatoire manque.",
		EN: "A required field is missing.",
	}},
	{pirogue.InvalidAmount, 422, pirogue.LocalizedText{
		FR: "Montant invalide : un entier de 1 à 1000000000000, dans les limites de l'opérateur.",
		EN: "Invalid amount: an integer from 1 to 1000000000000 within the operator's limits.",
	}},
	{pirogue.InvalidMSISDN, 422, pirogue.LocalizedText{
		FR: "Numéro invalide : format E.164 attendu (+22376…).", EN: "Invalid number: E.164 expected (+22376…).",
	}},
	{pirogue.InvalidCurrency, 422, pirogue.LocalizedText{
		FR: "Devise invalide ou différente de celle du pays.", EN: "Currency invalid or not the country's.",
	}},
	{pirogue.CountryNotSupported, 422, pirogue.LocalizedText{
		FR: "Ce pays n'est pas desservi.",
		EN: "This country is not served.",
	}},
	{pirogue.InvalidOrderID, 422, pirogue.LocalizedText{
		FR: "Référence invalide : 1 à 64 caractères ASCII visibles.",
		EN: "Invalid reference: 1 to 64 visible ASCII characters.",
	}},
	{pirogue.InvalidURL, 422, pirogue.LocalizedText{FR: "URL invalide.", EN: "Invalid URL."}},
	{pirogue.InvalidParameter, 422, pirogue.LocalizedText{FR: "Paramètre invalide.", EN: "Invalid parameter."}},
	{pirogue.InsufficientBalance, 422, pirogue.LocalizedText{
		FR: "Solde marchand insuffisant.",
		EN: "Insufficient merchant balance.",
	}},
	{pirogue.RefundNotAllowed, 422, pirogue.LocalizedText{
		FR: "Cette transaction ne peut pas être remboursée.", EN: "This transaction cannot be refunded.",
	}},
	{pirogue.RefundExceedsPayment, 422, pirogue.LocalizedText{
		FR: "Le remboursement dépasse le reste remboursable.", EN: "The refund exceeds what can still be refunded.",
	}},
	{pirogue.RateLimited, 429, pirogue.LocalizedText{
		FR: "Trop de requêtes : réessayez après le délai de Retry-After.", EN: "Too many requests: retry after Retry-After.",
	}},
	{pirogue.Internal, 500, pirogue.LocalizedText{
		FR: "Erreur interne. Donnez request_id au support.", EN: "Internal error. Give request_id to support.",
	}},
	{pirogue.OperatorUnavailable, 503, pirogue.LocalizedText{
		FR: "Opérateur indisponible : la transaction reste PENDING et Pirogue continue tant que c'est sûr.",
		EN: "Operator unavailable: the transaction stays PENDING and Pirogue goes on while it is safe.",
	}},
	{pirogue.ServiceUnavailable, 503, pirogue.LocalizedText{
		FR: "Service momentanément indisponible : réessayez avec la même référence.",
		EN: "Service temporarily unavailable: retry with the same reference.",
	}},
}

// InfoOf returns the table's row for c. A code that no merchant may see gets the row of Internal.
func InfoOf(c pirogue.Code) CodeInfo {
	for _, row := range Codes {
		if row.Code == c {
			return row
		}
	}
	return InfoOf(pirogue.Internal)
}
