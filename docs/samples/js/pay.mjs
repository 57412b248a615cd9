// Usage: pay.mjs [MSISDN] [AMOUNT] [ORDER_ID]
import { randomUUID } from 'node:crypto';
import { call } from './nekapay.mjs';

const [
  msisdn = '+22376123456',
  amount = '5000',
  order = `order_${randomUUID()}`, // yours: unique for ever, the same when you try again
] = process.argv.slice(2);

const transaction = await call('POST', '/payments/cashin', {
  merchant_order_id: order,
  amount: Number(amount),
  customer_msisdn: msisdn,
  notify_url: process.env.WEBHOOK_URL || undefined,
});

for (const name of ['transaction_id', 'status', 'payment_url']) {
  if (transaction[name]) console.log(`${name}: ${transaction[name]}`);
}
