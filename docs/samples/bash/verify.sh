#!/usr/bin/env bash
# Usage: verify.sh TIMESTAMP SIGNATURE < body.json
# The two are the webhook's X-NekaPay-Timestamp and X-NekaPay-Signature; the body
# is its raw bytes. Prints "<transaction_id> <status>", or exits 1.
source "$(dirname "$0")/nekapay.sh"

timestamp=$1 signature=$2
body=$(cat; printf .) # the dot keeps trailing newlines
body=${body%.}

[[ $timestamp =~ ^[1-9][0-9]{9}$ ]] || { echo 'bad timestamp' >&2; exit 1; }
age=$(($(date +%s) - timestamp))
((age >= -300 && age <= 300)) || { echo 'timestamp out of range' >&2; exit 1; }

# The shell cannot compare in constant time, so compare under a random key: how
# long that takes tells nothing about the signature.
blind=$(openssl rand -hex 32)
expected=$(printf '%s' "$timestamp$body" | hmac "$NEKAPAY_API_SECRET")
[ "$(printf '%s' "$expected" | hmac "$blind")" = "$(printf '%s' "$signature" | hmac "$blind")" ] ||
  { echo 'bad signature' >&2; exit 1; }

echo "$(field transaction_id <<< "$body") $(field status <<< "$body")"
