// Package store keeps Pirogue's payments, books, webhooks and merchants in PostgreSQL or, on a
// laptop, in SQLite. It is the only package that knows SQL and GORM.
//
// Three rules carry its promises. Whatever belongs together is one transaction. A decision is the
// WHERE of an UPDATE or the key of an INSERT, never a read before a write. So of two callers at
// once only one wins. A caller may repeat every write with the same arguments, without a second
// effect. So a caller whose response was lost calls again.
//
// Every database error becomes a *pirogue.Error here. It is ServiceUnavailable, within 3 seconds,
// if the database is down, full, locked or slow. It is Internal if only a bug explains the error.
package store

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"pirogue"
	"pirogue/vault"
)

// Options names the database to open, and its clock, keys and rate limit.
type Options struct {
	// URL is postgres://… for PostgreSQL, sqlite:PATH or a bare path for SQLite.
	URL   string
	Clock pirogue.Clock
	Ring  *vault.Ring // seals secrets, numbers, names and operators' handles
	Rate  Rate        // of every merchant's requests; the zero value limits nothing
}

// Rate limits the requests of one owner.
type Rate struct {
	PerSecond int // sustained
	Burst     int // at once
}

// DB is an open database. It hands out one sub-store for each subject. Many goroutines may call
// the methods of all of them at once.
type DB struct {
	*database
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
	*allExports
	*allTimelines
	*allAuditLog
	*allWorklist
	*allRestarts
	*allAskFirst
}

// Aliases keep the sub-stores' names free for methods of DB.
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
	allExports     = Exports
	allTimelines   = Timelines
	allAuditLog    = AuditLog
	allWorklist    = Worklist
	allRestarts    = Restarts
	allAskFirst    = AskFirst
)

// The sub-stores. Each holds the methods of one subject.
type (
	// Payments accepts payments, finds them and finalizes them.
	Payments struct{ *database }
	// Attempts records what is sent to operators and what they respond.
	Attempts struct{ *database }
	// Callbacks keeps operators' messages to us.
	Callbacks struct{ *database }
	// Bulks accepts, cancels and ends bulks.
	Bulks struct{ *database }
	// BulkLines makes payments of the lines of bulks and sends them.
	BulkLines struct{ *database }
	// Cases keeps the cases that only a person can close, with their money in suspense.
	Cases struct{ *database }
	// Webhooks keeps the events for merchants and their deliveries.
	Webhooks struct{ *database }
	// Merchants keeps merchants with their contracts: fees and late policy.
	Merchants struct{ *database }
	// Settlements keeps merchants' balances and the transfers that pay them out.
	Settlements struct{ *database }
	// Keys keeps merchants' API keys and secrets, used signatures and request rates.
	Keys struct {
		*database
		rate Rate
	}
	// Tokens keeps the access tokens of staff.
	Tokens struct{ *database }
	// Operators keeps the circuit breaker of each operator and counts its work.
	Operators struct{ *database }
	// Books audits the books and reads the part of one operator.
	Books struct{ *database }
	// Exports reads the lists of any length that merchants download.
	Exports struct{ *database }
	// Timelines reads the history of a payment.
	Timelines struct{ *database }
	// AuditLog keeps the actions of support's staff with their results.
	AuditLog struct{ *database }
	// Worklist finds what waits for a person, and counts it.
	Worklist struct{ *database }
	// Restarts finds the work whose workflow is lost or was never started.
	Restarts struct{ *database }
	// AskFirst keeps the mode in which a restored database sends nothing before operators were
	// asked.
	AskFirst struct{ *database }
)

// newDB returns the sub-stores over one database.
func newDB(d *database, rate Rate) *DB {
	return &DB{
		database: d, allPayments: &Payments{d}, allAttempts: &Attempts{d}, allCallbacks: &Callbacks{d}, allBulks: &Bulks{d},
		allBulkLines: &BulkLines{d}, allCases: &Cases{d}, allWebhooks: &Webhooks{d}, allMerchants: &Merchants{d},
		allSettlements: &Settlements{d}, allKeys: &Keys{d, rate}, allTokens: &Tokens{d}, allOperators: &Operators{d},
		allBooks: &Books{d}, allExports: &Exports{d}, allTimelines: &Timelines{d}, allAuditLog: &AuditLog{d},
		allWorklist: &Worklist{d}, allRestarts: &Restarts{d}, allAskFirst: &AskFirst{d},
	}
}

// Open opens a database and reads its version. It fails with ServiceUnavailable if the database
// is down. It does not change the schema; Migrate does.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Clock == nil || o.Ring == nil {
		return nil, pirogue.Errorf(pirogue.Internal, "open database: a clock and a ring of keys are needed")
	}
	if o.Rate.PerSecond < 0 || (o.Rate.PerSecond > 0) != (o.Rate.Burst > 0) {
		return nil, pirogue.Errorf(pirogue.Internal, "open database: a rate needs requests per second and a burst")
	}
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()

	opened, err := openEngine(ctx, o)
	if err != nil {
		return nil, asError("open database", err)
	}
	return newDB(&database{connectionPools: opened, clock: o.Clock, ring: o.Ring}, o.Rate), nil
}

// openEngine chooses the database by the scheme of its URL.
func openEngine(ctx context.Context, o Options) (connectionPools, error) {
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		return openPostgres(ctx, o)
	}
	path := strings.TrimPrefix(o.URL, "sqlite:")
	if path == "" || strings.Contains(path, "://") {
		return connectionPools{}, errors.New("a database URL begins with postgres:// or with sqlite: and a path")
	}
	return openSQLite(ctx, path, o)
}

// gormConfig returns the settings for both databases. Its logger discards everything: GORM would
// print statements with their values, which may be secrets. Errors still reach the caller.
func gormConfig(clock pirogue.Clock) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		QueryFields:            true,
		NowFunc:                clock.Now,
		Logger:                 logger.Discard,
	}
}

// Close closes all connections. Committed transactions stay.
func (db *DB) Close() error { return db.close() }
