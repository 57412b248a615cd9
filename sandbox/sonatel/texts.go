package sonatel

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// pageTexts holds the texts of the payment page in one language. A test checks that every
// language is complete.
type pageTexts struct {
	engine.CheckoutTexts
	engine.OperatorTexts

	WrongPIN, TooLittle, FailedText string
}

// languages maps language codes to the page's texts.
var languages = map[string]pageTexts{
	"fr": {
		CheckoutTexts: engine.FrenchCheckout,
		OperatorTexts: engine.OperatorTexts{
			Bill: engine.French.Title, Order: engine.French.Reference,
			NumberHint:   "Sous la forme 77\u00a0012\u00a034\u00a056 ou +221\u00a077\u00a0012\u00a034\u00a056.",
			Code:         "Code secret",
			CodeHint:     "D'ordinaire, vous le tapez dans votre application. Dans ce bac à sable, c'est toujours",
			ExpiredTitle: "Code expiré", UnknownTitle: "Code introuvable", PoweredBy: "Simulateur Orange Money Sénégal",
		},
		WrongPIN:   "Ce code secret n'est pas le bon.",
		TooLittle:  "Le montant est trop petit : il faut au moins 10 F CFA.",
		FailedText: "Le paiement n'a pas abouti et rien n'a été débité. Vous pouvez réessayer.",
	},
	"en": {
		CheckoutTexts: engine.EnglishCheckout,
		OperatorTexts: engine.OperatorTexts{
			Bill: engine.English.Title, Order: engine.English.Reference,
			NumberHint:   "For example 77\u00a0012\u00a034\u00a056 or +221\u00a077\u00a0012\u00a034\u00a056.",
			Code:         "Secret code",
			CodeHint:     "Usually you type it in your app. In this sandbox it is always",
			ExpiredTitle: "Code expired", UnknownTitle: "Code not found", PoweredBy: "Orange Money Senegal simulator",
		},
		WrongPIN:   "This is not the right secret code.",
		TooLittle:  "The amount is too small: it takes at least 10 F CFA.",
		FailedText: "The payment did not go through and nothing was taken. You can try again.",
	},
}

// textsFor chooses the language of the page: French, unless the link or the browser prefers
// English.
func textsFor(r *http.Request) pageTexts { return engine.LanguageOf(r, languages) }
