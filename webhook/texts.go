package webhook

import (
	"pirogue"
)

// FailureTexts holds each reason in French and in English.
var FailureTexts = map[pirogue.FailureCode]pirogue.LocalizedText{
	pirogue.FailedDeclined: {
		FR: "Le paiement a été refusé par le client ou par l'opérateur.",
		EN: "The customer or the operator declined the payment.",
	},
	pirogue.FailedUnavailable: {
		FR: "L'opérateur est resté indisponible ; aucun argent n'a bougé.",
		EN: "The operator stayed unavailable; no money moved.",
	},
	pirogue.FailedRefused: {
		FR: "L'opérateur a refusé la demande ; aucun argent n'a bougé.",
		EN: "The operator refused the request; no money moved.",
	},
	pirogue.FailedNotPaid: {
		FR: "Le client n'a pas payé dans le délai.",
		EN: "The customer did not pay in time.",
	},
	pirogue.FailedUnconfirmed: {
		FR: "L'opérateur n'a pas confirmé l'issue dans le délai : on ne sait pas encore si le client a payé. " +
			"Si de l'argent arrive, vous en serez informé.",
		EN: "The operator did not confirm the outcome in time: it is not known yet whether the customer paid. " +
			"If money arrives, you will be told.",
	},
	pirogue.FailedNotStarted: {
		FR: "Le paiement n'a pas pu être envoyé à temps ; aucun argent n'a bougé.",
		EN: "The payment could not be sent in time; no money moved.",
	},
	pirogue.FailedCancelled: {
		FR: "L'envoi groupé a été annulé avant l'envoi de ce paiement ; aucun argent n'a bougé.",
		EN: "The bulk was cancelled before this payment was sent; no money moved.",
	},
	pirogue.FailedBySupport: {
		FR: "Le support a établi, preuves à l'appui, que le paiement demandé n'a pas eu lieu.",
		EN: "Support established with evidence that the ordered payment did not happen.",
	},
	pirogue.FailedInPart: {
		FR: "Une partie seulement du montant (moved_amount) a été versée, le support l'a établi preuves à l'appui ; " +
			"elle seule est débitée.",
		EN: "Only a part of the amount (moved_amount) was paid out, as support established with evidence; " +
			"only that part is charged.",
	},
	pirogue.FailedOtherwise: {
		FR: "Le client a payé autre chose que ce qui était demandé. Rien n'est crédité : " +
			"le support a rendu ou placé cet argent.",
		EN: "The customer paid something else than was ordered. Nothing is credited: support returned or placed that money.",
	},
}
