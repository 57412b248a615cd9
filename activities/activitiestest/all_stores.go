package activitiestest

import "pirogue/store"

// AllStores has the methods of every sub-store of a database, for tests that use many of them or
// replace some.
type AllStores struct {
	*allPayments
	*allAttempts
	*allCallbacks
	*allBulks
	*allBulkLines
	*allCases
	*allWebhooks
	*allMerchants
	*allSettlements
	*allKeys
	*allTokens
	*allOperators
	*allBooks
	*allReports
	*allAuditLog
	*allWorklist
	*allRestarts
	*allAskFirst
}

// The aliases keep the names of the sub-stores free for methods.
type (
	allPayments    = store.Payments
	allAttempts    = store.Attempts
	allCallbacks   = store.Callbacks
	allBulks       = store.Bulks
	allBulkLines   = store.BulkLines
	allCases       = store.Cases
	allWebhooks    = store.Webhooks
	allMerchants   = store.Merchants
	allSettlements = store.Settlements
	allKeys        = store.Keys
	allTokens      = store.Tokens
	allOperators   = store.Operators
	allBooks       = store.Books
	allReports     = store.Reports
	allAuditLog    = store.AuditLog
	allWorklist    = store.Worklist
	allRestarts    = store.Restarts
	allAskFirst    = store.AskFirst
)

// NewAllStores returns the sub-stores of a database as one value.
func NewAllStores(db *store.DB) *AllStores {
	return &AllStores{
		db.Payments, db.Attempts, db.Callbacks, db.Bulks, db.BulkLines, db.Cases, db.Webhooks, db.Merchants, db.Settlements,
		db.Keys, db.Tokens, db.Operators, db.Books, db.Reports, db.AuditLog, db.Worklist, db.Restarts, db.AskFirst,
	}
}
