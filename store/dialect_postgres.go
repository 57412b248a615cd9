package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"pirogue/listing"
)

// DefaultConnections is the limit of a process's connections for payments.
const DefaultConnections = 20

const (
	pgSlowConns = 2 // for migrations and audits
	pgConnLife  = 30 * time.Minute
	pgIdleLife  = 5 * time.Minute
)

// MaxConnections returns the number of connections to PostgreSQL that a process may hold: those for
// payments, and those for exports, migrations and audits. The server's max_connections must cover
// the sum over all processes.
func MaxConnections(payments int) int { return payments + pgSlowConns + listing.MaxAuditReports }

// The time-outs that end a hanging call. Each is below operationTimeout. So the server has released
// its locks before the caller gets ServiceUnavailable.
const (
	pgConnectTimeout   = 2 * time.Second
	pgStatementTimeout = 2 * time.Second
	pgLockTimeout      = 1500 * time.Millisecond
	pgIdleTimeout      = 5 * time.Second // of a transaction whose client sends nothing
)

// pgOldest is the oldest server version that is tested: PostgreSQL 14.
const pgOldest = 140000

// openPostgres opens a pool with time-outs for payments and one without for long work.
func openPostgres(ctx context.Context, o Options) (connectionPools, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return connectionPools{}, fmt.Errorf("read the PostgreSQL URL: %w", err)
	}
	config.ConnectTimeout = pgConnectTimeout
	config.RuntimeParams["application_name"] = "pirogue"
	config.RuntimeParams["timezone"] = "UTC"
	// The conditional updates assume this isolation level, so it overrides the server's default.
	// At this level a statement that waited for a row sees the row's final version.
	config.RuntimeParams["default_transaction_isolation"] = "read committed"

	quick := config.Copy()
	quick.RuntimeParams["statement_timeout"] = milliseconds(pgStatementTimeout)
	quick.RuntimeParams["lock_timeout"] = milliseconds(pgLockTimeout)
	quick.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(pgIdleTimeout)

	short, long := postgresPool(quick, cmp.Or(o.Connections, DefaultConnections)), postgresPool(config, pgSlowConns)
	pages := postgresPool(config, listing.MaxAuditReports)
	pages.SetMaxIdleConns(1)
	e := connectionPools{dialect: goose.DialectPostgres, migrations: long, pools: []*sql.DB{short, long, pages}}
	if e.writer, err = gorm.Open(postgres.New(postgres.Config{Conn: short}), gormConfig(o.Clock)); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	if e.audits, err = gorm.Open(postgres.New(postgres.Config{Conn: long}), gormConfig(o.Clock)); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	if e.reports, err = gorm.Open(postgres.New(postgres.Config{Conn: pages}), gormConfig(o.Clock)); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	e.reader = e.writer
	if err := pgVersion(ctx, short); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	return e, nil
}

// postgresPool returns a pool that connects at its first use.
func postgresPool(config *pgx.ConnConfig, conns int) *sql.DB {
	pool := sql.OpenDB(beginConnector{stdlib.GetConnector(*config)})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxLifetime(pgConnLife)
	pool.SetConnMaxIdleTime(pgIdleLife)
	return pool
}

// pgVersion fails if the server is older than pgOldest.
func pgVersion(ctx context.Context, pool *sql.DB) error {
	var version int
	if err := pool.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	if version < pgOldest {
		return fmt.Errorf("PostgreSQL %d is older than 14", version/10_000)
	}
	return nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
