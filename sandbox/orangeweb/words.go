package orangeweb

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// words are the texts of the payment page in one language. The template names
// them, and a test holds that no language leaves one out.
type words struct {
	Lang, OtherLang, OtherName string

	Title, Sandbox, NoRealMoney, PayTo, PaidTo, SomeMerchant, Order, Transaction string
	ValidFor, Minutes                                                            string

	Confirm, Number, NumberHint, Code, CodeHint, Pay, Cancel string
	CheckForm, BadNumber, NoCode, WrongCode, LastTry         string

	PaidTitle, PaidText, BackSoon, Back             string
	FailedTitle, FailedText                         string
	ExpiredTitle, ExpiredText                       string
	CancelledTitle, CancelledText                   string
	PendingTitle, PendingText                       string
	UnknownTitle, UnknownText, DownTitle, DownText  string
	ErrorPrefix, MagicHint, PoweredBy, LanguageMenu string
}

// languages are the languages of the page, by their code.
//
//nolint:dupl // two languages that say the same are the point of it
var languages = map[string]words{
	"fr": {
		Lang: "fr", OtherLang: "en", OtherName: "English",
		Title: "Paiement", Sandbox: "Bac à sable",
		NoRealMoney: "Aucun argent réel ne circule ici.",
		PayTo:       "À payer à", PaidTo: "Payé à", SomeMerchant: "Marchand", Order: "Commande", Transaction: "Transaction",
		ValidFor: "Valable encore", Minutes: "min",
		Confirm:    "Confirmez votre paiement",
		Number:     "Votre numéro mobile",
		NumberHint: "Sous la forme 76\u00a012\u00a034\u00a056 ou +223\u00a076\u00a012\u00a034\u00a056.",
		Code:       "Code à usage unique",
		CodeHint:   "D'ordinaire, votre opérateur vous le donne. Dans ce bac à sable, c'est toujours",
		Pay:        "Payer", Cancel: "Annuler",
		CheckForm: "Vérifiez votre saisie",
		BadNumber: "Ce numéro n'est pas complet : il faut de 8 à 15 chiffres.",
		NoCode:    "Saisissez le code à usage unique.",
		WrongCode: "Ce code n'est pas le bon. Essais restants :",
		LastTry:   "C'est le dernier : après lui, le paiement échoue.",
		PaidTitle: "Paiement réussi", PaidText: "Votre paiement est enregistré.",
		BackSoon:    "Dans quelques secondes, vous retournez chez le marchand.",
		Back:        "Retourner chez le marchand",
		FailedTitle: "Paiement échoué", FailedText: "Le paiement n'a pas abouti et rien n'a été débité.",
		ExpiredTitle: "Paiement expiré", ExpiredText: "Le délai pour payer est passé et rien n'a été débité.",
		CancelledTitle: "Paiement annulé", CancelledText: "Vous avez annulé ce paiement et rien n'a été débité.",
		PendingTitle: "Paiement en cours", PendingText: "L'opérateur traite votre paiement. Cette page se met à jour seule.",
		UnknownTitle: "Paiement introuvable", UnknownText: "Ce lien ne mène à aucun paiement. Vérifiez qu'il est entier.",
		DownTitle: "Service indisponible", DownText: "Le service ne répond pas pour le moment. Réessayez plus tard.",
		ErrorPrefix: "Erreur : ",
		MagicHint:   "Un numéro finissant par 111111 ou 222222 est refusé, tout autre paie.",
		PoweredBy:   "Simulateur Web Payment", LanguageMenu: "Langue",
	},
	"en": {
		Lang: "en", OtherLang: "fr", OtherName: "Français",
		Title: "Payment", Sandbox: "Sandbox",
		NoRealMoney: "No real money moves here.",
		PayTo:       "To pay to", PaidTo: "Paid to", SomeMerchant: "Merchant", Order: "Order", Transaction: "Transaction",
		ValidFor: "Valid for another", Minutes: "min",
		Confirm:    "Confirm your payment",
		Number:     "Your mobile number",
		NumberHint: "For example 76\u00a012\u00a034\u00a056 or +223\u00a076\u00a012\u00a034\u00a056.",
		Code:       "One-time code",
		CodeHint:   "Usually your operator gives it to you. In this sandbox it is always",
		Pay:        "Pay", Cancel: "Cancel",
		CheckForm: "Check what you typed",
		BadNumber: "This number is not complete: it takes 8 to 15 digits.",
		NoCode:    "Type the one-time code.",
		WrongCode: "This is not the right code. Tries left:",
		LastTry:   "It is the last one: after it the payment fails.",
		PaidTitle: "Payment successful", PaidText: "Your payment is recorded.",
		BackSoon:    "In a few seconds you return to the merchant.",
		Back:        "Return to the merchant",
		FailedTitle: "Payment failed", FailedText: "The payment did not go through and nothing was taken.",
		ExpiredTitle: "Payment expired", ExpiredText: "The time to pay is over and nothing was taken.",
		CancelledTitle: "Payment cancelled", CancelledText: "You cancelled this payment and nothing was taken.",
		PendingTitle: "Payment under way", PendingText: "The operator is working on it. This page updates by itself.",
		UnknownTitle: "Payment not found", UnknownText: "This link leads to no payment. Check that it is complete.",
		DownTitle: "Service unavailable", DownText: "The service does not answer at the moment. Try again later.",
		ErrorPrefix: "Error: ",
		MagicHint:   "A number ending in 111111 or 222222 is refused, any other pays.",
		PoweredBy:   "Web Payment simulator", LanguageMenu: "Language",
	},
}

// wordsFor chooses the language: what the link says, else what the browser
// prefers, else what the merchant asked for, else French.
func wordsFor(r *http.Request, merchants string) words {
	// Only the primary part of a tag counts: fr-CI and fr-ML read the same page.
	wanted := []string{r.URL.Query().Get("lang")}
	wanted = append(wanted, preferred(r.Header.Get("Accept-Language"))...)
	for _, tag := range append(wanted, merchants) {
		code, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if w, found := languages[code]; found {
			return w
		}
	}
	return languages["fr"]
}

// preferred lists the languages of an Accept-Language header, the most wanted
// first. What cannot be read counts least.
func preferred(header string) []string {
	type choice struct {
		tag    string
		weight float64
	}
	var choices []choice
	for _, part := range strings.Split(header, ",") {
		tag, quality, weighed := strings.Cut(strings.TrimSpace(part), ";q=")
		weight := 1.0
		if weighed {
			weight, _ = strconv.ParseFloat(quality, 64) //nolint:errcheck // unreadable is 0
		}
		choices = append(choices, choice{tag, weight})
	}
	slices.SortStableFunc(choices, func(a, b choice) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	tags := make([]string, len(choices))
	for i, c := range choices {
		tags[i] = c.tag
	}
	return tags
}

// symbols are how people write the currencies Orange takes. OUV is Orange's
// play money for dev, shown as what it stands for.
var symbols = map[string]string{
	devCurrency: "F CFA", "XOF": "F CFA", "XAF": "F CFA", "GNF": "FG", "MGA": "Ar", "CDF": "FC",
}

// noBreak is a space at which no line ends.
const noBreak = "\u00a0"

// money writes an amount as French-speaking Africa does: 50 000 F CFA. A line
// may end before the currency, and nowhere else.
func money(amount int64, currency string) string {
	symbol, known := symbols[currency]
	if !known {
		symbol = currency
	}
	digits := strconv.FormatInt(amount, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + noBreak + digits[i:]
	}
	return digits + " " + strings.ReplaceAll(symbol, " ", noBreak)
}
