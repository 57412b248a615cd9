// Package activitiestest gives tests of activities and workflows their parts.
package activitiestest

import (
	"pirogue/activities"
)

// Store returns the parts of a database that a fake or AllStores has. The other parts are nil.
func Store(db any) activities.Store {
	return activities.Store{
		Payments:      part[activities.PaymentStore](db),
		Merchants:     part[activities.MerchantStore](db),
		Attempts:      part[activities.AttemptStore](db),
		Sendings:      part[activities.SendingStore](db),
		Operators:     part[activities.OperatorStore](db),
		Callbacks:     part[activities.CallbackStore](db),
		Bulks:         part[activities.BulkStore](db),
		BulkLines:     part[activities.BulkLineStore](db),
		Cases:         part[activities.CaseStore](db),
		AuditLog:      part[activities.AuditLogStore](db),
		Webhooks:      part[activities.WebhookStore](db),
		DeliveryQueue: part[activities.DeliveryQueueStore](db),
		Keys:          part[activities.KeyStore](db),
		Restarts:      part[activities.RestartStore](db),
		AskFirst:      part[activities.AskFirstStore](db),
	}
}

// part returns db as one part of the store; nil where db lacks its methods.
func part[Part any](db any) Part {
	found, ok := db.(Part)
	if !ok {
		var none Part
		return none
	}
	return found
}
