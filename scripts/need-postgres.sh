#!/usr/bin/env bash
# The store is tested on a real PostgreSQL: its own binaries, started by the tests on a
# free port, or the server that PIROGUE_TEST_POSTGRES names.
set -euo pipefail
. "$(dirname "$0")/install.sh"

installed() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
		compgen -G '/opt/homebrew/opt/postgresql@*/bin/initdb' >/dev/null
}

[ -n "${PIROGUE_TEST_POSTGRES:-}" ] || installed ||
	install postgresql "tests need PostgreSQL, or PIROGUE_TEST_POSTGRES=postgres://… naming a server"
