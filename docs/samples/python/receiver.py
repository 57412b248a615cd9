"""Usage: receiver.py [--count N] [PORT]"""

import argparse
import hmac
import itertools
import json
import os
import queue
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nekapay import sign

MAX_BODY = 1 << 16  # bytes
verified = queue.SimpleQueue()


def genuine(timestamp: str, signature: str, body: bytes) -> bool:
    """Say whether this webhook is Neka Paie's, and fresh."""
    if not re.fullmatch("[0-9]{10}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    return hmac.compare_digest(sign(timestamp, body).encode(), signature.encode())


class Receiver(BaseHTTPRequestHandler):
    timeout = 5  # seconds for one request

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", 0)), MAX_BODY)
        body = self.rfile.read(length)
        ok = genuine(
            self.headers.get("X-NekaPay-Timestamp", ""),
            self.headers.get("X-NekaPay-Signature", ""),
            body,
        )
        self.send_response(200 if ok else 401)  # answer first, work afterwards
        self.end_headers()
        if ok:
            verified.put(json.loads(body))

    def log_message(self, *_):
        pass


parser = argparse.ArgumentParser()
parser.add_argument("--count", type=int, help="exit after N verified webhooks")
parser.add_argument("port", type=int, nargs="?", default=int(os.environ.get("PORT", 8000)))
args = parser.parse_args()

server = ThreadingHTTPServer(("127.0.0.1", args.port), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()

# A webhook may come more than once: in your books, handle each status once.
for _ in range(args.count) if args.count else itertools.count():
    webhook = verified.get()
    print(webhook["transaction_id"], webhook["status"], flush=True)
server.shutdown()
