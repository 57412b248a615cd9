package engine

// PageTexts holds the texts that the pages of all operators share, in one language.
type PageTexts struct {
	Lang, OtherLang, OtherName, Language string

	Title, Sandbox, NoRealMoney, Reference, Back            string
	PaidTitle, PaidText, DownTitle, DownText                string
	FailedTitle, ExpiredText, NoPaymentTitle, NoPaymentText string
}

// French and English are the two languages of every page.
var (
	French = PageTexts{
		Lang: "fr", OtherLang: "en", OtherName: "English", Language: "Langue",
		Title: "Paiement", Sandbox: "Bac à sable", NoRealMoney: "Aucun argent réel ne circule ici.",
		Reference: "Référence", Back: "Retourner chez le marchand",
		PaidTitle: "Paiement réussi", PaidText: "Votre paiement est enregistré.",
		DownTitle: "Service indisponible", DownText: "Le service ne répond pas pour le moment. Réessayez plus tard.",
		FailedTitle: "Paiement échoué", ExpiredText: "Le délai pour payer est passé et rien n'a été débité.",
		NoPaymentTitle: "Paiement introuvable",
		NoPaymentText:  "Ce lien ne mène à aucun paiement. Vérifiez qu'il est entier.",
	}
	English = PageTexts{
		Lang: "en", OtherLang: "fr", OtherName: "Français", Language: "Language",
		Title: "Payment", Sandbox: "Sandbox", NoRealMoney: "No real money moves here.",
		Reference: "Reference", Back: "Return to the merchant",
		PaidTitle: "Payment successful", PaidText: "Your payment is recorded.",
		DownTitle: "Service unavailable", DownText: "The service does not answer at the moment. Try again later.",
		FailedTitle: "Payment failed", ExpiredText: "The time to pay is over and nothing was taken.",
		NoPaymentTitle: "Payment not found",
		NoPaymentText:  "This link leads to no payment. Check that it is complete.",
	}
)

// CheckoutTexts holds the texts of every Checkout in one language, besides OperatorTexts.
type CheckoutTexts struct {
	PageTexts

	PayTo, PaidTo, Transaction, ValidFor, Minutes string
	Confirm, Number, Pay, Cancel                  string
	CheckForm, BadNumber, ErrorPrefix, MagicHint  string
	BackSoon, CancelledTitle, CancelledText       string
	PendingTitle, PendingText                     string
}

// FrenchCheckout and EnglishCheckout are the two languages of every Checkout.
var (
	FrenchCheckout = CheckoutTexts{
		PageTexts: French, PayTo: "À payer à", PaidTo: "Payé à", Transaction: "Transaction",
		ValidFor: "Valable encore", Minutes: "min",
		Confirm: "Confirmez votre paiement", Number: "Votre numéro mobile", Pay: "Payer", Cancel: "Annuler",
		CheckForm: "Vérifiez votre saisie", BadNumber: "Ce numéro n'est pas complet : il faut de 8 à 15 chiffres.",
		ErrorPrefix: "Erreur : ", MagicHint: "Un numéro finissant par 111111 ou 222222 est refusé, tout autre paie.",
		BackSoon:       "Dans quelques secondes, vous retournez chez le marchand.",
		CancelledTitle: "Paiement annulé", CancelledText: "Vous avez annulé ce paiement et rien n'a été débité.",
		PendingTitle: "Paiement en cours", PendingText: "L'opérateur traite votre paiement. Cette page se met à jour seule.",
	}
	EnglishCheckout = CheckoutTexts{
		PageTexts: English, PayTo: "To pay to", PaidTo: "Paid to", Transaction: "Transaction",
		ValidFor: "Valid for another", Minutes: "min",
		Confirm: "Confirm your payment", Number: "Your mobile number", Pay: "Pay", Cancel: "Cancel",
		CheckForm: "Check what you typed", BadNumber: "This number is not complete: it takes 8 to 15 digits.",
		ErrorPrefix: "Error: ", MagicHint: "A number ending in 111111 or 222222 is refused, any other pays.",
		BackSoon:       "In a few seconds you return to the merchant.",
		CancelledTitle: "Payment cancelled", CancelledText: "You cancelled this payment and nothing was taken.",
		PendingTitle: "Payment under way", PendingText: "The operator is working on it. This page updates by itself.",
	}
)

// OperatorTexts holds a Checkout's texts in one operator's words.
type OperatorTexts struct {
	Bill, Order, NumberHint, Code, CodeHint string
	ExpiredTitle, UnknownTitle, PoweredBy   string
}
