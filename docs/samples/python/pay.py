"""Collect from a customer."""

import argparse
import os
import uuid

from nekapay import call

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("msisdn", nargs="?", default="+22376123456")
parser.add_argument("amount", nargs="?", type=int, default=5000)
# Yours: unique for ever, and the same when you try again.
parser.add_argument("order", nargs="?", default=f"order_{uuid.uuid4().hex}")
args = parser.parse_args()

payment = {
    "merchant_order_id": args.order,
    "amount": args.amount,
    "customer_msisdn": args.msisdn,
}
if url := os.environ.get("WEBHOOK_URL"):
    payment["notify_url"] = url

transaction = call("POST", "/payments/cashin", payment)
for name in ("transaction_id", "status", "payment_url"):
    if name in transaction:
        print(f"{name}: {transaction[name]}")
