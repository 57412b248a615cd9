// Package store keeps Pirogue's payments, books, webhooks and merchants in PostgreSQL
// or, on a laptop, in SQLite. It is the only package that knows SQL and GORM.
//
// Three habits carry its promises. Whatever belongs together is one transaction. A
// decision is the WHERE of an UPDATE or the key of an INSERT, never a read followed by
// a write, so two callers at once cannot both win. Every write may be repeated with the
// same arguments without a second effect, so a caller that did not hear the answer asks
// again.
//
// What a database says in its own words becomes a *pirogue.Error here: a database that
// is away, full, locked or slow is ServiceUnavailable within 3 seconds, anything that
// only a bug explains is Internal.
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

// Options says which database to open and what it is opened with.
type Options struct {
	// URL is postgres://… for PostgreSQL, sqlite:PATH or a bare path for SQLite.
	URL   string
	Clock pirogue.Clock
	Ring  *vault.Ring // seals secrets, numbers, names and operators' handles
	Rate  Rate        // of every merchant's requests; the zero value limits nothing
}

// Rate is how many requests one owner may make.
type Rate struct {
	PerSecond int // sustained
	Burst     int // at once
}

// DB is an open database. Its methods may be called by many goroutines at once.
type DB struct {
	engine
	clock pirogue.Clock
	ring  *vault.Ring
	rate  Rate
}

// engine is what differs between the two databases once they are open.
type engine struct {
	dialect    goose.Dialect
	write      *gorm.DB // short transactions
	read       *gorm.DB // short reads; may be the same pool
	reports    *gorm.DB // pages of long lists; pirogue.MaxReports connections
	audits     *gorm.DB // long reads, which no time-out of the server cuts off; nobody else has its connections
	migrations *sql.DB  // long changes of the schema
	pools      []*sql.DB
}

// Open opens a database and asks it for its version. It fails with ServiceUnavailable
// when the database is away. The schema is Migrate's business.
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

// openEngine chooses the database by its URL.
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

// gormConfig holds what both databases share. The logger discards, for GORM prints
// statements with their values and those may be secrets; errors come back to the caller.
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

// long returns the connections of what may take as long as it needs.
func (db *DB) long() *gorm.DB {
	if db.dialect == goose.DialectPostgres {
		return db.audits
	}
	return db.write
}

// Close ends all connections. What was committed stays.
func (db *DB) Close() error { return db.close() }

func (e engine) close() error {
	var all []error
	for _, pool := range e.pools {
		all = append(all, pool.Close())
	}
	return errors.Join(all...)
}
