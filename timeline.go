package pirogue

import "time"

// Source names the party that caused an event in a payment's timeline.
type Source string

// The parties that can act on a payment.
const (
	SourceMerchant Source = "merchant"
	SourceAPI      Source = "api"
	SourceOperator Source = "operator"
	SourcePirogue  Source = "pirogue"
	SourceWebhook  Source = "webhook"
	SourceSupport  Source = "support"
)

// Moment is one line of a payment's timeline: the event, its time and its source. Details holds
// strings and integers only, nothing secret.
type Moment struct {
	At      time.Time
	Type    MomentType
	Source  Source
	Details map[string]any
}

// MomentType names the event of a timeline's line.
type MomentType string

// The events that a timeline can hold.
const (
	PaymentAccepted  MomentType = "payment.accepted"
	StatusChanged    MomentType = "payment.status_changed"
	AttemptPrepares  MomentType = "attempt.prepared"
	AttemptSends     MomentType = "attempt.sent"
	AttemptAccepts   MomentType = "attempt.accepted"
	AttemptRefuses   MomentType = "attempt.refused"
	AttemptUnknowns  MomentType = "attempt.unknown"
	AttemptPolled    MomentType = "attempt.polled" // all polls of one attempt in one line
	CallbackReceived MomentType = "callback.received"
	CaseOpened       MomentType = "case.opened"
	CaseClosed       MomentType = "case.closed"
	ReturnBegan      MomentType = "return.began" // a refund that returns late or wrong money
	ReturnEnded      MomentType = "return.ended"
	SupportActed     MomentType = "support.acted"
	WebhookAttempted MomentType = "webhook.attempted"
)

// MomentTexts holds each event's text in French and in English.
var MomentTexts = map[MomentType]Text{
	PaymentAccepted:  {"Paiement accepté par Pirogue.", "Payment accepted by Pirogue."},
	StatusChanged:    {"Le statut a changé.", "The status changed."},
	AttemptPrepares:  {"Envoi à l'opérateur préparé.", "Submission to the operator prepared."},
	AttemptSends:     {"Demande envoyée à l'opérateur.", "Request sent to the operator."},
	AttemptAccepts:   {"L'opérateur a accepté la demande.", "The operator accepted the request."},
	AttemptRefuses:   {"L'opérateur a refusé la demande.", "The operator refused the request."},
	AttemptUnknowns:  {"Réponse de l'opérateur perdue ou illisible.", "The operator's answer was lost or unreadable."},
	AttemptPolled:    {"Statut demandé à l'opérateur.", "Status asked of the operator."},
	CallbackReceived: {"Notification reçue de l'opérateur.", "Callback received from the operator."},
	CaseOpened:       {"Dossier ouvert pour le support.", "Case opened for support."},
	CaseClosed:       {"Dossier clos.", "Case closed."},
	ReturnBegan:      {"Renvoi de l'argent au payeur commencé.", "The return of the money to its payer began."},
	ReturnEnded:      {"Renvoi de l'argent au payeur terminé.", "The return of the money to its payer ended."},
	SupportActed:     {"Intervention du support.", "Support acted."},
	WebhookAttempted: {"Webhook envoyé au marchand.", "Webhook sent to the merchant."},
}
