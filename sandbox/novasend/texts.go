package novasend

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// texts holds the texts of the hosted page in one language. A test checks that every
// language is complete.
type texts struct {
	engine.PageTexts

	ToPay, Number, Question, Fee, Accept, Decline, PoweredBy string

	PoorTitle, PoorText         string
	DeclinedTitle, DeclinedText string
	ExpiredTitle, UnknownTitle  string
}

// languages maps language codes to the page's texts.
var languages = map[string]texts{
	"fr": {
		PageTexts: engine.French, ToPay: "À payer", Number: "Numéro",
		Question: "Acceptez-vous ce paiement ?", Fee: "Les frais sont compris.",
		Accept: "Accepter et payer", Decline: "Refuser", PoweredBy: "Simulateur Novasend",
		PoorTitle: "Solde insuffisant", PoorText: "Votre solde ne suffit pas et rien n'a été débité.",
		DeclinedTitle: "Paiement refusé", DeclinedText: "Vous avez refusé ce paiement et rien n'a été débité.",
		ExpiredTitle: "Lien expiré", UnknownTitle: "Lien introuvable",
	},
	"en": {
		PageTexts: engine.English, ToPay: "To pay", Number: "Number",
		Question: "Do you accept this payment?", Fee: "The fee is included.",
		Accept: "Accept and pay", Decline: "Decline", PoweredBy: "Novasend simulator",
		PoorTitle: "Balance too low", PoorText: "Your balance is too low and nothing was taken.",
		DeclinedTitle: "Payment declined", DeclinedText: "You declined this payment and nothing was taken.",
		ExpiredTitle: "Link expired", UnknownTitle: "Link not found",
	},
}

// textsFor chooses the language of the page: French, unless the link or the browser prefers
// English.
func textsFor(r *http.Request) texts { return engine.LanguageOf(r, languages) }
