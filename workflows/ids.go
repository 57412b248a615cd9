package workflows

import (
	"fmt"
	"regexp"
	"strings"

	"go.temporal.io/sdk/temporal"

	"pirogue"
	"pirogue/lifecycle"
)

// The names by which a payment's workflow is reached.
const (
	FirstResponseUpdate = "first_response" // waits for the operator's first response
	ActionUpdate        = "act"            // support acts on the payment; carries the ID of the audit entry only
	WaitStateQuery      = "wait_state"     // what the payment waits for; takes the present time
	CallbackSignal      = "callback"       // the operator called back; carries nothing
)

// SweepSchedule is the ID of the schedule that starts Sweep.
const SweepSchedule = "sweep"

// rebuildWorkflow is the ID of a search for lost workflows that a person asked for.
const rebuildWorkflow = "rebuild"

// The starts of workflow IDs beside those of payments.
const (
	bulkPrefix    = "bulk-"
	webhookPrefix = "webhook-"
)

// The search attributes of a payment's workflow. Operator, PaymentStatus and NeedsAttention
// change.
var (
	PaymentKind    = temporal.NewSearchAttributeKeyKeyword("PaymentKind")
	Operator       = temporal.NewSearchAttributeKeyKeyword("Operator")
	MerchantID     = temporal.NewSearchAttributeKeyKeyword("MerchantId")
	Country        = temporal.NewSearchAttributeKeyKeyword("Country")
	PaymentStatus  = temporal.NewSearchAttributeKeyKeyword("PaymentStatus")
	NeedsAttention = temporal.NewSearchAttributeKeyBool("NeedsAttention")
)

// SearchAttributes returns every search attribute as "Name=Type", the form in which a Temporal
// namespace takes it.
func SearchAttributes() []string {
	return []string{
		PaymentKind.GetName() + "=Keyword", Operator.GetName() + "=Keyword", MerchantID.GetName() + "=Keyword",
		Country.GetName() + "=Keyword", PaymentStatus.GetName() + "=Keyword", NeedsAttention.GetName() + "=Bool",
	}
}

// PaymentWorkflowID returns the ID of a payment's workflow, such as "cashin-<uuid>".
func PaymentWorkflowID(id pirogue.PaymentID, k pirogue.PaymentKind) string {
	return workflowsByKind[k].prefix + "-" + string(id)
}

// BulkWorkflowID returns the ID of a bulk's workflow.
func BulkWorkflowID(id pirogue.BulkID) string { return bulkPrefix + string(id) }

// WebhookWorkflowID returns the ID of an event's delivery in one round.
func WebhookWorkflowID(id pirogue.EventID, round int) string {
	if round == 0 {
		return webhookPrefix + string(id)
	}
	return fmt.Sprintf("%s%s-r%d", webhookPrefix, id, round)
}

// followedWorkflowID returns the ID of the workflow that takes care of f.
func followedWorkflowID(f lifecycle.FollowedWork) string {
	switch f.What {
	case lifecycle.FollowedBulk:
		return BulkWorkflowID(pirogue.BulkID(f.ID))
	case lifecycle.FollowedEvent:
		return WebhookWorkflowID(pirogue.EventID(f.ID), f.Round)
	default:
		return PaymentWorkflowID(pirogue.PaymentID(f.ID), f.Kind)
	}
}

// uuidLength is the number of characters of a payment's ID.
const uuidLength = 36

// PaymentOf returns the payment that a workflow ID names, and whether it names one.
func PaymentOf(workflowID string) (pirogue.PaymentID, bool) {
	for _, kind := range workflowsByKind {
		rest, ours := strings.CutPrefix(workflowID, kind.prefix+"-")
		if ours && len(rest) >= uuidLength {
			return pirogue.PaymentID(rest[:uuidLength]), true
		}
	}
	return "", false
}

// kindOf returns the kind of the payment that a workflow ID names; "" for none.
func kindOf(workflowID string) pirogue.PaymentKind {
	for kind, w := range workflowsByKind {
		if strings.HasPrefix(workflowID, w.prefix+"-") {
			return kind
		}
	}
	return ""
}

// laterRound matches the end of the ID of a delivery after the first of its event.
var laterRound = regexp.MustCompile(`-r[0-9]+$`)

// followedBy returns the row that the workflow of an ID takes care of; "" for any other workflow.
func followedBy(workflowID string) (lifecycle.FollowedKind, string) {
	if id, ok := PaymentOf(workflowID); ok {
		return lifecycle.FollowedPayment, string(id)
	}
	if id, ok := strings.CutPrefix(workflowID, bulkPrefix); ok {
		return lifecycle.FollowedBulk, id
	}
	if id, ok := strings.CutPrefix(workflowID, webhookPrefix); ok {
		return lifecycle.FollowedEvent, laterRound.ReplaceAllString(id, "")
	}
	return "", ""
}
