package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"pirogue/listing"
)

const (
	sqliteReaders  = 4 // connections that never write
	sqliteAuditors = 1 // of these, reserved for audits
	// sqliteBusyTimeout is the time for which one try waits for another process's lock. Nothing
	// can interrupt that wait. So it is short, and maxTries of it stay below operationTimeout.
	sqliteBusyTimeout = 400 * time.Millisecond
	// sqliteOldest is 3.51.3. In an older version a reset at the wrong time can corrupt the
	// write-ahead log.
	sqliteOldest = 3_051_003
)

// openSQLite opens one connection that writes and a few that read. With a single writer,
// concurrent writes wait for each other and do not fail with "database is locked".
func openSQLite(ctx context.Context, path string, o Options) (connectionPools, error) {
	if err := createFile(path); err != nil {
		return connectionPools{}, err
	}
	writer, err := sqlitePool(path, 1, "immediate", "synchronous(FULL)", "journal_mode(WAL)")
	if err != nil {
		return connectionPools{}, err
	}
	e := connectionPools{dialect: goose.DialectSQLite3, migrations: writer, pools: []*sql.DB{writer}}
	if err := sqliteVersion(ctx, writer); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	if e.writer, err = gorm.Open(sqliteDialect{pool: writer}, gormConfig(o.Clock)); err != nil {
		return connectionPools{}, closeAfterError(e, err)
	}
	for _, reading := range []struct {
		db    **gorm.DB
		conns int
	}{{&e.reader, sqliteReaders}, {&e.reports, listing.MaxAuditReports}, {&e.audits, sqliteAuditors}} {
		readers, err := sqlitePool(path, reading.conns, "deferred", "query_only(1)")
		if err != nil {
			return connectionPools{}, closeAfterError(e, err)
		}
		e.pools = append(e.pools, readers)
		if *reading.db, err = gorm.Open(sqliteDialect{pool: readers}, gormConfig(o.Clock)); err != nil {
			return connectionPools{}, closeAfterError(e, err)
		}
	}
	return e, nil
}

// createFile makes an empty file that only its owner may read. SQLite itself would let everybody
// read it.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database's file: %w", err)
	}
	return f.Close()
}

// sqlitePool opens connections to one file. recursive_triggers makes INSERT OR REPLACE fire the
// triggers that refuse a DELETE.
func sqlitePool(path string, conns int, lock string, pragmas ...string) (*sql.DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database's file: %w", err)
	}
	pragmas = append(pragmas, "busy_timeout("+strconv.FormatInt(sqliteBusyTimeout.Milliseconds(), 10)+")",
		"foreign_keys(1)", "recursive_triggers(1)")
	dsn := url.URL{Scheme: "file", Path: full, RawQuery: url.Values{"_txlock": {lock}, "_pragma": pragmas}.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// sqliteVersion fails if the linked library is older than sqliteOldest.
func sqliteVersion(ctx context.Context, pool *sql.DB) error {
	var version string
	if err := pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return fmt.Errorf("ask SQLite for its version: %w", err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return fmt.Errorf("read SQLite's version %q: %w", version, err)
	}
	if major*1_000_000+minor*1_000+patch < sqliteOldest {
		return fmt.Errorf("SQLite %s can corrupt its write-ahead log; 3.51.3 is the oldest that cannot", version)
	}
	return nil
}

// sqliteDialect gives GORM the part of SQLite's dialect that this package needs. It has no
// migrator: the schema comes from the files in migrations/sqlite.
type sqliteDialect struct{ pool *sql.DB }

// Name returns the dialect's name.
func (sqliteDialect) Name() string { return "sqlite" }

// Initialize gives GORM the pool and the clauses that SQLite accepts.
func (d sqliteDialect) Initialize(db *gorm.DB) error {
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE", "RETURNING"},
	})
	db.ConnPool = d.pool
	return nil
}

// Migrator returns nil: this package never has GORM change a schema.
func (sqliteDialect) Migrator(*gorm.DB) gorm.Migrator { return nil }

// DataTypeOf implements gorm.Dialector. Only migrators call it.
func (sqliteDialect) DataTypeOf(f *schema.Field) string { return string(f.DataType) }

// DefaultValueOf returns the SQL of a column's default in a list of values.
func (sqliteDialect) DefaultValueOf(*schema.Field) clause.Expression { return clause.Expr{SQL: "NULL"} }

// BindVarTo writes the placeholder of one parameter.
func (sqliteDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) {
	w.WriteByte('?') //nolint:errcheck // GORM writes to memory
}

// QuoteTo writes a quoted name, such as payments.id. Names come from our own code only.
func (sqliteDialect) QuoteTo(w clause.Writer, name string) {
	w.WriteString(`"` + strings.ReplaceAll(name, ".", `"."`) + `"`) //nolint:errcheck // GORM writes to memory
}

// Explain returns a statement with its values, for people.
func (sqliteDialect) Explain(text string, vars ...any) string {
	return logger.ExplainSQL(text, nil, `'`, vars...)
}

// sqliteErrors maps SQLite's error codes to GORM's own errors.
var sqliteErrors = map[int]error{
	sqlite3.SQLITE_CONSTRAINT_UNIQUE:     gorm.ErrDuplicatedKey,
	sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: gorm.ErrDuplicatedKey,
	sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: gorm.ErrForeignKeyViolated,
	sqlite3.SQLITE_CONSTRAINT_CHECK:      gorm.ErrCheckConstraintViolated,
}

// Translate adds GORM's error to an error of SQLite and keeps the original.
func (sqliteDialect) Translate(err error) error {
	var own *sqlite.Error
	if !errors.As(err, &own) || sqliteErrors[own.Code()] == nil {
		return err
	}
	return fmt.Errorf("%w: %w", sqliteErrors[own.Code()], err)
}

// closeAfterError closes what was opened and returns why, with the errors of that.
func closeAfterError(e connectionPools, why error) error { return errors.Join(why, e.close()) }
