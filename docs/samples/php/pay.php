<?php
// Usage: pay.php [MSISDN] [AMOUNT] [ORDER_ID]

declare(strict_types=1);

require __DIR__ . '/nekapay.php';

$payment = [
    // Yours: unique for ever, and the same when you try again.
    'merchant_order_id' => $argv[3] ?? 'order_' . bin2hex(random_bytes(16)),
    'amount' => (int) ($argv[2] ?? 5000),
    'customer_msisdn' => $argv[1] ?? '+22376123456',
];
if ($url = getenv('WEBHOOK_URL')) {
    $payment['notify_url'] = $url;
}

$transaction = call('POST', '/payments/cashin', $payment);
foreach (['transaction_id', 'status', 'payment_url'] as $name) {
    if (isset($transaction[$name])) {
        echo "$name: $transaction[$name]\n";
    }
}
