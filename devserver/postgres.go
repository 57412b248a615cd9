package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema"
	v12 "go.temporal.io/server/schema/postgresql/v12"
)

// postgresShards is the number of history shards in PostgreSQL, which has many writers. It is fixed
// for the life of a database.
const postgresShards = 4

// postgresConns bounds the connections of each of the four services to each of the two databases.
const postgresConns = 20

// Temporal's two databases.
const (
	mainDatabase       = "temporal"
	visibilityDatabase = "temporal_visibility"
)

// openPostgres makes Temporal's two databases ready in the PostgreSQL server of the URL, creating
// what is missing.
func openPostgres(address string) (*database, error) {
	u, err := parsePostgres(address)
	if err != nil {
		return nil, err
	}
	main, visibility := inPostgres(u, mainDatabase), inPostgres(u, visibilityDatabase)
	err = errors.Join(
		createDatabase(main, "postgresql/v12/temporal/schema.sql", v12.Version),
		createDatabase(visibility, "postgresql/v12/visibility/schema.sql", v12.VisibilityVersion),
	)
	return &database{sql: main, visibility: visibility, shards: postgresShards}, err
}

// parsePostgres reads the URL of a PostgreSQL server.
func parsePostgres(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") || u.User.Username() == "" {
		return nil, errors.New("--postgres: want postgres://USER:PASSWORD@HOST:PORT, or ?host=FOLDER for a socket")
	}
	return u, nil
}

// inPostgres returns the settings of one database of a server. Parameters of the URL are passed on;
// among them host names the folder of a Unix socket.
func inPostgres(u *url.URL, name string) *config.SQL {
	password, _ := u.User.Password()
	attributes := map[string]string{}
	for parameter := range u.Query() {
		attributes[parameter] = u.Query().Get(parameter)
	}
	return &config.SQL{
		PluginName: postgresql.PluginNamePGX, DatabaseName: name, ConnectAttributes: attributes,
		ConnectAddr:     net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), cmp.Or(u.Port(), "5432")),
		ConnectProtocol: "tcp", User: u.User.Username(), Password: password,
		MaxConns: postgresConns, MaxIdleConns: postgresConns,
	}
}

// createDatabase creates a database and its schema unless the schema is there.
func createDatabase(db *config.SQL, file, version string) error {
	server := *db
	server.DatabaseName = "postgres"
	err := withAdmin(&server, func(admin sqlplugin.AdminDB) error { return admin.CreateDatabase(db.DatabaseName) })
	if err != nil {
		return fmt.Errorf("make the database %s: %w", db.DatabaseName, err)
	}
	err = withAdmin(db, func(admin sqlplugin.AdminDB) error {
		if _, err := admin.ReadSchemaVersion(db.DatabaseName); err == nil {
			return nil
		}
		return writeSchema(admin, file, version)
	})
	if err != nil {
		return fmt.Errorf("write the schema of %s: %w", db.DatabaseName, err)
	}
	return nil
}

// writeSchema writes a whole schema, and its version last.
func writeSchema(admin sqlplugin.AdminDB, file, version string) error {
	text, err := fs.ReadFile(schema.Assets(), file)
	if err != nil {
		return err
	}
	statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{bytes.NewReader(text)})
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if err := admin.Exec(statement); err != nil {
			return fmt.Errorf("%q: %w", statement, err)
		}
	}
	if err := admin.CreateSchemaVersionTables(); err != nil {
		return err
	}
	return admin.UpdateSchemaVersion(databaseOf(file), version, version)
}

// databaseOf returns the database that a schema file belongs to.
func databaseOf(file string) string {
	if strings.Contains(file, "/visibility/") {
		return visibilityDatabase
	}
	return mainDatabase
}

// withAdmin runs do on a connection that may change the schema.
func withAdmin(db *config.SQL, do func(sqlplugin.AdminDB) error) error {
	admin, err := sql.NewSQLAdminDB(sqlplugin.DbKindUnknown, db, resolver.NewNoopResolver(), log.NewNoopLogger(),
		metrics.NoopMetricsHandler)
	if err != nil {
		return err
	}
	return errors.Join(do(admin), admin.Close())
}
