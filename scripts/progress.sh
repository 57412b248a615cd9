#!/usr/bin/env bash
# progress.sh LABEL COMMAND… runs a `go build -v` and shows how far it is.
#
# The compiler is silent for minutes when a Temporal server is built for the first time,
# and a silent terminal is one that people interrupt. On a terminal one line counts the
# packages; elsewhere a line comes every ten seconds. Everything the command has to say
# (an error, a download) is kept and shown, and its exit status is this script's.
set -euo pipefail

label=$1
shift
log=$(mktemp)
started=$SECONDS

"$@" >"$log" 2>&1 &
build=$!
trap 'kill "$build" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# With -v the go command prints one import path a line, and anything else with a space.
packages() { grep -c '^[^ :#]*$' "$log" || true; }
downloads() { grep -c '^go: downloading ' "$log" || true; }

say() {
	printf '%s … %d packages compiled, %d modules downloaded, %d s' \
		"$label" "$(packages)" "$(downloads)" $((SECONDS - started))
}

shown=no
while kill -0 "$build" 2>/dev/null; do
	sleep 1
	if [ -t 2 ]; then
		printf '\r\033[K%s' "$(say)" >&2
		shown=yes
	elif [ $(((SECONDS - started) % 10)) -eq 9 ]; then
		printf '%s\n' "$(say)" >&2
	fi
done
[ "$shown" = no ] || printf '\r\033[K' >&2

status=0
wait "$build" || status=$?
grep -v -e '^[^ :#]*$' -e '^go: downloading ' "$log" >&2 || true
if [ "$status" -eq 0 ] && [ "$(packages)" -gt 0 ]; then
	printf '%s: done in %d s\n' "$label" $((SECONDS - started)) >&2
fi
exit "$status"
