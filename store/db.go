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
	"database/sql"
	"errors"
	"strings"

	"github.com/pressly/goose/v3"
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

// DB is an open database. Many goroutines may call its methods at once.
type DB struct {
	engine
	clock pirogue.Clock
	ring  *vault.Ring
	rate  Rate
}

// engine holds what differs between the two databases: the dialect and the connection pools.
type engine struct {
	dialect    goose.Dialect
	write      *gorm.DB // short transactions
	read       *gorm.DB // short reads; may be the same pool
	reports    *gorm.DB // pages of long lists; pirogue.MaxAuditReports connections
	audits     *gorm.DB // long reads without a server time-out; no other work uses its connections
	migrations *sql.DB  // long changes of the schema
	pools      []*sql.DB
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
	ctx, cancel := context.WithTimeout(ctx, giveUpAfter)
	defer cancel()

	opened, err := openEngine(ctx, o)
	if err != nil {
		return nil, failure("open database", err)
	}
	return &DB{engine: opened, clock: o.Clock, ring: o.Ring, rate: o.Rate}, nil
}

// openEngine chooses the database by the scheme of its URL.
func openEngine(ctx context.Context, o Options) (engine, error) {
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		return openPostgres(ctx, o)
	}
	path := strings.TrimPrefix(o.URL, "sqlite:")
	if path == "" || strings.Contains(path, "://") {
		return engine{}, errors.New("a database URL begins with postgres:// or with sqlite: and a path")
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

// long returns the connections for work without a time limit.
func (db *DB) long() *gorm.DB {
	if db.dialect == goose.DialectPostgres {
		return db.audits
	}
	return db.write
}

// Close closes all connections. Committed transactions stay.
func (db *DB) Close() error { return db.close() }

// close closes every pool and returns their errors together.
func (e engine) close() error {
	var all []error
	for _, pool := range e.pools {
		all = append(all, pool.Close())
	}
	return errors.Join(all...)
}
