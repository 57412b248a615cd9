// Package activitiestest gives tests of activities and workflows their parts.
package activitiestest

import (
	"pirogue/activities"
)

// Store returns the parts of a database that a fake or AllStores has. The other parts are nil.
func Store(db any) activities.Store {
	var s activities.Store
	s.Payments, _ = db.(activities.PaymentStore)
	s.Merchants, _ = db.(activities.MerchantStore)
	s.Attempts, _ = db.(activities.AttemptStore)
	s.Sendings, _ = db.(activities.SendingStore)
	s.Operators, _ = db.(activities.OperatorStore)
	s.Callbacks, _ = db.(activities.CallbackStore)
	s.Bulks, _ = db.(activities.BulkStore)
	s.BulkLines, _ = db.(activities.BulkLineStore)
	s.Cases, _ = db.(activities.CaseStore)
	s.AuditLog, _ = db.(activities.AuditLogStore)
	s.Webhooks, _ = db.(activities.WebhookStore)
	s.DeliveryQueue, _ = db.(activities.DeliveryQueueStore)
	s.Keys, _ = db.(activities.KeyStore)
	s.Restarts, _ = db.(activities.RestartStore)
	s.AskFirst, _ = db.(activities.AskFirstStore)
	return s
}
