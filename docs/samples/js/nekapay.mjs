// The whole client: sign, send, read. Node 18 or later, nothing else.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const { NEKAPAY_BASE_URL, NEKAPAY_API_KEY, NEKAPAY_API_SECRET } = process.env;

export function sign(timestamp, body) {
  return createHmac('sha256', NEKAPAY_API_SECRET).update(timestamp).update(body).digest('hex');
}

function send(method, path, body) {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  return fetch(NEKAPAY_BASE_URL + path, {
    method,
    body: body || undefined,
    headers: {
      'X-NekaPay-Key': NEKAPAY_API_KEY,
      'X-NekaPay-Timestamp': timestamp,
      'X-NekaPay-Signature': sign(timestamp, body),
      'Content-Type': 'application/json',
    },
    signal: AbortSignal.timeout(30_000),
  });
}

/** Returns the transaction, or ends the program with the error's code and text. */
export async function call(method, path, payload) {
  const body = payload ? JSON.stringify(payload) : '';
  let response = await send(method, path, body);
  for (let left = 4; response.status === 429 && left > 0; left--) {
    await sleep(1000 * Number(response.headers.get('Retry-After')));
    response = await send(method, path, body); // signed afresh
  }
  const answer = await response.json();
  if (!response.ok) console.error(`${response.status} ${answer.code}: ${answer.error}`);
  // A 409 or a 503 that carries the transaction means: it exists, read it.
  if (!answer.data) process.exit(1);
  return answer.data;
}
