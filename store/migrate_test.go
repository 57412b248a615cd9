package store_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/store"
)

func TestTheSchemaGoesUpAndDownAndUpAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		before := w.columns()
		require.NotEmpty(w.t, before)
		require.NoError(w.t, w.db.Ping(w.ctx()))
		require.NoError(w.t, w.db.MigrateDown(w.ctx(), 0))
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(w.db.Ping(w.ctx())))
		require.Empty(w.t, w.columns(), "something stayed")
		status, err := w.db.MigrationStatus(w.ctx())
		require.NoError(w.t, err)
		require.True(w.t, strings.HasSuffix(status[0].String(), "pending"), status[0])

		require.NoError(w.t, w.db.Migrate(w.ctx()))
		require.NoError(w.t, w.db.Migrate(w.ctx()), "twice is once")
		require.Equal(w.t, before, w.columns())
		status, err = w.db.MigrationStatus(w.ctx())
		require.NoError(w.t, err)
		require.NotZero(w.t, status[len(status)-1].AppliedAt)
		w.another()
	})
}

func TestASchemaThatIsNotCurrentDoesNotPing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		require.NoError(w.t, w.db.MigrateDown(w.ctx(), 4))
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(w.db.Ping(w.ctx())), "older")
		require.NoError(w.t, w.db.Migrate(w.ctx()))
		require.NoError(w.t, w.exec(w.raw(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"))
		require.NoError(w.t, w.db.Ping(w.ctx()), "newer: the schema goes ahead of its programs")
	})
	t.Run("no schema at all", func(t *testing.T) {
		db := (&world{t: t, url: piroguetest.SQLite(t), ring: newRing(t), now: newClock()}).open(store.Rate{})
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(db.Ping(t.Context())))
	})
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	w := &world{t: t, url: piroguetest.Postgres(t), ring: newRing(t), now: newClock()}
	dbs := make([]*store.DB, 8)
	for i := range dbs {
		dbs[i] = w.open(store.Rate{})
	}
	require.NoError(t, concurrently(len(dbs), func(i int) error { return dbs[i].Migrate(t.Context()) }))
	require.NoError(t, dbs[0].Ping(t.Context()))
}

func TestBothDatabasesHaveTheSameTablesAndColumns(t *testing.T) {
	t.Parallel()
	postgres, sqlite := newWorld(t, piroguetest.Postgres(t)), newWorld(t, piroguetest.SQLite(t))
	require.Equal(t, postgres.columns(), sqlite.columns())

	names := func(dialect string) []string {
		files, err := fs.Glob(os.DirFS("migrations"), dialect+"/*.sql")
		require.NoError(t, err)
		for i, file := range files {
			files[i] = filepath.Base(file)
		}
		return files
	}
	require.NotEmpty(t, names("postgres"))
	require.Equal(t, names("postgres"), names("sqlite"))
}

// columns returns the schema as "table.column", with NOT NULL where that holds.
func (w *world) columns() []string {
	w.t.Helper()
	query := `SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' NOT NULL' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`
	if w.postgres() {
		query = `SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`
	}
	columns := texts(w.t, w.raw(), query)
	slices.Sort(columns)
	return columns
}

// texts returns the only column of a query.
func texts(tb testing.TB, db *sql.DB, query string) []string {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), query)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, rows.Close()) }()
	var found []string
	for rows.Next() {
		var text string
		require.NoError(tb, rows.Scan(&text))
		found = append(found, text)
	}
	require.NoError(tb, rows.Err())
	return found
}

