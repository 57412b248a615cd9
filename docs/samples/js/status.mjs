// Usage: status.mjs TRANSACTION_ID [SECONDS]
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './nekapay.mjs';

const TERMINAL = ['SUCCESS', 'FAILED', 'EXPIRED', 'REVERSED'];
const [id, seconds = 360] = process.argv.slice(2);

let status;
for (let left = Number(seconds); left > 0; left--) {
  ({ status } = await call('GET', `/payments/${id}`));
  if (TERMINAL.includes(status)) break;
  await sleep(1000);
}

if (TERMINAL.includes(status)) {
  console.log(status);
} else {
  console.error(`still ${status}`);
  process.exitCode = 1;
}
