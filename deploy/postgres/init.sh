#!/bin/bash
# Runs once, on an empty volume: one role for Pirogue and one for Temporal, so that
# neither can read the other's databases.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres \
	-v pirogue_password="$(cat /run/secrets/pirogue_db_password)" \
	-v temporal_password="$(cat /run/secrets/temporal_db_password)" <<'SQL'
CREATE ROLE pirogue LOGIN PASSWORD :'pirogue_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE pirogue OWNER pirogue;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE pirogue, temporal, temporal_visibility FROM PUBLIC;
SQL
