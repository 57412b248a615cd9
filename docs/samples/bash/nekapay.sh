# The whole client: sign, send, read. Source it, then call `api`.
# Needs NEKAPAY_BASE_URL, NEKAPAY_API_KEY, NEKAPAY_API_SECRET; curl and openssl.
set -euo pipefail

answer=$(mktemp -d)
trap 'rm -rf "$answer"' EXIT

# hmac KEY: the lower-case hex HMAC-SHA256 of what comes in.
hmac() { openssl dgst -sha256 -hmac "$1" | sed 's/.* //'; }

# field NAME: the first value of that name in the JSON that comes in.
field() {
  local value
  value=$(grep -oE "\"$1\" *: *(\"[^\"]*\"|[0-9]+)" | head -n 1 | sed -E 's/^"[^"]*" *: *"?//; s/"$//') || return 0
  printf '%b\n' "$value" # undoes \u0026, as URLs may have it
}

# api METHOD PATH [BODY]: prints the answer, or the error, and then returns 1.
api() {
  local method=$1 path=$2 body=${3-} timestamp http code
  for _ in 1 2 3 4 5; do
    timestamp=$(date +%s)
    http=$(curl -sS --max-time 30 -X "$method" "$NEKAPAY_BASE_URL$path" \
      -H 'Content-Type: application/json' \
      -H "X-NekaPay-Key: $NEKAPAY_API_KEY" \
      -H "X-NekaPay-Timestamp: $timestamp" \
      -H "X-NekaPay-Signature: $(printf '%s' "$timestamp$body" | hmac "$NEKAPAY_API_SECRET")" \
      ${body:+--data-raw "$body"} \
      -D "$answer/headers" -o "$answer/body" -w '%{http_code}') || return 1 # no answer: try again with the same order
    [ "$http" = 429 ] || break
    sleep "$(sed -nE 's/^[Rr]etry-[Aa]fter: *([0-9]+).*/\1/p' "$answer/headers")" # then sign afresh
  done

  code=$(field code < "$answer/body")
  case $http in
    2*) cat "$answer/body"; return ;;
    *) echo "$http $code: $(field error < "$answer/body")" >&2 ;;
  esac
  # A 409 or a 503 that carries the transaction means: it exists, read it.
  grep -q '"data" *: *{' "$answer/body" && cat "$answer/body"
}
