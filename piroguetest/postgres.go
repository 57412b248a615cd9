// Package piroguetest starts the real servers and files that tests need: a PostgreSQL, a
// SQLite file, a Temporal server.
package piroguetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
)

// serverVariable names the variable with a postgres:// URL of a server where tests may
// create databases. Without it every test process starts a server of its own.
const serverVariable = "PIROGUE_TEST_POSTGRES"

// postgresPatience bounds the creation and the removal of one database.
const postgresPatience = 30 * time.Second

// server returns the PostgreSQL of this process. The first call starts it.
var server = sync.OnceValues(func() (*postgresServer, error) {
	//nolint:forbidigo // it says where tests run, not what the product does
	if address := os.Getenv(serverVariable); address != "" {
		return &postgresServer{url: address, stop: func() {}}, nil
	}
	return startPostgres()
})

// started tells whether a test asked for server. Main must not start a server only to stop
// it.
var started atomic.Bool

// databases counts the databases that this process created; the count makes their names
// unique.
var databases atomic.Int64

// Main runs a package's tests and stops the PostgreSQL that they started. Call it from
// TestMain. Without it the server dies with the process, but its folder stays.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run does what Main does but returns the exit code, for a package that checks what its
// tests leave behind.
func Run(m *testing.M) int {
	code := m.Run()
	if started.Load() {
		if running, err := server(); err == nil {
			running.stop()
		}
	}
	return code
}

// EachDatabase runs a test on an empty PostgreSQL and on an empty SQLite, as the sub-tests
// "postgres" and "sqlite".
func EachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
}

// SQLite returns the URL of a database file that does not exist yet. The file is removed
// with the test.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(Folder(tb), "pirogue.db")
}

// memory is the folder whose files Linux keeps in memory.
const memory = "/dev/shm"

// Folder returns a temporary folder, removed with the test. It lies in memory where the
// system allows, so that the speed of a disk decides no test.
func Folder(tb testing.TB) string {
	tb.Helper()
	folder, err := os.MkdirTemp(memory, "pirogue-test-") //nolint:usetesting // tb.TempDir is on a disk
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			tb.Errorf("remove the test's folder: %v", err)
		}
	})
	return folder
}

// Postgres returns the URL of a fresh, empty PostgreSQL database. The end of the test drops
// it, even if connections are open.
func Postgres(tb testing.TB) string {
	tb.Helper()
	started.Store(true)
	running, err := server()
	if err != nil {
		tb.Fatalf("no PostgreSQL for the test: %v", err)
	}
	name := fmt.Sprintf("pirogue_test_%d_%d", os.Getpid(), databases.Add(1))
	require.NoError(tb, running.exec("CREATE DATABASE "+name+" TEMPLATE template0"))
	tb.Cleanup(func() {
		if err := running.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	address, err := url.Parse(running.url)
	require.NoError(tb, err)
	address.Path = "/" + name
	return address.String()
}

// exec runs one statement on the server's own database.
func (s *postgresServer) exec(statement string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), postgresPatience)
	defer cancel()
	db, err := sql.Open("pgx", s.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, statement)
	return err
}
