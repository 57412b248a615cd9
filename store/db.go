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
	// Connections limits the connections to PostgreSQL for payments; 0 is DefaultConnections.
	Connections int
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
	Payments    *Payments
	Attempts    *Attempts
	Callbacks   *Callbacks
	Bulks       *Bulks
	BulkLines   *BulkLines
	Cases       *Cases
	Webhooks    *Webhooks
	Merchants   *Merchants
	Settlements *Settlements
	Keys        *Keys
	Tokens      *Tokens
	Operators   *Operators
	Books       *Books
	Reports     *Reports
	AuditLog    *AuditLog
	Worklist    *Worklist
	Restarts    *Restarts
	AskFirst    *AskFirst
}

// The sub-stores. Each holds the methods of one subject.
type (
	// Payments accepts payments, finds them, finalizes them and tells their history.
	Payments struct{ *database }
	// Attempts records what is sent to operators and what they respond.
	Attempts struct{ *database }
	// Callbacks keeps operators' messages to us, with the attempts that they are about.
	Callbacks struct{ *database }
	// Bulks accepts, reads, cancels and ends bulks.
	Bulks struct{ *database }
	// BulkLines makes payments of the lines of bulks and sends them.
	BulkLines struct{ *database }
	// Cases keeps the cases that only a person can close, with their money in suspense.
	Cases struct{ *database }
	// Webhooks keeps the events for merchants and their deliveries.
	Webhooks struct{ *database }
	// Merchants keeps merchants with their contracts: fees and late policy.
	Merchants struct{ *database }
	// Settlements keeps the transfers that pay merchants' balances out.
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
	// Reports reads what merchants download: balances and long lists.
	Reports struct{ *database }
	// AuditLog keeps the actions of support's staff with their results.
	AuditLog struct{ *database }
	// Worklist finds the payments that need attention, and counts the work that waits.
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
		database:    d,
		Payments:    &Payments{d},
		Attempts:    &Attempts{d},
		Callbacks:   &Callbacks{d},
		Bulks:       &Bulks{d},
		BulkLines:   &BulkLines{d},
		Cases:       &Cases{d},
		Webhooks:    &Webhooks{d},
		Merchants:   &Merchants{d},
		Settlements: &Settlements{d},
		Keys:        &Keys{d, rate},
		Tokens:      &Tokens{d},
		Operators:   &Operators{d},
		Books:       &Books{d},
		Reports:     &Reports{d},
		AuditLog:    &AuditLog{d},
		Worklist:    &Worklist{d},
		Restarts:    &Restarts{d},
		AskFirst:    &AskFirst{d},
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
