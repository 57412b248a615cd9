#!/usr/bin/env bash
# progress.sh LABEL FOLDER PACKAGE OUTPUT runs `go build -v` in FOLDER and shows how far it is.
#
# The compiler is silent for minutes when a Temporal server is built for the first time,
# and a silent terminal is one that people interrupt. On a terminal one line shows the
# share that is done and the time left; elsewhere a line comes every ten seconds.
# Everything the compiler has to say (an error, a download) is kept and shown, and its exit
# status is this script's.
set -euo pipefail

label=$1 folder=$2 package=$3 output=$4
notes=$(mktemp -d)
log=$notes/log stale=$notes/stale
started=$SECONDS

go build -C "$folder" -v -ldflags '-s -w' -o "$output" "$package" >"$log" 2>&1 &
build=$!
# Which packages are not in the cache: that takes seconds, so the build does not wait for it.
uncached='{{if and .Stale (ne .Name "main")}}{{.ImportPath}}{{end}}'
(go list -C "$folder" -deps -f "$uncached" "$package" >"$stale.part" 2>/dev/null && mv "$stale.part" "$stale") &
list=$!
trap 'kill "$build" "$list" 2>/dev/null || true; rm -rf "$notes"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# With -v the go command prints one import path a line, and anything else with a space.
compiled() { grep '^[^ :#]*$' "$log" || true; }
downloads() { grep -c '^go: downloading ' "$log" || true; }

# What was stale and what has been compiled since: the list may come after the first of them.
total() { { cat "$stale" && compiled; } | grep . | sort -u | grep -c . || true; }

# left COUNT ALL SECONDS: the time left, if each package takes as long as those before.
left() {
	seconds=$(($3 * ($2 - $1) / $1))
	if [ "$seconds" -ge 90 ]; then
		printf 'about %d min left' $(((seconds + 30) / 60))
	else
		printf 'about %d s left' "$seconds"
	fi
}

say() {
	took=$((SECONDS - started))
	count=$(compiled | grep -c . || true)
	if [ ! -e "$stale" ]; then
		printf '%s … %d packages, %d modules downloaded, %d s' "$label" "$count" "$(downloads)" "$took"
		return
	fi
	all=$(total)
	printf '%s … ' "$label"
	[ "$all" -eq 0 ] || printf '%d of %d packages, %d %%, ' "$count" "$all" $((100 * count / all))
	if [ "$count" -ge "$all" ]; then
		printf 'linking'
	elif [ "$took" -ge 15 ] && [ "$count" -gt 0 ]; then # the first seconds foretell nothing
		printf '%s' "$(left "$count" "$all" "$took")"
	else
		printf 'compiling'
	fi
	printf ', %d s' "$took"
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
if [ "$status" -eq 0 ] && [ "$(compiled | grep -c .)" -gt 0 ]; then
	printf '%s: done in %d s\n' "$label" $((SECONDS - started)) >&2
fi
exit "$status"
