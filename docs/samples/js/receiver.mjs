// Usage: receiver.mjs [--count N] [PORT]
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { sign } from './nekapay.mjs';

const MAX_BODY = 1 << 16; // bytes

const { values, positionals } = parseArgs({ options: { count: { type: 'string' } }, allowPositionals: true });
const port = Number(positionals[0] ?? process.env.PORT ?? 8000);
let left = Number(values.count ?? Infinity);

/** Says whether this webhook is Neka Paie's, and fresh. */
function genuine(timestamp, signature, body) {
  if (!/^\d{10}$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = Buffer.from(sign(timestamp, body));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    if ((size += chunk.length) > MAX_BODY) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(request, response) {
  const { 'x-nekapay-timestamp': timestamp = '', 'x-nekapay-signature': signature = '' } = request.headers;
  const body = await read(request);
  const ok = genuine(timestamp, signature, body);
  response.writeHead(ok ? 200 : 401, { Connection: 'close' }).end(() => ok && handle(JSON.parse(body)));
}

// Runs after the answer. A webhook may come more than once: in your books, handle
// each status once.
function handle(webhook) {
  console.log(webhook.transaction_id, webhook.status);
  if (--left === 0) server.close();
}

const server = createServer({ requestTimeout: 5000 }, (request, response) => {
  receive(request, response).catch(() => response.destroy()); // the sender went away
});
server.listen(port, '127.0.0.1');
