#!/usr/bin/env bash
# The PHP examples of the guide are run as they are printed. Without PHP they are skipped:
# a laptop of a Go developer need not have it.
set -euo pipefail
. "$(dirname "$0")/install.sh"

command -v php >/dev/null || install php-cli php-curl "the PHP examples need PHP" ||
	echo "warning: no php, so the PHP examples are not run" >&2
