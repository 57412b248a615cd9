package store_test

import (
	"pirogue/activities"
	"pirogue/api"
	"pirogue/store"
)

// The packages that declare their needs of a database find them met.
var (
	_ = func(db *store.DB) activities.Store {
		return activities.Store{
			Payments: db.Payments, Merchants: db.Merchants, Attempts: db.Attempts, Sendings: db.Attempts,
			Operators: db.Operators, Callbacks: db.Callbacks, Bulks: db.Bulks, BulkLines: db.BulkLines, Cases: db.Cases,
			AuditLog: db.AuditLog, Webhooks: db.Webhooks, DeliveryQueue: db.Webhooks, Keys: db.Keys,
			Restarts: db.Restarts, AskFirst: db.AskFirst,
		}
	}
	_ api.Schema    = (*store.DB)(nil)
	_ api.Access    = (*store.Keys)(nil)
	_ api.Payments  = (*store.Payments)(nil)
	_ api.Fees      = (*store.Merchants)(nil)
	_ api.Bulks     = (*store.Bulks)(nil)
	_ api.Reports   = (*store.Reports)(nil)
	_ api.Callbacks = (*store.Callbacks)(nil)
	_ api.Breakers  = (*store.Operators)(nil)
	_ api.Events    = (*store.Webhooks)(nil)
)
