package store

import (
	"context"
	"embed"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"gorm.io/gorm"

	"pirogue"
)

// migrationFiles is the schema of both databases, under the same version numbers.
//
//go:embed migrations
var migrationFiles embed.FS

// The wait of a migration for one in another process: a try each second, 5 minutes in all.
const (
	migrationRetry = 1   // seconds
	migrationTries = 300 // of migrationRetry
)

// Migration is one version of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero: not applied
}

// String returns the migration as one line for people.
func (m Migration) String() string {
	if m.AppliedAt.IsZero() {
		return m.Name + "  pending"
	}
	return m.Name + "  applied " + m.AppliedAt.Format(time.RFC3339)
}

// Migrate brings the schema to the version of this program. On PostgreSQL several processes may
// call it at once: one works and the others wait. It never migrates down: no program may delete
// the data of a later version.
func (db *DB) Migrate(ctx context.Context) error {
	schema, err := db.schema()
	if err != nil {
		return err
	}
	_, err = schema.Up(ctx)
	return asError("migrate", err)
}

// MigrationStatus returns every version this program knows, the oldest first.
func (db *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	schema, err := db.schema()
	if err != nil {
		return nil, err
	}
	rows, err := schema.Status(ctx)
	if err != nil {
		return nil, asError("read migrations", err)
	}
	migrations := make([]Migration, len(rows))
	for i, row := range rows {
		migrations[i] = Migration{
			Version: row.Source.Version, Name: path.Base(row.Source.Path), AppliedAt: row.AppliedAt.UTC(),
		}
	}
	return migrations, nil
}

// Ping fails with ServiceUnavailable if the database is down, or its schema is older than this
// program. A newer schema passes: an upgrade migrates the schema before it replaces the programs.
func (db *DB) Ping(ctx context.Context) error {
	schema, err := db.schema()
	if err != nil {
		return err
	}
	sources := schema.ListSources()
	wanted := sources[len(sources)-1].Version
	var version int64
	err = db.read(ctx, "ping", func(tx *gorm.DB) error {
		return tx.Raw("SELECT COALESCE(MAX(version_id), 0) FROM " + goose.DefaultTablename).Scan(&version).Error
	})
	if err == nil && version >= wanted {
		return nil
	}
	if pirogue.CodeOf(err) == pirogue.ServiceUnavailable {
		return err
	}
	return pirogue.Errorf(pirogue.ServiceUnavailable, "ping: the schema is at %d, not %d (%v)", version, wanted, err)
}

// schema returns goose over this database's folder of migrations.
func (db *DB) schema() (*goose.Provider, error) {
	folder, options := "migrations/sqlite", []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == goose.DialectPostgres {
		folder = "migrations/postgres"
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(migrationRetry, migrationTries))
		if err != nil {
			return nil, asError("lock migrations", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrationFiles, folder)
	if err != nil {
		return nil, asError("find migrations", err)
	}
	schema, err := goose.NewProvider(db.dialect, db.migrations, files, options...)
	return schema, asError("read migrations", err)
}
