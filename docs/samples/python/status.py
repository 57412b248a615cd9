"""Usage: status.py TRANSACTION_ID [SECONDS]"""

import sys
import time

from nekapay import call

TERMINAL = {"SUCCESS", "FAILED", "EXPIRED", "REVERSED"}

transaction_id = sys.argv[1]
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 360

for _ in range(seconds):
    status = call("GET", f"/payments/{transaction_id}")["status"]
    if status in TERMINAL:
        print(status)
        break
    time.sleep(1)
else:
    sys.exit(f"still {status}")
