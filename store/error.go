package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"pirogue"
)

// pgUnavailable lists the PostgreSQL errors that end by themselves or through a person at the
// server. The server is starting, stopping, full, read-only or out of connections, or it
// cancelled a slow statement. https://www.postgresql.org/docs/current/errcodes-appendix.html
var pgUnavailable = []string{
	"25006", // read_only_sql_transaction: a standby
	"25P03", // idle_in_transaction_session_timeout
	"55P03", // lock_not_available
	"57014", // query_canceled: statement_timeout
	"57P01", // admin_shutdown
	"57P02", // crash_shutdown
	"57P03", // cannot_connect_now
	"57P05", // idle_session_timeout
}

// pgUnavailableClasses lists the first two characters of further ones: connection exceptions,
// insufficient resources, system errors.
var pgUnavailableClasses = []string{"08", "53", "58"}

// pgRolledBack lists the errors by which the database has rolled a transaction back because of
// another one.
var pgRolledBack = []string{
	"40001", // serialization_failure
	"40P01", // deadlock_detected
}

// sqliteUnavailable lists SQLite's primary result codes of the same meaning as pgUnavailable.
var sqliteUnavailable = []int{
	sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
	sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
}

// primaryCodeMask masks the primary code in a SQLite result code; the other bits are its detail.
const primaryCodeMask = 0xff

// asError returns err as a *pirogue.Error that names the failed operation. It keeps err if that
// is one already. Otherwise the code is ServiceUnavailable if the database is down, and Internal
// for the rest.
func asError(operation string, err error) error {
	var known *pirogue.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known): // decided inside the transaction
		return err
	case isRolledBack(err), isUnreachable(err), errors.Is(err, pirogue.ErrOutcomeUnknown): // after all repeats
		return pirogue.Errorf(pirogue.ServiceUnavailable, "%s: %w", operation, err)
	default:
		return pirogue.Errorf(pirogue.Internal, "%s: %w", operation, err)
	}
}

// isRolledBack reports whether the caller may repeat the whole transaction at once.
func isRolledBack(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return slices.Contains(pgRolledBack, pg.Code)
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&primaryCodeMask == sqlite3.SQLITE_BUSY
}

// refusedCommit reports whether an error of COMMIT proves that nothing was committed. The error
// of a server that shuts down, or of an interrupted COMMIT, does not: the server may have
// committed first.
func refusedCommit(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return !strings.HasPrefix(pg.Code, pgIntervention) && !slices.Contains(pgUnavailableClasses, pgClass(pg))
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code() & primaryCodeMask
		return code != sqlite3.SQLITE_INTERRUPT && code != sqlite3.SQLITE_IOERR
	}
	return errors.Is(err, pgx.ErrTxCommitRollback)
}

// pgClass returns the first two characters of an error's code, which name its class.
func pgClass(pg *pgconn.PgError) string { return pg.Code[:min(2, len(pg.Code))] }

// pgIntervention is the class of errors by which a person or a time-out ends a statement.
const pgIntervention = "57"

// isUnreachable reports whether the database cannot serve at present.
func isUnreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return slices.Contains(pgUnavailable, pg.Code) || slices.Contains(pgUnavailableClasses, pgClass(pg))
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return slices.Contains(sqliteUnavailable, lite.Code()&primaryCodeMask)
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) ||
		slices.ContainsFunc(lostConnections, func(lost error) bool { return errors.Is(err, lost) })
}

// lostConnections lists the errors of Go and its drivers for a lost connection or a passed
// deadline.
var lostConnections = []error{
	context.DeadlineExceeded, context.Canceled, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone,
	pgconn.ErrConnClosed, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
}
