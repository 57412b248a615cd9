package orangeweb

import (
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// texts holds the texts of the payment page in one language. A test checks that every
// language is complete.
type texts struct {
	engine.CheckoutTexts
	engine.OperatorTexts

	SomeMerchant, NoCode, WrongCode, LastTry, FailedText string
}

// languages maps language codes to the page's texts.
var languages = map[string]texts{
	"fr": {
		CheckoutTexts: engine.FrenchCheckout,
		OperatorTexts: engine.OperatorTexts{
			Bill: "Commande", Order: "Commande",
			NumberHint:   "Sous la forme 76\u00a012\u00a034\u00a056 ou +223\u00a076\u00a012\u00a034\u00a056.",
			Code:         "Code à usage unique",
			CodeHint:     "D'ordinaire, votre opérateur vous le donne. Dans ce bac à sable, c'est toujours",
			ExpiredTitle: "Paiement expiré", UnknownTitle: engine.French.NoPaymentTitle, PoweredBy: "Simulateur Web Payment",
		},
		SomeMerchant: "Marchand", NoCode: "Saisissez le code à usage unique.",
		WrongCode:  "Ce code n'est pas le bon. Essais restants :",
		LastTry:    "C'est le dernier : après lui, le paiement échoue.",
		FailedText: "Le paiement n'a pas abouti et rien n'a été débité.",
	},
	"en": {
		CheckoutTexts: engine.EnglishCheckout,
		OperatorTexts: engine.OperatorTexts{
			Bill: "Order", Order: "Order",
			NumberHint:   "For example 76\u00a012\u00a034\u00a056 or +223\u00a076\u00a012\u00a034\u00a056.",
			Code:         "One-time code",
			CodeHint:     "Usually your operator gives it to you. In this sandbox it is always",
			ExpiredTitle: "Payment expired", UnknownTitle: engine.English.NoPaymentTitle, PoweredBy: "Web Payment simulator",
		},
		SomeMerchant: "Merchant", NoCode: "Type the one-time code.",
		WrongCode:  "This is not the right code. Tries left:",
		LastTry:    "It is the last one: after it the payment fails.",
		FailedText: "The payment did not go through and nothing was taken.",
	},
}

// textsFor chooses the language: that of the link, else the browser's, else the merchant's,
// else French.
func textsFor(r *http.Request, merchants string) texts {
	return engine.LanguageOf(r, languages, merchants)
}

// symbols holds the usual notations of the currencies that Orange accepts. OUV is Orange's
// play money for dev, shown as the currency it stands for.
var symbols = map[string]string{
	devCurrency: "F CFA", "XOF": "F CFA", "XAF": "F CFA", "GNF": "FG", "MGA": "Ar", "CDF": "FC",
}

// money formats an amount as in French-speaking Africa: 50 000 F CFA. A line may end before
// the currency, and nowhere else.
func money(amount int64, currency string) string {
	symbol, known := symbols[currency]
	if !known {
		symbol = currency
	}
	return engine.FormatAmount(amount) + " " + strings.ReplaceAll(symbol, " ", engine.NoBreak)
}
