// Package piroguetest starts the real things that tests need beside the code under
// test: a PostgreSQL, a SQLite file, a Temporal server.
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

// serverVariable names a PostgreSQL server where databases may be made, as a
// postgres:// URL. Without it every test process starts a server of its own.
const serverVariable = "PIROGUE_TEST_POSTGRES"

// postgresPatience bounds making and dropping one database.
const postgresPatience = 30 * time.Second

// server is the PostgreSQL of this process, started when a test first asks for it.
var server = sync.OnceValues(func() (*postgresServer, error) {
	//nolint:forbidigo // it says where tests run, not what the product does
	if address := os.Getenv(serverVariable); address != "" {
		return &postgresServer{url: address, stop: func() {}}, nil
	}
	return startPostgres()
})

// started says whether server was asked for, so that Main does not start one to stop it.
var started atomic.Bool

// databases numbers the databases that this process made.
var databases atomic.Int64

// Main runs a package's tests and stops the PostgreSQL they started. Call it from
// TestMain. Without it the server dies with the process, and its folder stays.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package that looks at what its tests leave behind before it exits.
func Run(m *testing.M) int {
	code := m.Run()
	if started.Load() {
		if running, err := server(); err == nil {
			running.stop()
		}
	}
	return code
}

// EachDatabase runs a test on an empty PostgreSQL and on an empty SQLite, as the
// sub-tests "postgres" and "sqlite".
func EachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
}

// SQLite returns the URL of a database file that does not exist yet and goes with the
// test.
func SQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(Folder(tb), "pirogue.db")
}

// memory is where Linux keeps files in memory.
const memory = "/dev/shm"

// Folder returns a folder that goes with the test. It lies in memory where there is such
// a place, so that how long a disk takes to keep a commit decides no test.
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

// Postgres returns the URL of a fresh, empty PostgreSQL database. It is dropped when the
// test ends, whoever is still connected.
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
