#!/usr/bin/env bash
# The race detector is the one thing here that needs a C compiler.
set -euo pipefail
. "$(dirname "$0")/install.sh"

command -v gcc >/dev/null || command -v clang >/dev/null ||
	install gcc libc6-dev "the race detector needs a C compiler"
