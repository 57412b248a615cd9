<?php
// Usage: status.php TRANSACTION_ID [SECONDS]

declare(strict_types=1);

require __DIR__ . '/nekapay.php';

const TERMINAL = ['SUCCESS', 'FAILED', 'EXPIRED', 'REVERSED'];

for ($left = (int) ($argv[2] ?? 360); $left > 0; $left--) {
    $status = call('GET', '/payments/' . $argv[1])['status'];
    if (in_array($status, TERMINAL, true)) {
        exit("$status\n");
    }
    sleep(1);
}
error_log("still $status");
exit(1);
