#!/usr/bin/env bash
# Usage: status.sh TRANSACTION_ID [SECONDS]
source "$(dirname "$0")/nekapay.sh"

for ((left = ${2:-360}; left > 0; left--)); do
  payment=$(api GET "/payments/$1")
  status=$(field status <<< "$payment")
  case $status in
    SUCCESS | FAILED | EXPIRED | REVERSED) echo "$status"; exit ;;
  esac
  sleep 1
done
echo "still $status" >&2
exit 1
