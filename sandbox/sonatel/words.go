package sonatel

import (
	"net/http"

	"pirogue/sandbox/stage"
)

// words are the texts of the payment page in one language. The template names
// them, and a test holds that no language leaves one out.
type words struct {
	Lang, OtherLang, OtherName string

	Title, Sandbox, NoRealMoney, PayTo, PaidTo, Reference, Transaction, ValidFor, Minutes string

	Confirm, Number, NumberHint, PIN, PINHint, Pay, Cancel string
	CheckForm, BadNumber, WrongPIN, TooLittle              string

	PaidTitle, PaidText, BackSoon, Back            string
	FailedText                                     string
	ExpiredTitle, ExpiredText                      string
	CancelledTitle, CancelledText                  string
	PendingTitle, PendingText                      string
	UnknownTitle, UnknownText, DownTitle, DownText string
	ErrorPrefix, MagicHint, PoweredBy, Language    string
}

// languages are the languages of the page, by their code.
//
//nolint:dupl // two languages that say the same are the point of it
var languages = map[string]words{
	"fr": {
		Lang: "fr", OtherLang: "en", OtherName: "English",
		Title: "Paiement", Sandbox: "Bac à sable", NoRealMoney: "Aucun argent réel ne circule ici.",
		PayTo: "À payer à", PaidTo: "Payé à", Reference: "Référence", Transaction: "Transaction",
		ValidFor: "Valable encore", Minutes: "min",
		Confirm:    "Confirmez votre paiement",
		Number:     "Votre numéro mobile",
		NumberHint: "Sous la forme 77\u00a0012\u00a034\u00a056 ou +221\u00a077\u00a0012\u00a034\u00a056.",
		PIN:        "Code secret",
		PINHint:    "D'ordinaire, vous le tapez dans votre application. Dans ce bac à sable, c'est toujours",
		Pay:        "Payer", Cancel: "Annuler",
		CheckForm: "Vérifiez votre saisie",
		BadNumber: "Ce numéro n'est pas complet : il faut de 8 à 15 chiffres.",
		WrongPIN:  "Ce code secret n'est pas le bon.",
		TooLittle: "Le montant est trop petit : il faut au moins 10 F CFA.",
		PaidTitle: "Paiement réussi", PaidText: "Votre paiement est enregistré.",
		BackSoon:     "Dans quelques secondes, vous retournez chez le marchand.",
		Back:         "Retourner chez le marchand",
		FailedText:   "Le paiement n'a pas abouti et rien n'a été débité. Vous pouvez réessayer.",
		ExpiredTitle: "Code expiré", ExpiredText: "Le délai pour payer est passé et rien n'a été débité.",
		CancelledTitle: "Paiement annulé", CancelledText: "Vous avez annulé ce paiement et rien n'a été débité.",
		PendingTitle: "Paiement en cours", PendingText: "L'opérateur traite votre paiement. Cette page se met à jour seule.",
		UnknownTitle: "Code introuvable", UnknownText: "Ce lien ne mène à aucun paiement. Vérifiez qu'il est entier.",
		DownTitle: "Service indisponible", DownText: "Le service ne répond pas pour le moment. Réessayez plus tard.",
		ErrorPrefix: "Erreur : ",
		MagicHint:   "Un numéro finissant par 111111 ou 222222 est refusé, tout autre paie.",
		PoweredBy:   "Simulateur Orange Money Sénégal", Language: "Langue",
	},
	"en": {
		Lang: "en", OtherLang: "fr", OtherName: "Français",
		Title: "Payment", Sandbox: "Sandbox", NoRealMoney: "No real money moves here.",
		PayTo: "To pay to", PaidTo: "Paid to", Reference: "Reference", Transaction: "Transaction",
		ValidFor: "Valid for another", Minutes: "min",
		Confirm:    "Confirm your payment",
		Number:     "Your mobile number",
		NumberHint: "For example 77\u00a0012\u00a034\u00a056 or +221\u00a077\u00a0012\u00a034\u00a056.",
		PIN:        "Secret code",
		PINHint:    "Usually you type it in your app. In this sandbox it is always",
		Pay:        "Pay", Cancel: "Cancel",
		CheckForm: "Check what you typed",
		BadNumber: "This number is not complete: it takes 8 to 15 digits.",
		WrongPIN:  "This is not the right secret code.",
		TooLittle: "The amount is too small: it takes at least 10 F CFA.",
		PaidTitle: "Payment successful", PaidText: "Your payment is recorded.",
		BackSoon:     "In a few seconds you return to the merchant.",
		Back:         "Return to the merchant",
		FailedText:   "The payment did not go through and nothing was taken. You can try again.",
		ExpiredTitle: "Code expired", ExpiredText: "The time to pay is over and nothing was taken.",
		CancelledTitle: "Payment cancelled", CancelledText: "You cancelled this payment and nothing was taken.",
		PendingTitle: "Payment under way", PendingText: "The operator is working on it. This page updates by itself.",
		UnknownTitle: "Code not found", UnknownText: "This link leads to no payment. Check that it is complete.",
		DownTitle: "Service unavailable", DownText: "The service does not answer at the moment. Try again later.",
		ErrorPrefix: "Error: ",
		MagicHint:   "A number ending in 111111 or 222222 is refused, any other pays.",
		PoweredBy:   "Orange Money Senegal simulator", Language: "Language",
	},
}

// wordsFor chooses the language of the page: French, unless the link or the browser
// prefers English.
func wordsFor(r *http.Request) words {
	return languages[stage.Language(r, "fr", "en")]
}
