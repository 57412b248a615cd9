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

// TimelineEntry is one line of a payment's timeline: the event, its time and its source. Details holds
// strings and integers only, nothing secret.
type TimelineEntry struct {
	At      time.Time
	Type    TimelineEntryType
	Source  Source
	Details map[string]any
}

// TimelineEntryType names the event of a timeline's line.
type TimelineEntryType string

// The events that a timeline can hold.
const (
	PaymentAccepted         TimelineEntryType = "payment.accepted"
	StatusChanged           TimelineEntryType = "payment.status_changed"
	TimelineAttemptPrepared TimelineEntryType = "attempt.prepared"
	TimelineAttemptSent     TimelineEntryType = "attempt.sent"
	TimelineAttemptAccepted TimelineEntryType = "attempt.accepted"
	TimelineAttemptRefused  TimelineEntryType = "attempt.refused"
	TimelineAttemptUnknown  TimelineEntryType = "attempt.unknown"
	TimelineAttemptPolled   TimelineEntryType = "attempt.polled" // all polls of one attempt in one line
	CallbackReceived        TimelineEntryType = "callback.received"
	CaseOpened              TimelineEntryType = "case.opened"
	CaseClosed              TimelineEntryType = "case.closed"
	ReturnBegan             TimelineEntryType = "return.began" // a refund that returns late or wrong money
	ReturnEnded             TimelineEntryType = "return.ended"
	SupportActed            TimelineEntryType = "support.acted"
	WebhookAttempted        TimelineEntryType = "webhook.attempted"
)

// TimelineTexts holds each event's text in French and in English.
var TimelineTexts = map[TimelineEntryType]LocalizedText{
	PaymentAccepted:         {"Paiement accepté par Pirogue.", "Payment accepted by Pirogue."},
	StatusChanged:           {"Le statut a changé.", "The status changed."},
	TimelineAttemptPrepared: {"Envoi à l'opérateur préparé.", "Submission to the operator prepared."},
	TimelineAttemptSent:     {"Demande envoyée à l'opérateur.", "Request sent to the operator."},
	TimelineAttemptAccepted: {"L'opérateur a accepté la demande.", "The operator accepted the request."},
	TimelineAttemptRefused:  {"L'opérateur a refusé la demande.", "The operator refused the request."},
	TimelineAttemptUnknown:  {"Réponse de l'opérateur perdue ou illisible.", "The operator's answer was lost or unreadable."},
	TimelineAttemptPolled:   {"Statut demandé à l'opérateur.", "Status asked of the operator."},
	CallbackReceived:        {"Notification reçue de l'opérateur.", "Callback received from the operator."},
	CaseOpened:              {"Dossier ouvert pour le support.", "Case opened for support."},
	CaseClosed:              {"Dossier clos.", "Case closed."},
	ReturnBegan:             {"Renvoi de l'argent au payeur commencé.", "The return of the money to its payer began."},
	ReturnEnded:             {"Renvoi de l'argent au payeur terminé.", "The return of the money to its payer ended."},
	SupportActed:            {"Intervention du support.", "Support acted."},
	WebhookAttempted:        {"Webhook envoyé au marchand.", "Webhook sent to the merchant."},
}
