#!/usr/bin/env bash
# Plants one bug after the other in a copy of the committed tree and runs the tests that
# ought to see it. A bug that no test sees is a hole in the tests: it fails the run.
# With --check, only sees that each bug can still be planted, compiles, and names a test.
# With other arguments, plants only the bugs whose name contains one of them.
# Two copies work at once, each on every second bug: most tests wait.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --share ]; then
  "scripts/$(basename "$0")" --share 0 "$@" & first=$!
  "scripts/$(basename "$0")" --share 1 "$@" & second=$!
  trap 'kill $first $second 2> /dev/null || true' INT TERM
  status=0
  wait $first || status=1
  wait $second || status=1
  exit $status
fi
share=$2 && shift 2

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git clone --quiet --shared . "$copy/tree"
mkdir -p "$copy/tree/bin" && ln -sf "$PWD/bin/devserver" "$copy/tree/bin/devserver"
cd "$copy/tree"

checking=
[ "${1:-}" != --check ] || { checking=yes; shift; }
wanted=("$@") seen=0 planted=0 survived=()

chosen() {
  [ ${#wanted[@]} -gt 0 ] || return 0
  for word in "${wanted[@]}"; do [[ $1 != *"$word"* ]] || return 0; done
  return 1
}

# named PACKAGE TEST-PATTERN: whether the package has a test of that name.
named() { grep -hoE '^func (Test|Fuzz)[[:alnum:]_]*' "$1"/*_test.go | sed 's/^func //' | grep -E -- "${2%%/*}" > /dev/null; }

# plant NAME FILE PERL-SUBSTITUTION PACKAGE TEST-PATTERN
plant() {
  local name=$1 file=$2 change=$3 package=$4 tests=$5
  chosen "$name" || return 0
  seen=$((seen + 1))
  [ $((seen % 2)) -eq "$share" ] || return 0
  planted=$((planted + 1))
  perl -0pi -e "$change" "$file"
  if git diff --quiet; then
    echo "NOT PLANTED  $name: $file has changed, mend the substitution" && survived+=("$name") && return 0
  fi
  if ! go build "./$(dirname "$file")" > "$copy/build" 2>&1; then
    echo "NOT PLANTED  $name: it does not compile" && cat "$copy/build" && survived+=("$name")
  elif [ -n "$checking" ]; then
    named "$package" "$tests" || { echo "NO TEST      $name" && survived+=("$name"); }
  elif go test -count=1 -failfast -timeout 5m -run "$tests" "$package" > "$copy/out" 2>&1; then
    echo "SURVIVED     $name" && survived+=("$name")
  elif grep -q 'no tests to run' "$copy/out"; then
    echo "NO TEST      $name" && survived+=("$name")
  else
    echo "caught       $name: $(grep -m 1 -oE -- '--- FAIL: [^ ]+' "$copy/out" || echo "$package")"
  fi
  git checkout --quiet .
}

source scripts/planted-bugs.list
echo "$planted planted, ${#survived[@]} not caught"
[ ${#survived[@]} -eq 0 ]
