package novasend

import (
	"net/http"

	"pirogue/sandbox/stage"
)

// texts are the words of the hosted page in one language. A test holds that no language
// leaves one out.
type texts struct {
	Lang, OtherLang, OtherName, Language string

	Title, Sandbox, NoRealMoney, ToPay, Reference, Number string

	Question, Fee, Accept, Decline, Back, PoweredBy string

	PaidTitle, PaidText         string
	PoorTitle, PoorText         string
	DeclinedTitle, DeclinedText string
	ExpiredTitle, ExpiredText   string
	UnknownTitle, UnknownText   string
	DownTitle, DownText         string
}

// languages are the languages of the page, by their code.
var languages = map[string]texts{
	"fr": {
		Lang: "fr", OtherLang: "en", OtherName: "English", Language: "Langue",
		Title: "Paiement", Sandbox: "Bac à sable", NoRealMoney: "Aucun argent réel ne circule ici.",
		ToPay: "À payer", Reference: "Référence", Number: "Numéro",
		Question: "Acceptez-vous ce paiement ?", Fee: "Les frais sont compris.",
		Accept: "Accepter et payer", Decline: "Refuser",
		Back: "Retourner chez le marchand", PoweredBy: "Simulateur Novasend",
		PaidTitle: "Paiement réussi", PaidText: "Votre paiement est enregistré.",
		PoorTitle: "Solde insuffisant", PoorText: "Votre solde ne suffit pas et rien n'a été débité.",
		DeclinedTitle: "Paiement refusé", DeclinedText: "Vous avez refusé ce paiement et rien n'a été débité.",
		ExpiredTitle: "Lien expiré", ExpiredText: "Le délai pour payer est passé et rien n'a été débité.",
		UnknownTitle: "Lien introuvable", UnknownText: "Ce lien ne mène à aucun paiement. Vérifiez qu'il est entier.",
		DownTitle: "Service indisponible", DownText: "Le service ne répond pas pour le moment. Réessayez plus tard.",
	},
	"en": {
		Lang: "en", OtherLang: "fr", OtherName: "Français", Language: "Language",
		Title: "Payment", Sandbox: "Sandbox", NoRealMoney: "No real money moves here.",
		ToPay: "To pay", Reference: "Reference", Number: "Number",
		Question: "Do you accept this payment?", Fee: "The fee is included.",
		Accept: "Accept and pay", Decline: "Decline",
		Back: "Return to the merchant", PoweredBy: "Novasend simulator",
		PaidTitle: "Payment successful", PaidText: "Your payment is recorded.",
		PoorTitle: "Balance too low", PoorText: "Your balance is too low and nothing was taken.",
		DeclinedTitle: "Payment declined", DeclinedText: "You declined this payment and nothing was taken.",
		ExpiredTitle: "Link expired", ExpiredText: "The time to pay is over and nothing was taken.",
		UnknownTitle: "Link not found", UnknownText: "This link leads to no payment. Check that it is complete.",
		DownTitle: "Service unavailable", DownText: "The service does not answer at the moment. Try again later.",
	},
}

// wordsFor chooses the language of the page: French, unless the link or the browser
// prefers English.
func wordsFor(r *http.Request) texts { return languages[stage.Language(r, "fr", "en")] }
