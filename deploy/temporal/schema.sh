#!/bin/sh
# Brings the schema of Temporal's two databases up to date. Safe to run again, and to be
# run before a newer server starts: upgrade one minor version at a time. The databases
# themselves are made in ../postgres/init.sh, for which Temporal has no right.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal_db_password)
export SQL_PASSWORD SQL_PLUGIN=postgres12 SQL_HOST=${TEMPORAL_POSTGRES:-postgres} SQL_PORT=5432 SQL_USER=temporal

# upgrade DATABASE SCHEMA
upgrade() {
	temporal-sql-tool --db "$1" setup-schema -v 0.0
	temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}

upgrade temporal temporal
upgrade temporal_visibility visibility
