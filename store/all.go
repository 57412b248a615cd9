package store

// All has the methods of every sub-store, for a caller that takes them by one interface.
type All struct {
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
	allPayments    = Payments
	allAttempts    = Attempts
	allCallbacks   = Callbacks
	allBulks       = Bulks
	allBulkLines   = BulkLines
	allCases       = Cases
	allWebhooks    = Webhooks
	allMerchants   = Merchants
	allSettlements = Settlements
	allKeys        = Keys
	allTokens      = Tokens
	allOperators   = Operators
	allBooks       = Books
	allReports     = Reports
	allAuditLog    = AuditLog
	allWorklist    = Worklist
	allRestarts    = Restarts
	allAskFirst    = AskFirst
)

// All returns the methods of every sub-store.
func (db *DB) All() *All {
	return &All{
		db.Payments, db.Attempts, db.Callbacks, db.Bulks, db.BulkLines, db.Cases, db.Webhooks, db.Merchants, db.Settlements,
		db.Keys, db.Tokens, db.Operators, db.Books, db.Reports, db.AuditLog, db.Worklist, db.Restarts, db.AskFirst,
	}
}