// SQLite is compiled to Go over one version of libc. With another version it may compute wrong
// results. https://gitlab.com/cznic/sqlite/-/issues/177
func TestSQLiteRunsOverTheLibcItAsksFor(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile(filepath.Join(piroguetest.Root(t), "go.mod"))
	require.NoError(t, err)
	theirs, err := os.ReadFile(filepath.Join(moduleFolder(t, "modernc.org/sqlite"), "go.mod"))
	require.NoError(t, err)
	libc := regexp.MustCompile(`modernc\.org/libc (v\S+)`)
	require.Equal(t, libc.FindStringSubmatch(string(theirs))[1], libc.FindStringSubmatch(string(ours))[1])
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	w := &world{t: t, ring: newRing(t), now: newClock()}
	folder := t.TempDir()
	for name, row := range map[string]struct {
		options store.Options
		code    pirogue.Code
	}{
		"no clock": {store.Options{URL: piroguetest.SQLite(t), Ring: w.ring}, pirogue.Internal},
		"no ring":  {store.Options{URL: piroguetest.SQLite(t), Clock: w.clock()}, pirogue.Internal},
		"a rate without a burst": {
			store.Options{URL: piroguetest.SQLite(t), Clock: w.clock(), Ring: w.ring, Rate: store.Rate{PerSecond: 1}},
			pirogue.Internal,
		},
		"no URL": {store.Options{Clock: w.clock(), Ring: w.ring}, pirogue.Internal},
		"another database": {
			store.Options{URL: "mysql://root@localhost/x", Clock: w.clock(), Ring: w.ring}, pirogue.Internal,
		},
		"a URL without sense": {store.Options{URL: "postgres://%zz", Clock: w.clock(), Ring: w.ring}, pirogue.Internal},
		"a server that is away": {
			store.Options{URL: "postgres://u@127.0.0.1:1/x", Clock: w.clock(), Ring: w.ring},
			pirogue.ServiceUnavailable,
		},
		"a folder for a file": {store.Options{URL: "sqlite:" + folder, Clock: w.clock(), Ring: w.ring}, pirogue.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), row.options)
			require.Equal(t, row.code, pirogue.CodeOf(err), "%v", err)
		})
	}
}

func TestTheSQLiteFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	w := newWorldOnSQLite(t)
	path := strings.TrimPrefix(w.url, "sqlite:")
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is %s", file, info.Mode())
	}
}

// An acknowledged payment is on the disk: a second process sees it, even after the first one has
// closed.
func TestWhatWasAcceptedOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		again := w.open(store.Rate{})
		require.NoError(w.t, w.db.Close())
		read, err := again.Payments.Payment(w.ctx(), w.owner, p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, p, read)
		require.WithinDuration(w.t, worldStart, read.CreatedAt, time.Second)
	})
}

func TestRenamedSchema(t *testing.T) {
	t.Parallel()
	t.Run("no name has an old word", func(t *testing.T) {
		t.Parallel()
		each(t, func(w *world) {
			old := regexp.MustCompile(`(^|[._ ])(acts?|payouts?|spent|edges?|words|answer(ed)?|verb|because|health)($|[._ ])`)
			for _, name := range slices.Concat(w.columns(), w.objects()) {
				require.NotRegexp(w.t, old, name)
			}
		})
	})
	t.Run("every row is read as before", func(t *testing.T) {
		t.Parallel()
		each(t, func(w *world) {
			w.makeOneOfEach()
			parked := operator.ServiceChange{
				Operator: "orange-web-ml", Parked: true, Actor: "awa", Reason: "outage", At: w.at(0),
			}
			require.NoError(w.t, w.db.Operators.Park(w.ctx(), parked))
			before := w.values()
			require.NoError(w.t, w.db.MigrateDown(w.ctx(), beforeRename))
			require.NoError(w.t, w.db.Migrate(w.ctx()))
			require.Equal(w.t, before, w.values())
			w.requireSound()
		})
	})
}

// beforeRename is the last version of the schema with the old names.
const beforeRename = 20

// values returns the sorted values of every column by its name.
func (w *world) values() map[string][]string {
	w.t.Helper()
	values, db := map[string][]string{}, w.raw()
	for _, column := range w.columns() {
		name := strings.TrimSuffix(column, " NOT NULL")
		table, field, _ := strings.Cut(name, ".")
		values[name] = texts(w.t, db, `SELECT COALESCE(CAST("`+field+`" AS TEXT), 'NULL') FROM `+table+` ORDER BY 1`)
	}
	return values
}

// objects returns the names of the indexes, triggers, constraints and functions of the schema.
func (w *world) objects() []string {
	w.t.Helper()
	if !w.postgres() {
		return texts(w.t, w.raw(), "SELECT name FROM sqlite_master")
	}
	return texts(w.t, w.raw(), `
		SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
		 UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		 UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
		 UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
}
