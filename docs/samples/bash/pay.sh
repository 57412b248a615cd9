#!/usr/bin/env bash
# Usage: pay.sh [MSISDN] [AMOUNT] [ORDER_ID]
source "$(dirname "$0")/nekapay.sh"

msisdn=${1:-+22376123456}
amount=${2:-5000}
order=${3:-order_$(date +%s)_$RANDOM} # yours: unique for ever, the same when you try again
notify=${WEBHOOK_URL:+,\"notify_url\":\"$WEBHOOK_URL\"}

payment=$(api POST /payments/cashin \
  "{\"merchant_order_id\":\"$order\",\"amount\":$amount,\"customer_msisdn\":\"$msisdn\"$notify}")

for name in transaction_id status payment_url; do
  value=$(field "$name" <<< "$payment")
  [ -z "$value" ] || echo "$name: $value"
done
