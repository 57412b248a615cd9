"""The whole client: sign, send, read. Standard library only."""

import hashlib
import hmac
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

BASE_URL = os.environ["NEKAPAY_BASE_URL"]
KEY = os.environ["NEKAPAY_API_KEY"]
SECRET = os.environ["NEKAPAY_API_SECRET"]


def sign(timestamp: str, body: bytes) -> str:
    return hmac.new(SECRET.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()


def send(method: str, path: str, body: bytes):
    """Return status, headers and JSON of one signed request."""
    timestamp = str(int(time.time()))
    headers = {
        "X-NekaPay-Key": KEY,
        "X-NekaPay-Timestamp": timestamp,
        "X-NekaPay-Signature": sign(timestamp, body),
        "Content-Type": "application/json",
    }
    try:
        answer = urlopen(Request(BASE_URL + path, body or None, headers, method=method), timeout=30)
    except HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers, json.load(answer)


def call(method: str, path: str, payload: dict | None = None) -> dict:
    """Return the transaction, or exit with the error's code and text."""
    body = json.dumps(payload, separators=(",", ":")).encode() if payload else b""
    for _ in range(5):
        status, headers, answer = send(method, path, body)
        if status != 429:
            break
        time.sleep(int(headers["Retry-After"]))  # then sign afresh
    if status >= 300:
        print(f"{status} {answer['code']}: {answer['error']}", file=sys.stderr)
    # A 409 or a 503 that carries the transaction means: it exists, read it.
    return answer.get("data") or sys.exit(1)
