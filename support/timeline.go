package support

import (
	"time"

	"pirogue"
)

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
var TimelineTexts = map[TimelineEntryType]pirogue.LocalizedText{
	PaymentAccepted:         {FR: "Paiement accepté par Pirogue.", EN: "Payment accepted by Pirogue."},
	StatusChanged:           {FR: "Le statut a changé.", EN: "The status changed."},
	TimelineAttemptPrepared: {FR: "Envoi à l'opérateur préparé.", EN: "Submission to the operator prepared."},
	TimelineAttemptSent:     {FR: "Demande envoyée à l'opérateur.", EN: "Request sent to the operator."},
	TimelineAttemptAccepted: {FR: "L'opérateur a accepté la demande.", EN: "The operator accepted the request."},
	TimelineAttemptRefused:  {FR: "L'opérateur a refusé la demande.", EN: "The operator refused the request."},
	TimelineAttemptUnknown: {
		FR: "Réponse de l'opérateur perdue ou illisible.",
		EN: "The operator's answer was lost or unreadable.",
	},
	TimelineAttemptPolled: {FR: "Statut demandé à l'opérateur.", EN: "Status asked of the operator."},
	CallbackReceived:      {FR: "Notification reçue de l'opérateur.", EN: "Callback received from the operator."},
	CaseOpened:            {FR: "Dossier ouvert pour le support.", EN: "Case opened for support."},
	CaseClosed:            {FR: "Dossier clos.", EN: "Case closed."},
	ReturnBegan: {
		FR: "Renvoi de l'argent au payeur commencé.",
		EN: "The return of the money to its payer began.",
	},
	ReturnEnded: {
		FR: "Renvoi de l'argent au payeur terminé.",
		EN: "The return of the money to its payer ended.",
	},
	SupportActed:     {FR: "Intervention du support.", EN: "Support acted."},
	WebhookAttempted: {FR: "Webhook envoyé au marchand.", EN: "Webhook sent to the merchant."},
}
