package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// clusterName is Temporal's own word for the only cluster there is.
const clusterName = "active"

// database is the database Temporal writes to, with its schema and namespace.
type database struct {
	sql        *config.SQL
	visibility *config.SQL // nil: in the same database
	shards     int32       // of history
	lock       *os.File    // of a SQLite file; nil otherwise
}

// sqliteShards is the number of history shards in SQLite, which has one writer anyway. It is fixed
// for the life of a file.
const sqliteShards = 1

// openDatabase makes the database ready to serve, creating what is missing. Only one
// server at a time may have a file open: Temporal trusts what it has cached of it.
func openDatabase(o options) (*database, error) {
	db := &database{sql: inMemory(), shards: sqliteShards}
	switch {
	case o.postgres != "":
		var err error
		if db, err = openPostgres(o.postgres); err != nil {
			return nil, err
		}
	case o.db != "":
		lock, err := lockFile(o.db + ".lock")
		if err != nil {
			return nil, err
		}
		db = &database{sql: inFile(o.db), shards: sqliteShards, lock: lock}
		if err := createFile(o.db); err != nil {
			db.unlock()
			return nil, err
		}
	}
	if err := createNamespace(db.sql, o); err != nil {
		db.unlock()
		return nil, err
	}
	return db, nil
}

// unlock lets another server have the file. The lock also ends with the process.
func (db *database) unlock() {
	if db.lock != nil {
		db.lock.Close() // closing is what unlocks; the file holds nothing
	}
}

func inMemory() *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      "devserver",
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// inFile survives kill -9 at any moment. A power cut may lose the last instants, never
// the file: that is what synchronous=NORMAL means under a write-ahead log, and it spares
// a disk flush for every workflow task.
func inFile(path string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: path,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "normal",
			"busy_timeout": "5000", // milliseconds
		},
	}
}

// createFile writes the schema unless the file is there. The schema is made under
// another name and moved into place, so a half-made file is never taken for a whole one.
func createFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a half-made database: %w", err)
	}
	sql := &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: draft,
		ConnectAttributes: map[string]string{
			"mode": "rwc", "journal_mode": "off", "synchronous": "off", // thrown away if interrupted
		},
	}
	if err := schema.SetupSchema(sql); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	if err := settle(draft); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	return os.Rename(draft, path)
}

// settle makes a file private and waits until its content is on the disk.
func settle(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// createNamespace registers the namespace with its search attributes before the server
// starts, so that the very first request finds both. It leaves an existing one alone.
func createNamespace(sql *config.SQL, o options) error {
	ns, err := schema.NewNamespaceConfig(clusterName, o.namespace, false, o.attributes)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", o.namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(o.retention)
	if err := schema.CreateNamespaces(sql, ns); err != nil {
		return fmt.Errorf("namespace %s: %w", o.namespace, err)
	}
	return nil
}

// lockFile takes path for this process, or says that another one has it.
func lockFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another devserver uses this database (%s is locked): %w", path, err)
	}
	return f, nil
}
