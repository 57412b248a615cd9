#!/usr/bin/env bash
# vulncheck.sh GOVULNCHECK looks for known vulnerabilities that the product calls.
#
# The database is read from disk, so that the answer does not depend on a network:
# PIROGUE_VULNDB names a folder in the format of the Go vulnerability database, or a
# .tgz of one that is unpacked to bin/vulndb.
set -euo pipefail
govulncheck=$1

db=${PIROGUE_VULNDB:-}
[ -n "$db" ] || [ ! -f ../shared/vulndb.tgz ] || db=../shared/vulndb.tgz
if [ -f "$db" ] && [ "$db" -nt bin/vulndb ]; then
	rm -rf bin/vulndb
	mkdir -p bin/vulndb
	tar -xzf "$db" -C bin/vulndb --strip-components=1
	touch bin/vulndb
fi
[ ! -f "$db" ] || db=bin/vulndb
if [ ! -d "$db" ]; then
	echo "no offline vulnerability database: set PIROGUE_VULNDB=<folder or .tgz>; skipped" >&2
	exit 0
fi
exec "$govulncheck" -db "file://$(cd "$db" && pwd)" ./...
